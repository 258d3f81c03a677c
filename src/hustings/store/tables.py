"""The tables. Times are milliseconds since 1970 (UTC); a room's id is its plan's (22 characters), its key may come back."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    null,
)

HEAD = "0023"
"""The newest migration. A test holds it equal to the head of `migrations/`."""

metadata = MetaData()

rooms = Table(
    "rooms",
    metadata,
    Column("plan", String(22), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("title", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("starts_at_ms", BigInteger, nullable=False),
    Column("doors_before_s", Integer, nullable=False),
    Column("picture", Text, nullable=False),
    Column("picture_alt", Text, nullable=False),
    Column("profile", String(16), nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("host_name", String(60), nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_at_ms", BigInteger, nullable=False),
    Column("late_reason", String(200), nullable=False),
    Column("on_air_since_ms", BigInteger),
    Column("ended_at_ms", BigInteger),
    Column("handed_at_ms", BigInteger),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("deleted_at_ms", BigInteger),
)
Index(
    "rooms_key",
    rooms.c.key,
    unique=True,
    sqlite_where=rooms.c.deleted_at_ms.is_(null()),
    postgresql_where=rooms.c.deleted_at_ms.is_(null()),
)
Index("rooms_programme", rooms.c.state, rooms.c.starts_at_ms)

room_events = Table(
    "room_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("room", String(22), ForeignKey("rooms.plan", ondelete="CASCADE"), nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("type", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", JSON, nullable=False),
    UniqueConstraint("room", "n", name="room_events_room_n"),
)

feed_cursors = Table(
    "feed_cursors",
    metadata,
    Column("room", String(22), ForeignKey("rooms.plan", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
)
