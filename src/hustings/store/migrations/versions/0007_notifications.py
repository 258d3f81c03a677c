"""Notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column(
            "account",
            sa.BigInteger,
            sa.ForeignKey("accounts.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sender", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("post", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "notifications_once", "notifications", ["account", "kind", "post", "sender"], unique=True
    )
    op.create_index("notifications_post", "notifications", ["post"])


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
