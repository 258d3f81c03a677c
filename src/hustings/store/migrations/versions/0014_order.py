"""What moderators do: accounts that are limited or banned, posts that they took away, addresses that nobody signs up with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("limited_at_ms", sa.BigInteger))
    op.add_column("accounts", sa.Column("banned_at_ms", sa.BigInteger))
    op.add_column("posts", sa.Column("deleted_by", sa.BigInteger))
    op.create_table(
        "email_blocks",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("address", sa.LargeBinary(32), unique=True),
        sa.Column("domain", sa.String(253), unique=True),
        sa.Column("account", sa.BigInteger),
        sa.Column("note", sa.String(500), nullable=False),
    )
    op.create_index("ix_email_blocks_account", "email_blocks", ["account"])


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
