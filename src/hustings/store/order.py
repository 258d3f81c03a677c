"""The tables of order: reports, notes that moderators write for each other, and whose tickets are. Ids are `social.ids`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    text,
)

from hustings.store.scheduled import metadata as metadata

reports = Table(
    "reports",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("target", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("category", String(16), nullable=False),
    Column("comment", Text, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("posts", JSON, nullable=False),
    Column("taken_by", BigInteger),
    Column("resolved_at_ms", BigInteger),
    Column("resolved_by", BigInteger),
)
"""`account` says something about `target`. `posts`: ids, as text. `taken_by`: the moderator who looks at it."""
Index("reports_target", reports.c.target, reports.c.id)
Index("reports_account", reports.c.account, reports.c.id)
Index("reports_open", reports.c.resolved_at_ms, reports.c.id)

order_notes = Table(
    "order_notes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("by", BigInteger, nullable=False),
    Column("about", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("report", BigInteger, ForeignKey("reports.id")),
    Column("text", Text, nullable=False),
)
"""Nobody but moderators reads them."""
Index("order_notes_about", order_notes.c.about, order_notes.c.id)

room_tickets = Table(
    "room_tickets",
    metadata,
    Column("ticket", String(22), primary_key=True),
    Column("room", String(22), ForeignKey("rooms.plan", ondelete="CASCADE"), nullable=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("host", Boolean, nullable=False),
    Column("cut_at_ms", BigInteger),
    Column("cut_done_at_ms", BigInteger),
)
"""Tickets by id, of members alone: guests need no account. `host`: of whoever planned the room. `cut_at_ms`: it is taken back,
and `cut_done_at_ms`: studio knows."""
waits = text("cut_at_ms IS NOT NULL AND cut_done_at_ms IS NULL")
Index("room_tickets_account", room_tickets.c.account)
Index("room_tickets_room", room_tickets.c.room)
Index("room_tickets_waiting", room_tickets.c.cut_at_ms, sqlite_where=waits, postgresql_where=waits)
