"""Posts and reposts, what is done with them, who follows whom, and home feeds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "accounts", sa.Column("locked", sa.Boolean, nullable=False, server_default=sa.false())
    )
    _posts()
    _of_posts()
    _marks()
    _follows()
    _feeds()


def _id(name: str, target: str, **more: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.ForeignKey(target), autoincrement=False, **more)


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        _id("account", "accounts.id", nullable=False),
        sa.Column("domain", sa.String(253)),
        sa.Column("uri", sa.String(512), nullable=False, unique=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("spoiler", sa.Text, nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("language", sa.String(35)),
        sa.Column("visibility", sa.String(8), nullable=False),
        _id("in_reply_to", "posts.id"),
        _id("in_reply_to_account", "accounts.id"),
        sa.Column("thread", sa.BigInteger, nullable=False),
        _id("reblog_of", "posts.id"),
        _id("quote_of", "posts.id"),
        sa.Column("room", sa.String(22), sa.ForeignKey("rooms.plan", ondelete="SET NULL")),
        sa.Column("edited_at_ms", sa.BigInteger),
        sa.Column("deleted_at_ms", sa.BigInteger),
        sa.Column("claimed_at_ms", sa.BigInteger),
        _id("imported_by", "accounts.id"),
        sa.Column("imported_at_ms", sa.BigInteger),
        sa.Column("origin", sa.String(512)),
    )
    public = sa.text(
        "visibility = 'public' AND domain IS NULL AND reblog_of IS NULL AND imported_at_ms IS NULL "
        "AND deleted_at_ms IS NULL"
    )
    reposts = sa.text("reblog_of IS NOT NULL")
    op.create_index("posts_account", "posts", ["account", "id"])
    op.create_index("posts_public", "posts", ["id"], sqlite_where=public, postgresql_where=public)
    op.create_index("posts_replies", "posts", ["in_reply_to", "id"])
    op.create_index("posts_room", "posts", ["room", "id"])
    op.create_index("posts_quotes", "posts", ["quote_of", "id"])
    op.create_index(
        "posts_reposts",
        "posts",
        ["reblog_of", "account"],
        unique=True,
        sqlite_where=reposts,
        postgresql_where=reposts,
    )
    op.create_index("posts_origin", "posts", ["account", "origin"], unique=True)


def _of_posts() -> None:
    op.create_table(
        "post_edits",
        _id("post", "posts.id", primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("spoiler", sa.Text, nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("language", sa.String(35)),
    )
    op.create_table(
        "post_mentions",
        _id("post", "posts.id", primary_key=True),
        _id("account", "accounts.id", primary_key=True),
    )
    op.create_index("post_mentions_account", "post_mentions", ["account", "post"])
    op.create_table(
        "post_tags",
        sa.Column("tag", sa.String(200), primary_key=True),
        _id("post", "posts.id", primary_key=True),
    )
    op.create_index("post_tags_post", "post_tags", ["post"])
    op.create_table(
        "post_counts",
        _id("post", "posts.id", primary_key=True),
        sa.Column("replies", sa.Integer, nullable=False),
        sa.Column("reblogs", sa.Integer, nullable=False),
        sa.Column("favourites", sa.Integer, nullable=False),
    )
    op.create_table(
        "idempotency_keys",
        _id("account", "accounts.id", primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("post", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("idempotency_keys_at", "idempotency_keys", ["at_ms"])
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        _id("account", "accounts.id", nullable=False),
        sa.Column("archive", sa.LargeBinary),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("passed", sa.Integer, nullable=False),
        sa.Column("fault", sa.String(32)),
        sa.Column("ended_at_ms", sa.BigInteger),
    )
    op.create_index("imports_account", "imports", ["account", "id"])


def _marks() -> None:
    for name in ("favourites", "bookmarks", "pins"):
        op.create_table(
            name,
            _id("account", "accounts.id", primary_key=True),
            _id("post", "posts.id", primary_key=True),
            sa.Column("id", sa.BigInteger, nullable=False),
        )
    op.create_index("favourites_account", "favourites", ["account", "id"])
    op.create_index("favourites_post", "favourites", ["post", "id"])
    op.create_index("bookmarks_account", "bookmarks", ["account", "id"])


def _from_to() -> tuple[sa.Column[int], sa.Column[int], sa.Column[int]]:
    return (
        _id("account", "accounts.id", primary_key=True),
        _id("target", "accounts.id", primary_key=True),
        sa.Column("id", sa.BigInteger, nullable=False),
    )


def _follows() -> None:
    for name in ("follows", "follow_requests"):
        op.create_table(
            name,
            *_from_to(),
            sa.Column("uri", sa.String(512), unique=True),
            sa.Column("reblogs", sa.Boolean, nullable=False),
            sa.Column("notify", sa.Boolean, nullable=False),
        )
    op.create_index("follows_target", "follows", ["target", "account"])
    op.create_index("follows_account_id", "follows", ["account", "id"])
    op.create_index("follows_target_id", "follows", ["target", "id"])
    op.create_index("follow_requests_target", "follow_requests", ["target", "id"])
    op.create_table("blocks", *_from_to())
    op.create_index("blocks_target", "blocks", ["target", "account"])
    op.create_table(
        "mutes",
        *_from_to(),
        sa.Column("notifications", sa.Boolean, nullable=False),
        sa.Column("until_ms", sa.BigInteger),
    )
    op.create_table(
        "account_counts",
        _id("account", "accounts.id", primary_key=True),
        sa.Column("posts", sa.Integer, nullable=False),
        sa.Column("followers", sa.Integer, nullable=False),
        sa.Column("following", sa.Integer, nullable=False),
        sa.Column("last_post", sa.BigInteger),
        sa.Column("whale", sa.Boolean, nullable=False),
    )


def _feeds() -> None:
    op.create_table(
        "feeds",
        _id("account", "accounts.id", primary_key=True),
        sa.Column("floor", sa.BigInteger, nullable=False),
        sa.Column("read_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("feeds_read", "feeds", ["read_at_ms"])
    op.create_table(
        "feed_entries",
        sa.Column("account", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("post", sa.BigInteger, primary_key=True, autoincrement=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
