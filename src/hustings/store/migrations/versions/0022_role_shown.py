"""Who looks after the server says whether others may see it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    shown = sa.Column("role_shown", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("preferences", shown)


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
