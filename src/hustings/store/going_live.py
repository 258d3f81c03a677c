"""The table of members who said that their room's going live is a post. What it means is `social.going_live`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from hustings.store.order import metadata as metadata

going_live = Table(
    "going_live",
    metadata,
    Column("room", String(22), ForeignKey("rooms.plan", ondelete="CASCADE"), primary_key=True),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("called_at_ms", BigInteger),
    Column("post", BigInteger),
    Column("fault", String(40), nullable=False),
)
"""`called_at_ms`: when it was made a job. `post`: what came of it; `fault`: why nothing did, a code of `wire.errors`."""
