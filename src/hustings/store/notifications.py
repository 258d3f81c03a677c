"""The table of notifications: what others did that somebody should hear of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from hustings.store.media import metadata as metadata

notifications = Table(
    "notifications",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("sender", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("post", BigInteger, nullable=False),
)
"""`id` is that of what it tells of (a post, a favourite, a follow), so several accounts may have one of the same id.
`post` 0: it is about none."""
Index(
    "notifications_once",
    notifications.c.account,
    notifications.c.kind,
    notifications.c.post,
    notifications.c.sender,
    unique=True,
)
Index("notifications_post", notifications.c.post)
