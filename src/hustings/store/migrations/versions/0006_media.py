"""Pictures and sounds of posts, and which of them a post had before an edit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("post", sa.BigInteger, sa.ForeignKey("posts.id")),
        sa.Column("place", sa.Integer),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("fault", sa.String(40), nullable=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("preview", sa.String(100), nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("preview_width", sa.Integer),
        sa.Column("preview_height", sa.Integer),
        sa.Column("blurhash", sa.String(64)),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("credit", sa.Text, nullable=False),
        sa.Column("focus_x", sa.Float, nullable=False),
        sa.Column("focus_y", sa.Float, nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("loose_at_ms", sa.BigInteger),
    )
    op.create_index("attachments_post", "attachments", ["post", "place"])
    op.create_index("attachments_file", "attachments", ["file"])
    op.create_index("attachments_preview", "attachments", ["preview"])
    loose = sa.text("loose_at_ms IS NOT NULL")
    op.create_index(
        "attachments_loose",
        "attachments",
        ["loose_at_ms"],
        sqlite_where=loose,
        postgresql_where=loose,
    )
    op.add_column("post_edits", sa.Column("media", sa.JSON))


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
