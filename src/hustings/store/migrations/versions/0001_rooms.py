"""Rooms, what happened in them, and how far web has read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("plan", sa.String(22), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("starts_at_ms", sa.BigInteger, nullable=False),
        sa.Column("doors_before_s", sa.Integer, nullable=False),
        sa.Column("picture", sa.Text, nullable=False),
        sa.Column("picture_alt", sa.Text, nullable=False),
        sa.Column("profile", sa.String(16), nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("host_name", sa.String(60), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("state_at_ms", sa.BigInteger, nullable=False),
        sa.Column("late_reason", sa.String(200), nullable=False),
        sa.Column("on_air_since_ms", sa.BigInteger),
        sa.Column("ended_at_ms", sa.BigInteger),
        sa.Column("handed_at_ms", sa.BigInteger),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("deleted_at_ms", sa.BigInteger),
    )
    alive = sa.text("deleted_at_ms IS NULL")
    op.create_index(
        "rooms_key", "rooms", ["key"], unique=True, sqlite_where=alive, postgresql_where=alive
    )
    op.create_index("rooms_programme", "rooms", ["state", "starts_at_ms"])
    op.create_table(
        "room_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "room", sa.String(22), sa.ForeignKey("rooms.plan", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("term", sa.BigInteger, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.UniqueConstraint("room", "n", name="room_events_room_n"),
    )
    op.create_table(
        "feed_cursors",
        sa.Column(
            "room",
            sa.String(22),
            sa.ForeignKey("rooms.plan", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("term", sa.BigInteger, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
