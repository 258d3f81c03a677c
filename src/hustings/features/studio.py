"""The studio parts of all features, in the order in which their panels stand. A new feature adds two lines here."""

from __future__ import annotations

from hustings.features.hands.studio import Hands
from hustings.features.recording.studio import Recording
from hustings.rooms.feature import Feature, Stage


def build(stage: Stage) -> list[Feature]:
    """One of each for a room."""
    return [Hands(stage), Recording(stage)]
