"""Going live is a post, and who asked to hear of an account's posts is found without reading all its followers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "going_live",
        sa.Column(
            "room",
            sa.String(22),
            sa.ForeignKey("rooms.plan", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("called_at_ms", sa.BigInteger),
        sa.Column("post", sa.BigInteger),
        sa.Column("fault", sa.String(40), nullable=False),
    )
    rings = sa.text("notify")
    op.create_index(
        "follows_bell",
        "follows",
        ["target", "account"],
        sqlite_where=rings,
        postgresql_where=rings,
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
