"""Work that waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("due_at_ms", sa.BigInteger, nullable=False),
        sa.Column("takes", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(22), nullable=False),
        sa.Column("fault", sa.String(500)),
        sa.Column("ended_at_ms", sa.BigInteger),
    )
    waits = sa.text("ended_at_ms IS NULL")
    op.create_index(
        "jobs_due",
        "jobs",
        ["lane", "due_at_ms", "id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.create_index("jobs_key", "jobs", ["lane", "key"], unique=True)
    op.create_index("jobs_ended", "jobs", ["lane", "ended_at_ms"])


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
