"""The rooms in the database, as web plans and lists them. Every function takes a connection inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.rooms.room import ENDED, ON_AIR, OPEN, PLANNED, REPLAY, Plan, plan_facts
from hustings.social import stages
from hustings.store.tables import feed_cursors, room_events, rooms
from hustings.web import effects

When = Literal["now", "soon", "past"]
LISTED_MAX = {"now": 50, "soon": 100, "past": 50}
FORGOTTEN_MS = 12 * 3_600_000
"""A room that never opened is no longer said to come this long after its hour."""
PLAN_COLUMNS = tuple(name for name in Plan.__dataclass_fields__)
EXPECTED_MAX = 300
RECENT_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A room as web knows it. Times in ms since 1970; `handed` is whether studio has the newest plan."""

    plan: Plan
    state: str
    state_at_ms: int
    late_reason: str
    on_air_since_ms: int | None
    ended_at_ms: int | None
    handed: bool

    @property
    def over(self) -> bool:
        return self.state in (ENDED, REPLAY)


def add(connection: Connection, plan: Plan, now_ms: int) -> None:
    """A new room, not yet handed to studio. Errors: `sqlalchemy.exc.IntegrityError` when its key is taken."""
    connection.execute(
        rooms.insert().values(
            **plan_facts(plan),
            state=PLANNED,
            state_at_ms=now_ms,
            late_reason="",
            created_at_ms=now_ms,
        )
    )


def change(connection: Connection, plan: Plan) -> None:
    """The facts of a plan that studio does not have yet."""
    connection.execute(
        rooms.update()
        .where(rooms.c.plan == plan.plan)
        .values(**{**plan_facts(plan), "handed_at_ms": None})
    )


def handed(connection: Connection, plan: Plan, now_ms: int) -> bool:
    """Studio has taken this plan over; False when the plan was changed meanwhile, and has to be handed over again."""
    same = [rooms.c[name] == value for name, value in plan_facts(plan).items()]
    done = connection.execute(rooms.update().where(*same).values(handed_at_ms=now_ms))
    return done.rowcount == 1


def taken_back(connection: Connection, key: str) -> None:
    """Studio lost a plan that never opened: it is to be handed over again."""
    connection.execute(
        rooms.update()
        .where(rooms.c.key == key, rooms.c.state == PLANNED, rooms.c.deleted_at_ms.is_(None))
        .values(handed_at_ms=None)
    )


def delete(connection: Connection, plan: str, now_ms: int) -> None:
    """The room is gone; its row stays without what was written in it, and its key is free."""
    connection.execute(sa.delete(room_events).where(room_events.c.room == plan))
    connection.execute(sa.delete(feed_cursors).where(feed_cursors.c.room == plan))
    connection.execute(
        rooms.update()
        .where(rooms.c.plan == plan)
        .values(deleted_at_ms=now_ms, title="", description="", picture="", picture_alt="")
    )


def erase(connection: Connection, plan: str) -> None:
    """A room that studio refused at once: it never was."""
    connection.execute(sa.delete(rooms).where(rooms.c.plan == plan))


def find(connection: Connection, key: str) -> Listing | None:
    row = connection.execute(
        sa.select(rooms).where(rooms.c.key == key, rooms.c.deleted_at_ms.is_(None))
    ).mappings()
    return next((listing(found) for found in row), None)


def unhanded(connection: Connection, most: int = 20) -> list[Plan]:
    """Plans that studio does not have, the next hour first."""
    rows = connection.execute(
        sa.select(rooms)
        .where(
            rooms.c.handed_at_ms.is_(None),
            rooms.c.deleted_at_ms.is_(None),
            rooms.c.state.in_((PLANNED, OPEN)),
        )
        .order_by(rooms.c.starts_at_ms)
        .limit(most)
    ).mappings()
    return [listing(row).plan for row in rows]


def programme(connection: Connection, when: When, now_ms: int) -> list[Listing]:
    """Listed rooms of nobody suspended: on the air, to come (the next first), or over and once on the air (the last first)."""
    question = sa.select(rooms).where(
        rooms.c.listed.is_(True), rooms.c.deleted_at_ms.is_(None), stages.is_shown()
    )
    if when == "now":
        question = question.where(rooms.c.state == ON_AIR).order_by(rooms.c.on_air_since_ms.desc())
    elif when == "soon":
        question = question.where(
            rooms.c.state.in_((PLANNED, OPEN)), rooms.c.starts_at_ms > now_ms - FORGOTTEN_MS
        ).order_by(rooms.c.starts_at_ms, rooms.c.key)
    else:
        question = question.where(
            rooms.c.state.in_((ENDED, REPLAY)), rooms.c.on_air_since_ms.is_not(None)
        ).order_by(rooms.c.ended_at_ms.desc())
    rows = connection.execute(question.limit(LISTED_MAX[when])).mappings()
    return [listing(row) for row in rows]


def listing(row: Any) -> Listing:
    """A `Listing` from a row's mapping."""
    return Listing(
        plan=Plan(**{name: row[name] for name in PLAN_COLUMNS}),
        state=row["state"],
        state_at_ms=row["state_at_ms"],
        late_reason=row["late_reason"],
        on_air_since_ms=row["on_air_since_ms"],
        ended_at_ms=row["ended_at_ms"],
        handed=row["handed_at_ms"] is not None,
    )


def expected(connection: Connection, now_ms: int) -> list[str]:
    """Keys of the rooms that studio's directory should name, and of those whose recording should lie there.

    An old room without a recording is not among them: asking for it would make studio take it up again.
    """
    recent = sa.and_(rooms.c.state == ENDED, rooms.c.ended_at_ms > now_ms - RECENT_MS)
    rows = connection.execute(
        sa.select(rooms.c.key)
        .where(rooms.c.handed_at_ms.is_not(None), rooms.c.deleted_at_ms.is_(None))
        .where(sa.or_(rooms.c.state.in_((PLANNED, OPEN, ON_AIR, REPLAY)), recent))
        .order_by(rooms.c.starts_at_ms.desc())
        .limit(EXPECTED_MAX)
    ).scalars()
    return list(rows)


def refused(connection: Connection, plan: Plan, now_ms: int, code: str) -> None:
    """Studio will not have this plan. A room of another plan has the key: this one is gone; else the change is."""
    if code == "room_taken":
        delete(connection, plan.plan, now_ms)
        return
    if handed(connection, plan, now_ms):
        effects.refold(connection, plan.plan)
