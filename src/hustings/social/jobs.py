"""Work that somebody asked for and that the process `work` does: added in the asker's own transaction, taken under a lease.

Whoever holds a job may die: it comes back when its lease is over. So a job is done *at least* once, and whoever performs it
must be able to do it twice. `holder` is a fresh random text for each take: who lost his lease can end nothing any more.
Times are the wall clock's, of whichever machine: a lease is far longer than clocks differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social.lanes import Lane, wait_ms
from hustings.store.jobs import jobs
from hustings.wire.errors import Refused

BODY_BYTES_MAX = 8_192
KEY_MAX = 200
FAULT_MAX = 500
DONE_KEPT_MS = 86_400_000
"""So long a key stays taken after its job is done."""
DEAD_KEPT_MS, DEAD_KEPT_MAX = 30 * 86_400_000, 1_000
LOST = "whoever held it died, each time"


@dataclass(frozen=True, slots=True)
class Job:
    """One that is held: `takes` counts this try."""

    id: int
    lane: str
    body: Mapping[str, Any]
    made_at_ms: int
    takes: int
    holder: str


@dataclass(frozen=True, slots=True)
class Load:
    """Of one lane: how many wait (held ones too), how many died, and since when the one that is due longest waits."""

    waiting: int
    dead: int
    due_since_ms: int | None


def add(
    connection: Connection,
    lane: Lane,
    id: int,
    body: Mapping[str, Any],
    now_ms: int,
    key: str | None = None,
    due_at_ms: int = 0,
) -> bool:
    """A job more, unless one with this key is there already or was done within the day: then False.

    Errors: `work_full` past `lane.waiting_max`; `ValueError` for a body or a key that is too long.
    """
    if len(json.dumps(body)) > BODY_BYTES_MAX or len(key or "") > KEY_MAX:
        raise ValueError(f"a job of lane {lane.name} that is too long")
    if key is not None:
        same = sa.select(jobs.c.id).where(jobs.c.lane == lane.name, jobs.c.key == key)
        if connection.execute(same).first() is not None:
            return False
    last = sa.select(jobs.c.id).where(_waits(lane)).order_by(jobs.c.due_at_ms, jobs.c.id)
    if connection.execute(last.offset(lane.waiting_max - 1).limit(1)).first() is not None:
        raise Refused("work_full")
    connection.execute(
        jobs.insert().values(
            id=id,
            lane=lane.name,
            key=key,
            body=dict(body),
            made_at_ms=now_ms,
            due_at_ms=max(now_ms, due_at_ms),
            takes=0,
            holder="",
        )
    )
    return True


def next_due_ms(connection: Connection, lane: Lane) -> int | None:
    """When the next job may be taken; None when none waits. Asked before `take`: looking locks nothing."""
    return connection.execute(sa.select(sa.func.min(jobs.c.due_at_ms)).where(_waits(lane))).scalar()


def take(connection: Connection, lane: Lane, holder: str, most: int, now_ms: int) -> list[Job]:
    """Up to `most` that are due, the longest due first, now held until the lease is over. In `Database.claiming`.

    One that was taken `takes_max` times and never ended is a dead letter: what kills its worker must not do so for ever.
    """
    due = (
        sa.select(jobs)
        .where(_waits(lane), jobs.c.due_at_ms <= now_ms)
        .order_by(jobs.c.due_at_ms, jobs.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)  # SQLite has no such words, and one writer
    )
    rows = connection.execute(due).mappings().all()
    lost = [row["id"] for row in rows if row["takes"] >= lane.takes_max]
    if lost:
        why = sa.func.coalesce(jobs.c.fault, LOST)
        connection.execute(
            jobs.update().where(jobs.c.id.in_(lost)).values(ended_at_ms=now_ms, fault=why)
        )
    taken = [row for row in rows if row["takes"] < lane.takes_max]
    if taken:
        connection.execute(
            jobs.update()
            .where(jobs.c.id.in_([row["id"] for row in taken]))
            .values(
                takes=jobs.c.takes + 1,
                holder=holder,
                due_at_ms=now_ms + int(lane.lease_s * 1000),
            )
        )
    return [
        Job(row["id"], row["lane"], row["body"], row["made_at_ms"], row["takes"] + 1, holder)
        for row in taken
    ]


def done(connection: Connection, job: Job, now_ms: int) -> bool:
    """It is done. False when the lease was over and somebody else has it: then it is done twice."""
    ended = connection.execute(
        jobs.update().where(_held(job)).values(ended_at_ms=now_ms, fault=None, body={}, holder="")
    )
    return ended.rowcount == 1


def failed(
    connection: Connection,
    lane: Lane,
    job: Job,
    fault: str,
    hopeless: bool,
    roll: float,
    now_ms: int,
) -> None:
    """It did not work, and why. Tried again later, or a dead letter after the last try and where it is hopeless."""
    over = hopeless or job.takes >= lane.takes_max
    connection.execute(
        jobs.update()
        .where(_held(job))
        .values(
            fault=fault[:FAULT_MAX],
            holder="",
            due_at_ms=now_ms + wait_ms(job.takes, roll),
            ended_at_ms=now_ms if over else None,
        )
    )


def give_back(connection: Connection, job: Job, now_ms: int) -> None:
    """Whoever holds it stops: due at once, and not counted as a try."""
    connection.execute(
        jobs.update().where(_held(job)).values(takes=jobs.c.takes - 1, holder="", due_at_ms=now_ms)
    )


def load(connection: Connection, lane: Lane, now_ms: int) -> Load:
    many = sa.select(sa.func.count()).select_from(jobs)
    waiting = connection.execute(many.where(_waits(lane))).scalar_one()
    dead = connection.execute(many.where(_dead(lane))).scalar_one()
    due_ms = next_due_ms(connection, lane)
    return Load(waiting, dead, due_ms if due_ms is not None and due_ms <= now_ms else None)


def sweep(connection: Connection, lane: Lane, now_ms: int) -> None:
    """Forgets what was done a day ago, and dead letters after 30 days or past the newest thousand."""
    is_over = sa.or_(
        sa.and_(jobs.c.fault.is_(None), jobs.c.ended_at_ms < now_ms - DONE_KEPT_MS),
        jobs.c.ended_at_ms < now_ms - DEAD_KEPT_MS,
    )
    connection.execute(
        sa.delete(jobs).where(jobs.c.lane == lane.name, jobs.c.ended_at_ms.is_not(None), is_over)
    )
    newest = (
        sa.select(jobs.c.id)
        .where(_dead(lane))
        .order_by(jobs.c.ended_at_ms.desc(), jobs.c.id.desc())
        .limit(DEAD_KEPT_MAX)
    )
    connection.execute(sa.delete(jobs).where(_dead(lane), jobs.c.id.not_in(newest)))


def _waits(lane: Lane) -> sa.ColumnElement[bool]:
    return sa.and_(jobs.c.lane == lane.name, jobs.c.ended_at_ms.is_(None))


def _dead(lane: Lane) -> sa.ColumnElement[bool]:
    return sa.and_(
        jobs.c.lane == lane.name, jobs.c.ended_at_ms.is_not(None), jobs.c.fault.is_not(None)
    )


def _held(job: Job) -> sa.ColumnElement[bool]:
    return sa.and_(jobs.c.id == job.id, jobs.c.holder == job.holder, jobs.c.ended_at_ms.is_(None))
