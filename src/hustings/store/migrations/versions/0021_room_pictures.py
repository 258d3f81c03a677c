"""Pictures of rooms are made by work, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "room_pictures",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("fault", sa.String(40), nullable=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("loose_at_ms", sa.BigInteger),
    )
    op.create_index("room_pictures_file", "room_pictures", ["file"])
    loose = sa.text("loose_at_ms IS NOT NULL")
    op.create_index(
        "room_pictures_loose",
        "room_pictures",
        ["loose_at_ms"],
        sqlite_where=loose,
        postgresql_where=loose,
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
