"""The tables of order: reports, and notes that moderators write for each other. Ids are `social.ids`, so they are dates."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String, Table, Text

from hustings.store.posts import metadata as metadata

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
