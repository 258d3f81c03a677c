"""What one writes down about somebody for oneself: nobody else ever sees it. And who of those that one follows follows him."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, names
from hustings.social.visibility import is_here
from hustings.store.follows import account_notes, follows
from hustings.store.upsert import add_once

NOTE_MAX = 2_000
FAMILIAR_MAX = 40


def write(connection: Connection, account: int, target: int, note: object) -> None:
    """In the place of what was there; nothing for nothing. Errors: `account_unknown`, `comment_too_long`, `bad_request`."""
    said = names.lines(note, NOTE_MAX, "comment_too_long", "comment")
    accounts.check_is_here(connection, target)
    pair = (account_notes.c.account == account, account_notes.c.target == target)
    connection.execute(sa.delete(account_notes).where(*pair))
    if said:
        add_once(connection, account_notes, {"account": account, "target": target, "note": said})


def of(connection: Connection, account: int, targets: Collection[int]) -> dict[int, str]:
    """What the account wrote down about these."""
    asked = sa.select(account_notes.c.target, account_notes.c.note).where(
        account_notes.c.account == account, account_notes.c.target.in_(targets)
    )
    return {row.target: row.note for row in connection.execute(asked)}


def familiar(connection: Connection, account: int, target: int) -> list[int]:
    """Those whom the account follows and who follow the target, the last to do so first; at most `FAMILIAR_MAX`."""
    mine, theirs = follows.alias(), follows.alias()
    asked = (
        sa.select(theirs.c.account)
        .join(mine, mine.c.target == theirs.c.account)
        .where(mine.c.account == account, theirs.c.target == target, is_here(theirs.c.account))
        .order_by(theirs.c.id.desc())
        .limit(FAMILIAR_MAX)
    )
    return list(connection.execute(asked).scalars())
