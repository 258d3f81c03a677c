"""Polls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def _id(name: str, of: str) -> sa.Column[int]:
    return sa.Column(
        name, sa.BigInteger, sa.ForeignKey(f"{of}.id"), primary_key=True, autoincrement=False
    )


def upgrade() -> None:
    op.create_table(
        "polls",
        _id("post", "posts"),
        sa.Column("multiple", sa.Boolean, nullable=False),
        sa.Column("hide_totals", sa.Boolean, nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger, nullable=False),
        sa.Column("voters", sa.Integer, nullable=False),
        sa.Column("told_at_ms", sa.BigInteger),
    )
    running = sa.text("told_at_ms IS NULL")
    op.create_index(
        "polls_ends", "polls", ["ends_at_ms"], sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "poll_answers",
        _id("post", "posts"),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
    )
    op.create_table(
        "poll_ballots",
        _id("post", "posts"),
        _id("account", "accounts"),
        sa.Column("choices", sa.JSON, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.add_column("post_edits", sa.Column("poll", sa.JSON))


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
