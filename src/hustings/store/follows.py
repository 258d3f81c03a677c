"""The tables of who follows whom, who wants to see nothing of whom, and what each account's home timeline begins with."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import text as words

from hustings.store.lists import metadata as metadata


def _from_to() -> tuple[Column[int], Column[int], Column[int]]:
    """`account` does it, `target` is whom it is about, `id` sorts by when."""
    return (
        Column(
            "account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False
        ),
        Column(
            "target", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False
        ),
        Column("id", BigInteger, nullable=False),
    )


follows = Table(
    "follows",
    metadata,
    *_from_to(),
    Column("uri", String(512), unique=True),
    Column("reblogs", Boolean, nullable=False),
    Column("notify", Boolean, nullable=False),
)
"""Accepted ones alone. `reblogs`: his reposts too; `notify`: a notification of each of his posts. `uri`: of the activity,
where it went or came from elsewhere."""
Index("follows_target", follows.c.target, follows.c.account)
Index("follows_account_id", follows.c.account, follows.c.id)
Index("follows_target_id", follows.c.target, follows.c.id)
rings = words("notify")
Index(
    "follows_bell",
    follows.c.target,
    follows.c.account,
    sqlite_where=rings,
    postgresql_where=rings,
)

follow_requests = Table(
    "follow_requests",
    metadata,
    *_from_to(),
    Column("uri", String(512), unique=True),
    Column("reblogs", Boolean, nullable=False),
    Column("notify", Boolean, nullable=False),
)
"""Asked and not answered: a table of its own, so that nothing that reads `follows` can take a question for a yes."""
Index("follow_requests_target", follow_requests.c.target, follow_requests.c.id)

blocks = Table("blocks", metadata, *_from_to())
Index("blocks_target", blocks.c.target, blocks.c.account)

mutes = Table(
    "mutes",
    metadata,
    *_from_to(),
    Column("notifications", Boolean, nullable=False),
    Column("until_ms", BigInteger),
)

account_notes = Table(
    "account_notes",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("target", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)
"""What `account` wrote down about `target`, for himself."""

account_counts = Table(
    "account_counts",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("posts", Integer, nullable=False),
    Column("followers", Integer, nullable=False),
    Column("following", Integer, nullable=False),
    Column("last_post", BigInteger),
    Column("whale", Boolean, nullable=False),
)
"""`last_post`: the id of the newest. `whale`: so many followed once that posts are merged when read, and from then on."""

feeds = Table(
    "feeds",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("floor", BigInteger, nullable=False),
    Column("read_at_ms", BigInteger, nullable=False),
)
"""Who has a home feed: whoever read it in the last weeks. From the id `floor` on it is whole; below, the posts are asked."""
Index("feeds_read", feeds.c.read_at_ms)

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("account", BigInteger, primary_key=True, autoincrement=False),
    Column("post", BigInteger, primary_key=True, autoincrement=False),
)
"""Never the truth: what one may see is asked again whenever it is read. Hence no foreign keys."""
