"""What a room's journal does to the database. Lines may come twice and in any order; the end is the same.

An event is kept once by its number. A room's row is then folded anew from all kept events that can touch it, in the order
of their numbers: nothing depends on when a line came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.rooms.journal import Event
from hustings.rooms.room import MOVES, ON_AIR, PLANNED, TRANSITIONS, plan_facts, plan_from
from hustings.store.tables import feed_cursors, room_events, rooms

PLANS = ("planned", "changed")
FOLDED = frozenset((*PLANS, "late", *MOVES))
REVOKING = ("ticket_revoked", "removed")
STATE_AFTER: Mapping[str, str] = {kind: state for (_, kind), state in TRANSITIONS.items()}


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a room's feed was read: frame `seq` of `term`, and `n`, the highest number of a line seen."""

    seq: int = 0
    term: int = 0
    n: int = 0


def room_of(connection: Connection, key: str) -> str | None:
    """The plan id behind a key."""
    found = connection.execute(
        sa.select(rooms.c.plan).where(rooms.c.key == key, rooms.c.deleted_at_ms.is_(None))
    ).scalar()
    return None if found is None else str(found)


def cursor(connection: Connection, key: str) -> Cursor:
    """Where to go on reading a room's feed; a `Cursor()` of zeros for the whole of it."""
    row = connection.execute(
        sa.select(feed_cursors.c.seq, feed_cursors.c.term, feed_cursors.c.n)
        .join(rooms, rooms.c.plan == feed_cursors.c.room)
        .where(rooms.c.key == key, rooms.c.deleted_at_ms.is_(None))
    ).first()
    return Cursor() if row is None else Cursor(*row)


def apply(connection: Connection, key: str, events: Sequence[Event], at: Cursor) -> bool:
    """Events of one room and, in the same transaction, how far the feed was read.

    False when the room is not known and no `planned` line is among the events: nothing is kept, read from the start.
    """
    room = room_of(connection, key) or _learn(connection, key, events)
    if room is None:
        return False
    numbers = [event.n for event in events]
    known = set(
        connection.execute(
            sa.select(room_events.c.n).where(
                room_events.c.room == room, room_events.c.n.in_(numbers)
            )
        ).scalars()
    )
    fresh = {event.n: event for event in events if event.n not in known}
    if fresh:
        connection.execute(
            room_events.insert(), [_row(room, fresh[number]) for number in sorted(fresh)]
        )
    if any(event.type in FOLDED for event in fresh.values()):
        refold(connection, room)
    _remember(connection, room, at, max(numbers, default=0))
    return True


def refold(connection: Connection, room: str) -> None:
    """The room's row from its kept events. A plan that was changed here and not yet handed over keeps its facts."""
    rows = connection.execute(
        sa.select(room_events)
        .where(room_events.c.room == room, room_events.c.type.in_(FOLDED))
        .order_by(room_events.c.n)
    ).mappings()
    plan, state = fold([dict(row) for row in rows])
    if plan:
        facts = {name: value for name, value in plan.items() if name not in ("plan", "key")}
        waiting = rooms.c.handed_at_ms.is_(None)
        connection.execute(rooms.update().where(rooms.c.plan == room, ~waiting).values(**facts))
    if state:
        connection.execute(rooms.update().where(rooms.c.plan == room).values(**state))


def fold(events: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts of the last plan, and the columns that the events set. Pure."""
    plan: dict[str, Any] = {}
    columns: dict[str, Any] = {}
    for event in events:
        kind, at_ms, body = event["type"], event["at_ms"], event["body"]
        if kind in PLANS:
            plan = plan_facts(plan_from(body["plan_facts"]))
        elif kind == "late":
            columns["late_reason"] = str(body["reason"])[:200]
        else:
            state = STATE_AFTER[kind]
            columns |= {"state": state, "state_at_ms": at_ms}
            if state == ON_AIR:
                columns["on_air_since_ms"] = at_ms
            elif kind == "ended":
                columns["ended_at_ms"] = at_ms
    return plan, columns


def revoked(connection: Connection, key: str, ticket: str) -> bool:
    """Whether web has heard that this ticket was taken back."""
    bodies = connection.execute(
        sa.select(room_events.c.body)
        .join(rooms, rooms.c.plan == room_events.c.room)
        .where(rooms.c.key == key, rooms.c.deleted_at_ms.is_(None))
        .where(room_events.c.type.in_(REVOKING))
    ).scalars()
    return any(body.get("ticket") == ticket for body in bodies)


def _learn(connection: Connection, key: str, events: Sequence[Event]) -> str | None:
    """A room that was handed to studio without this database (another one, or one that was lost) is taken in."""
    planned = next((event for event in events if event.type == "planned"), None)
    if planned is None:
        return None
    facts = plan_facts(plan_from(planned.body["plan_facts"]))
    if facts["key"] != key:
        return None
    known = connection.execute(sa.select(rooms.c.plan).where(rooms.c.plan == facts["plan"])).first()
    if known is not None:
        return None  # it was deleted here
    connection.execute(
        rooms.insert().values(
            **facts,
            state=PLANNED,
            state_at_ms=planned.at_ms,
            late_reason="",
            created_at_ms=planned.at_ms,
            handed_at_ms=planned.at_ms,
        )
    )
    return str(facts["plan"])


def _row(room: str, event: Event) -> dict[str, Any]:
    return {
        "room": room,
        "term": event.term,
        "n": event.n,
        "type": event.type,
        "at_ms": event.at_ms,
        "body": dict(event.body),
    }


def _remember(connection: Connection, room: str, at: Cursor, n: int) -> None:
    """The cursor goes forward only: a line that comes again does not send it back."""
    row = connection.execute(
        sa.select(feed_cursors.c.seq, feed_cursors.c.term, feed_cursors.c.n).where(
            feed_cursors.c.room == room
        )
    ).first()
    if row is None:
        connection.execute(
            feed_cursors.insert().values(room=room, seq=at.seq, term=at.term, n=max(at.n, n))
        )
        return
    was = Cursor(*row)
    seq, term = max((at.term, at.seq), (was.term, was.seq))[::-1]
    connection.execute(
        feed_cursors.update()
        .where(feed_cursors.c.room == room)
        .values(seq=seq, term=term, n=max(was.n, at.n, n))
    )
