"""Whose the tickets of a room are, where they are a member's; and those that studio is still to take back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "room_tickets",
        sa.Column("ticket", sa.String(22), primary_key=True),
        sa.Column(
            "room", sa.String(22), sa.ForeignKey("rooms.plan", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("host", sa.Boolean, nullable=False),
        sa.Column("cut_at_ms", sa.BigInteger),
        sa.Column("cut_done_at_ms", sa.BigInteger),
    )
    op.create_index("room_tickets_account", "room_tickets", ["account"])
    op.create_index("room_tickets_room", "room_tickets", ["room"])
    waits = sa.text("cut_at_ms IS NOT NULL AND cut_done_at_ms IS NULL")
    op.create_index(
        "room_tickets_waiting",
        "room_tickets",
        ["cut_at_ms"],
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
