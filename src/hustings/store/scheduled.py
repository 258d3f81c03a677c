"""The table of posts that are to appear later. What it means is `social.scheduled`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String, Table
from sqlalchemy import text as words

from hustings.store.polls import metadata as metadata

scheduled_posts = Table(
    "scheduled_posts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("said", JSON, nullable=False),
    Column("called_at_ms", BigInteger),
    Column("fault", String(40), nullable=False),
)
"""`said`: the fields of the post, as `social.drafts` reads them. `called_at_ms`: when it was made a job. `fault`: why it did
not appear, a code of `wire.errors`; "" while it waits. One that appeared has no row any more."""
waits = words("called_at_ms IS NULL")
Index("scheduled_posts_account", scheduled_posts.c.account, scheduled_posts.c.id)
Index(
    "scheduled_posts_due",
    scheduled_posts.c.due_at_ms,
    sqlite_where=waits,
    postgresql_where=waits,
)
