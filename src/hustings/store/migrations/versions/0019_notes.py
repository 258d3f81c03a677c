"""Notes for oneself about others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    of_account = {name: sa.ForeignKey("accounts.id") for name in ("account", "target")}
    op.create_table(
        "account_notes",
        *(
            sa.Column(name, sa.BigInteger, key, primary_key=True, autoincrement=False)
            for name, key in of_account.items()
        ),
        sa.Column("note", sa.Text, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
