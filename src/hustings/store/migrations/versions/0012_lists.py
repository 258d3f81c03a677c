"""Lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "lists",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("title", sa.String(256), nullable=False),
        sa.Column("replies", sa.String(8), nullable=False),
        sa.Column("exclusive", sa.Boolean, nullable=False),
    )
    op.create_index("lists_account", "lists", ["account", "id"])
    op.create_table(
        "list_members",
        sa.Column(
            "list", sa.BigInteger, sa.ForeignKey("lists.id"), primary_key=True, autoincrement=False
        ),
        sa.Column(
            "account",
            sa.BigInteger,
            sa.ForeignKey("accounts.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("owner", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
    )
    op.create_index("list_members_owner", "list_members", ["owner", "account"])


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
