"""Quotes, and who may quote what. Nobody was asked about the posts that are there: their authors may say so now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "quotes",
        sa.Column(
            "post", sa.BigInteger, sa.ForeignKey("posts.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("quoted", sa.BigInteger, sa.ForeignKey("posts.id"), nullable=False),
        sa.Column("quoted_account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
    )
    policy = sa.Column("quote_policy", sa.String(9), nullable=False, server_default="nobody")
    op.add_column("posts", policy)
    op.add_column(
        "post_counts", sa.Column("quotes", sa.Integer, nullable=False, server_default="0")
    )
    default = sa.Column("quote_policy", sa.String(9), nullable=False, server_default="public")
    op.add_column("preferences", default)


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
