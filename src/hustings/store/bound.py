"""What is left open in questions that are built once and asked often: building one takes longer than answering it."""

from __future__ import annotations

import sqlalchemy as sa

NOW: sa.BindParameter[int] = sa.bindparam("now_ms", type_=sa.BigInteger)
VIEWER: sa.BindParameter[int] = sa.bindparam("viewer", type_=sa.BigInteger)
