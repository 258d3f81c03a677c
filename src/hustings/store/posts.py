"""The tables of posts. A repost is a row of its own that points at the original: both have their ids, and an id is a date.

Ids are `social.ids`. No row of a post goes away by itself: what is deleted stays as a tombstone, without what it said.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from hustings.store.jobs import metadata as metadata

posts = Table(
    "posts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("domain", String(253)),
    Column("uri", String(512), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("spoiler", Text, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("language", String(35)),
    Column("visibility", String(8), nullable=False),
    Column("in_reply_to", BigInteger, ForeignKey("posts.id")),
    Column("in_reply_to_account", BigInteger, ForeignKey("accounts.id")),
    Column("thread", BigInteger, nullable=False),
    Column("reblog_of", BigInteger, ForeignKey("posts.id")),
    Column("quote_of", BigInteger, ForeignKey("posts.id")),
    Column("quote_policy", String(9), nullable=False, server_default="nobody"),
    Column("room", String(22), ForeignKey("rooms.plan", ondelete="SET NULL")),
    Column("edited_at_ms", BigInteger),
    Column("deleted_at_ms", BigInteger),
    Column("deleted_by", BigInteger),
    Column("claimed_at_ms", BigInteger),
    Column("imported_by", BigInteger, ForeignKey("accounts.id")),
    Column("imported_at_ms", BigInteger),
    Column("origin", String(512)),
)
"""`domain` none: ours. `uri` never changes and names the web host. `thread`: the id of the post that began it.
`quote_policy`: who may quote it (`social.quoted`).

`deleted_by`: a moderator; none, its author. An imported post has a `claimed_at_ms`, from which its id is made; `origin` is its
address where it is said to come from."""
PUBLIC = (
    "visibility = 'public' AND domain IS NULL AND reblog_of IS NULL AND imported_at_ms IS NULL "
    "AND deleted_at_ms IS NULL"
)
"""What the local timeline is made of. The words are those of an index: a query that says them goes along it."""
public = text(PUBLIC)
reposted = text("reblog_of IS NOT NULL")
Index("posts_account", posts.c.account, posts.c.id)
Index("posts_public", posts.c.id, sqlite_where=public, postgresql_where=public)
Index("posts_replies", posts.c.in_reply_to, posts.c.id)
Index("posts_room", posts.c.room, posts.c.id)
Index("posts_quotes", posts.c.quote_of, posts.c.id)
Index(
    "posts_reposts",
    posts.c.reblog_of,
    posts.c.account,
    unique=True,
    sqlite_where=reposted,
    postgresql_where=reposted,
)
Index("posts_origin", posts.c.account, posts.c.origin, unique=True)

post_edits = Table(
    "post_edits",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("spoiler", Text, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("language", String(35)),
    Column("media", JSON),
    Column("poll", JSON),
)
"""What a post said before: one row for each version that is no longer, with when it was written. `media`: a list of what
`social.media` wrote down of its pictures and sounds. `poll`: the answers between which it asked to choose."""

post_mentions = Table(
    "post_mentions",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
)
Index("post_mentions_account", post_mentions.c.account, post_mentions.c.post)

post_tags = Table(
    "post_tags",
    metadata,
    Column("tag", String(200), primary_key=True),
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
)
Index("post_tags_post", post_tags.c.post)

post_counts = Table(
    "post_counts",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("replies", Integer, nullable=False),
    Column("reblogs", Integer, nullable=False),
    Column("favourites", Integer, nullable=False),
    Column("quotes", Integer, nullable=False, server_default="0"),
)

favourites = Table(
    "favourites",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("id", BigInteger, nullable=False),
)
Index("favourites_account", favourites.c.account, favourites.c.id)
Index("favourites_post", favourites.c.post, favourites.c.id)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("id", BigInteger, nullable=False),
)
Index("bookmarks_account", bookmarks.c.account, bookmarks.c.id)

pins = Table(
    "pins",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("id", BigInteger, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("key", String(200), primary_key=True),
    Column("post", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
Index("idempotency_keys_at", idempotency_keys.c.at_ms)

imports = Table(
    "imports",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("archive", LargeBinary),
    Column("taken", Integer, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("fault", String(32)),
    Column("ended_at_ms", BigInteger),
)
"""Archives that somebody brought: read by work, and then gone. `passed`: posts that were there before, or cannot be here."""
Index("imports_account", imports.c.account, imports.c.id)
