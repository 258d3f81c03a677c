"""Other servers that this one wants less, or nothing, to do with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "domain_blocks",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("domain", sa.String(253), nullable=False, unique=True),
        sa.Column("suspends", sa.Boolean, nullable=False),
        sa.Column("said", sa.String(500), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
