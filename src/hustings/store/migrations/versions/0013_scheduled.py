"""Posts that are to appear later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "scheduled_posts",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("called_at_ms", sa.BigInteger),
        sa.Column("fault", sa.String(40), nullable=False),
    )
    op.create_index("scheduled_posts_account", "scheduled_posts", ["account", "id"])
    waits = sa.text("called_at_ms IS NULL")
    op.create_index(
        "scheduled_posts_due",
        "scheduled_posts",
        ["due_at_ms"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.add_column("attachments", sa.Column("scheduled", sa.BigInteger))
    op.create_index("attachments_scheduled", "attachments", ["scheduled"])


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
