"""Invitations to sign up: a link that works a number of times, until a day."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.store.people import invites
from hustings.wire.errors import Refused

DAYS_MAX, USES_MAX, OPEN_MAX = 90, 1_000, 50
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Invite:
    code: str
    until_ms: int
    uses_left: int


def make(connection: Connection, by: int, code: str, days: int, uses: int, now_ms: int) -> None:
    """Errors: `bad_request` outside of `DAYS_MAX` and `USES_MAX`, `too_many` past `OPEN_MAX` open ones."""
    if not (1 <= days <= DAYS_MAX and 1 <= uses <= USES_MAX):
        raise Refused("bad_request")
    if len(still_open(connection, now_ms)) >= OPEN_MAX:
        raise Refused("too_many")
    connection.execute(
        invites.insert().values(
            code=code,
            by=by,
            made_at_ms=now_ms,
            until_ms=now_ms + days * DAY_MS,
            uses_max=uses,
            uses=0,
        )
    )


def still_open(connection: Connection, now_ms: int) -> list[Invite]:
    rows = connection.execute(
        sa.select(invites)
        .where(invites.c.until_ms > now_ms, invites.c.uses < invites.c.uses_max)
        .order_by(invites.c.made_at_ms, invites.c.code)
        .limit(OPEN_MAX)
    ).mappings()
    return [Invite(r["code"], r["until_ms"], r["uses_max"] - r["uses"]) for r in rows]


def use(connection: Connection, code: str, now_ms: int) -> None:
    """One use less. Errors: `invite_unknown` when it never was, is used up, or over."""
    done = connection.execute(
        invites.update()
        .where(
            invites.c.code == code,
            invites.c.until_ms > now_ms,
            invites.c.uses < invites.c.uses_max,
        )
        .values(uses=invites.c.uses + 1)
    )
    if done.rowcount != 1:
        raise Refused("invite_unknown", field="invite")


def end(connection: Connection, code: str, now_ms: int) -> None:
    connection.execute(invites.update().where(invites.c.code == code).values(until_ms=now_ms))
