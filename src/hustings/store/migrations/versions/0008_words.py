"""Indexes of words over posts and accounts, with what is there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hustings.store import words

revision = "0008"
down_revision = "0007"
BATCH = 500


def upgrade() -> None:
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    for index in words.INDEXES:
        for statement in (words.MADE_SQLITE,) if sqlite else words.MADE_POSTGRESQL:
            op.execute(statement.format(index=index))
    _fill(
        words.POSTS,
        "SELECT id, text || ' ' || spoiler AS said, account AS mark FROM posts WHERE id > :after "
        "AND reblog_of IS NULL AND deleted_at_ms IS NULL ORDER BY id LIMIT :most",
    )
    _fill(
        words.ACCOUNTS,
        "SELECT id, handle || ' ' || name AS said, NULL AS mark FROM accounts WHERE id > :after "
        "AND deleted_at_ms IS NULL ORDER BY id LIMIT :most",
    )


def _fill(index: str, question: str) -> None:
    connection, after = op.get_bind(), -1
    while True:
        rows = connection.execute(sa.text(question), {"after": after, "most": BATCH}).all()
        for id, said, mark in rows:
            marks = [] if mark is None else [f"{words.MARK}by{mark}"]
            marks += [f"{words.MARK}link"] if mark is not None and "://" in said else []
            words.put(connection, index, id, [*marks, *words.split(said)])
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
