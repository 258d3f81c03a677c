"""Accounts have pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for name, kind in (
        ("avatar", sa.String(100)),
        ("avatar_still", sa.String(100)),
        ("avatar_alt", sa.Text()),
        ("header", sa.String(100)),
        ("header_alt", sa.Text()),
    ):
        op.add_column("accounts", sa.Column(name, kind, nullable=False, server_default=""))
    op.create_table(
        "portraits",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("kind", sa.String(6), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("fault", sa.String(40), nullable=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("preview", sa.String(100), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("loose_at_ms", sa.BigInteger),
    )
    op.create_index("portraits_account", "portraits", ["account", "kind"])
    op.create_index("portraits_file", "portraits", ["file"])
    op.create_index("portraits_preview", "portraits", ["preview"])
    loose = sa.text("loose_at_ms IS NOT NULL")
    op.create_index(
        "portraits_loose",
        "portraits",
        ["loose_at_ms"],
        sqlite_where=loose,
        postgresql_where=loose,
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
