"""What happened just now, written down in the transaction of what it tells of, so that every process that streams reads it.

Whoever streams asks for what is newer than the last number he saw, and a little below: on PostgreSQL a lower number may be
committed later. It is told at most once and may be lost; timelines and notifications are the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.store.events import events

UPDATE, EDIT, DELETE, NOTIFICATION = "update", "status.update", "delete", "notification"
KEPT_MAX, SWEPT_EVERY = 5_000, 64
LATE_MAX = 200
"""So far below the last number seen may a new one lie."""


@dataclass(frozen=True, slots=True)
class Happening:
    number: int
    kind: str
    account: int
    about: int
    open: bool


def tell(connection: Connection, kind: str, account: int, about: int, open: bool = False) -> None:
    new = events.insert().values(kind=kind, account=account, about=about, open=open)
    number = connection.execute(new.returning(events.c.number)).scalar_one()
    if number % SWEPT_EVERY == 0:
        connection.execute(sa.delete(events).where(events.c.number <= number - KEPT_MAX))


def last(connection: Connection) -> int:
    return connection.execute(sa.select(sa.func.max(events.c.number))).scalar() or 0


def since(connection: Connection, number: int, most: int) -> list[Happening]:
    """The newest `most` of what is above that number, or a little below, the first first."""
    newer = sa.select(events).where(events.c.number > number - LATE_MAX)
    rows = connection.execute(newer.order_by(events.c.number.desc()).limit(most)).all()
    return [Happening(row.number, row.kind, row.account, row.about, row.open) for row in rows][::-1]
