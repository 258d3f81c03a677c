"""What is left open in questions that are built once and asked often: building one takes longer than answering it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
"""For `column.in_(IDS)`, asked with `{"ids": […]}`."""
NOW: sa.BindParameter[int] = sa.bindparam("now_ms", type_=sa.BigInteger)
VIEWER: sa.BindParameter[int] = sa.bindparam("viewer", type_=sa.BigInteger)
