"""The table of what happened just now, for whoever listens on: short, and never the truth."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from hustings.store.notifications import metadata as metadata

events = Table(
    "stream_events",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("account", BigInteger, nullable=False),
    Column("about", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
)
"""`account`: whose doing it is, of a notification whom it is for. `about`: a post's id, or a notification's.
`open`: of what is deleted, whether everybody saw it."""
