"""Reports, and notes that moderators write for each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("target", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("posts", sa.JSON, nullable=False),
        sa.Column("taken_by", sa.BigInteger),
        sa.Column("resolved_at_ms", sa.BigInteger),
        sa.Column("resolved_by", sa.BigInteger),
    )
    op.create_index("reports_target", "reports", ["target", "id"])
    op.create_index("reports_account", "reports", ["account", "id"])
    op.create_index("reports_open", "reports", ["resolved_at_ms", "id"])
    op.create_table(
        "order_notes",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("by", sa.BigInteger, nullable=False),
        sa.Column("about", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("report", sa.BigInteger, sa.ForeignKey("reports.id")),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("order_notes_about", "order_notes", ["about", "id"])


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
