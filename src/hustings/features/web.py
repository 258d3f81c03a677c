"""The web parts of all features. Hands and recording live on the stage and have none."""

from __future__ import annotations
