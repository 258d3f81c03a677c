"""Posts that have pictures or sounds are found by `has:`, also those that were written before one could ask so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
MARKS = {"_media": ("image", "audio"), "_image": ("image",), "_audio": ("audio",)}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    key, more = ("rowid", "'{} ' || words") if sqlite else ("id", "words || '{}'::tsvector")
    for mark, kinds in MARKS.items():
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        held = f"SELECT post FROM attachments WHERE place IS NOT NULL AND kind IN ({listed})"
        marked = more.format(mark)
        op.execute(sa.text(f"UPDATE post_words SET words = {marked} WHERE {key} IN ({held})"))


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
