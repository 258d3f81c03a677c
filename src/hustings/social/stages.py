"""Members on stages: which tickets are theirs, and which are taken back with a suspension, until studio knows.

A guest needs no account, so most tickets are nobody's here. Lifting a suspension brings no ticket back: its room may be over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social.visibility import Condition, is_here, some
from hustings.store.order import room_tickets, waits
from hustings.store.tables import rooms
from hustings.wire.errors import Refused

AT_ONCE_MAX = 50
SHOWN_MAX = 20


@dataclass(slots=True)
class Cut:
    """What studio is to be told of one room. `ends`: whoever planned it is among those who are cut."""

    plan: str
    key: str
    ends: bool = False
    tickets: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket of a member. `waits`: it is taken back, and studio does not know yet."""

    key: str
    title: str
    state: str
    host: bool
    cut: bool
    waits: bool


def note(connection: Connection, ticket: str, plan: str, account: int, host: bool) -> None:
    """A ticket is signed for a member. Errors: `account_suspended` where he is no longer here."""
    if not connection.execute(sa.select(is_here(sa.literal(account, sa.BigInteger)))).scalar():
        raise Refused("account_suspended")
    row = {"ticket": ticket, "room": plan, "account": account, "host": host}
    connection.execute(room_tickets.insert().values(row))


def take_back(connection: Connection, account: int, now_ms: int) -> None:
    """All of an account's tickets, for good."""
    mine = sa.and_(room_tickets.c.account == account, room_tickets.c.cut_at_ms.is_(None))
    connection.execute(room_tickets.update().where(mine).values(cut_at_ms=now_ms))


def is_taken_back(connection: Connection, ticket: str) -> bool:
    asked = sa.select(room_tickets.c.cut_at_ms).where(room_tickets.c.ticket == ticket)
    return connection.execute(asked).scalar() is not None


def to_cut(connection: Connection) -> list[Cut]:
    """What studio is still to be told, the longest waiting first; at most `AT_ONCE_MAX` tickets."""
    asked = (
        sa.select(room_tickets.c.ticket, room_tickets.c.host, rooms.c.plan, rooms.c.key)
        .join(rooms, rooms.c.plan == room_tickets.c.room)
        .where(waits)
        .order_by(room_tickets.c.cut_at_ms, room_tickets.c.ticket)
        .limit(AT_ONCE_MAX)
    )
    found: dict[str, Cut] = {}
    for row in connection.execute(asked):
        cut = found.setdefault(row.plan, Cut(row.plan, row.key))
        cut.tickets.append(row.ticket)
        cut.ends = cut.ends or row.host
    return list(found.values())


def done(connection: Connection, tickets: Collection[str], now_ms: int) -> None:
    """Studio knows."""
    here = room_tickets.c.ticket.in_(tickets)
    connection.execute(room_tickets.update().where(here).values(cut_done_at_ms=now_ms))


def held(connection: Connection, account: int) -> list[Held]:
    """The rooms that somebody planned or is invited to, the last first."""
    asked = (
        sa.select(rooms.c.key, rooms.c.title, rooms.c.state, room_tickets)
        .join(rooms, rooms.c.plan == room_tickets.c.room)
        .where(room_tickets.c.account == account, rooms.c.deleted_at_ms.is_(None))
        .order_by(rooms.c.starts_at_ms.desc(), room_tickets.c.ticket)
        .limit(SHOWN_MAX)
    )
    return [
        Held(
            row.key,
            row.title,
            row.state,
            row.host,
            row.cut_at_ms is not None,
            row.cut_at_ms is not None and row.cut_done_at_ms is None,
        )
        for row in connection.execute(asked)
    ]


def has_hosted(connection: Connection, account: int) -> bool:
    """Whether a room was on the air that he planned."""
    asked = (
        sa.select(sa.literal(1))
        .select_from(room_tickets)
        .join(rooms, rooms.c.plan == room_tickets.c.room)
        .where(
            room_tickets.c.account == account,
            room_tickets.c.host.is_(True),
            rooms.c.on_air_since_ms.is_not(None),
            rooms.c.deleted_at_ms.is_(None),
        )
    )
    return connection.execute(asked.limit(1)).first() is not None


def over(connection: Connection) -> set[str]:
    """The keys of the rooms that are over and off the programme, since those who planned them are gone."""
    asked = sa.select(rooms.c.key).where(
        rooms.c.deleted_at_ms.is_(None), rooms.c.ended_at_ms.is_not(None), ~is_shown()
    )
    return set(connection.execute(asked).scalars())


def known(connection: Connection, keys: Collection[str]) -> set[str]:
    """Of these the keys of rooms that are not deleted."""
    here = sa.and_(rooms.c.key.in_(keys), rooms.c.deleted_at_ms.is_(None))
    return set(connection.execute(sa.select(rooms.c.key).where(here)).scalars())


HOST = (
    sa.select(sa.func.min(room_tickets.c.account))
    .where(room_tickets.c.room == rooms.c.plan, room_tickets.c.host.is_(True))
    .correlate(rooms)
    .scalar_subquery()
)
"""Which member planned a row of `rooms`; none where nobody did who was logged in."""


def is_shown() -> Condition:
    """Whether a row of `rooms` is on the programme: no member planned it, or he is here."""
    hosts = (room_tickets.c.room == rooms.c.plan, room_tickets.c.host.is_(True))
    return ~some(room_tickets, *hosts, ~is_here(room_tickets.c.account))
