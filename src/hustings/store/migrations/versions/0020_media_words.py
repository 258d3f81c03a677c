"""Posts that have pictures, sounds or polls are found by `has:`, also those that were written before one could ask so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
HELD = "SELECT post FROM attachments WHERE place IS NOT NULL"
MARKS = {
    "_media": HELD,
    "_image": f"{HELD} AND kind = 'image'",
    "_audio": f"{HELD} AND kind = 'audio'",
    "_poll": "SELECT post FROM polls",
}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    key, more = ("rowid", "'{} ' || words") if sqlite else ("id", "words || '{}'::tsvector")
    for mark, posts in MARKS.items():
        marked = more.format(mark)
        op.execute(sa.text(f"UPDATE post_words SET words = {marked} WHERE {key} IN ({posts})"))


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
