"""Where somebody is logged in. A token is 256 random bits, known to its browser alone: here lies its SHA-256.

A session ends 60 days after it was last seen, when its owner says so, and with a new password.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social.accounts import MODERATORS
from hustings.store.people import accounts, log_in_steps, members, sessions
from hustings.wire.errors import Refused

IDLE_MS = 60 * 86_400_000
SEEN_EVERY_MS = 600_000
OPEN_MAX = 50
STEP_MS = 300_000
STEP_TRIES = 5
TOKEN_BYTES = 32
TOKEN_CHARS = 43


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `session` is the session's id. `approved`: a moderator let him in and his address is `confirmed`; until
    then he is nobody's but his own. `unread` notifications; open `reports`, of a moderator."""

    account: int
    session: int
    handle: str
    role: str
    approved: bool
    confirmed: bool
    unread: int = 0
    reports: int = 0

    @property
    def moderates(self) -> bool:
        return self.role in MODERATORS


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    created_at_ms: int
    seen_at_ms: int
    place: str
    agent: str


def fresh() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii", "replace")).digest()


def open(
    connection: Connection, id: int, account: int, token: str, place: str, agent: str, now_ms: int
) -> None:
    """A new session; the oldest past `OPEN_MAX` give way."""
    connection.execute(
        sessions.insert().values(
            id=id,
            account=account,
            token=hash_of(token),
            created_at_ms=now_ms,
            seen_at_ms=now_ms,
            place=place[:64],
            agent=agent[:200],
        )
    )
    kept = (
        sa.select(sessions.c.id)
        .where(sessions.c.account == account)
        .order_by(sessions.c.seen_at_ms.desc(), sessions.c.id.desc())
        .limit(OPEN_MAX)
    )
    connection.execute(
        sa.delete(sessions).where(
            sessions.c.account == account,
            sa.or_(sessions.c.id.not_in(kept), sessions.c.seen_at_ms < now_ms - IDLE_MS),
        )
    )


def visitor(connection: Connection, token: str, now_ms: int) -> tuple[Visitor, int] | None:
    """Who holds this token, and when he was last seen. None for a token that is none, a suspended or a deleted account."""
    row = connection.execute(
        sa.select(
            sessions.c.id,
            sessions.c.seen_at_ms,
            accounts.c.id.label("account"),
            accounts.c.handle,
            members.c.role,
            members.c.approved_at_ms,
            members.c.email_confirmed_at_ms,
        )
        .join(members, members.c.account == sessions.c.account)
        .join(accounts, accounts.c.id == sessions.c.account)
        .where(
            sessions.c.token == hash_of(token),
            sessions.c.seen_at_ms > now_ms - IDLE_MS,
            accounts.c.suspended_at_ms.is_(None),
            accounts.c.deleted_at_ms.is_(None),
        )
    ).first()
    if row is None:
        return None
    confirmed = row.email_confirmed_at_ms is not None
    approved = confirmed and row.approved_at_ms is not None
    who = Visitor(row.account, row.id, row.handle, row.role, approved, confirmed)
    return who, row.seen_at_ms


def seen(connection: Connection, id: int, now_ms: int) -> None:
    connection.execute(sessions.update().where(sessions.c.id == id).values(seen_at_ms=now_ms))


def listed(connection: Connection, account: int, now_ms: int) -> list[Session]:
    """The last seen first."""
    rows = connection.execute(
        sa.select(sessions)
        .where(sessions.c.account == account, sessions.c.seen_at_ms > now_ms - IDLE_MS)
        .order_by(sessions.c.seen_at_ms.desc(), sessions.c.id.desc())
    )
    return [Session(r.id, r.created_at_ms, r.seen_at_ms, r.place, r.agent) for r in rows]


def end(connection: Connection, account: int, id: int) -> None:
    """Ends one of one's own."""
    connection.execute(
        sa.delete(sessions).where(sessions.c.account == account, sessions.c.id == id)
    )


def end_others(connection: Connection, account: int, kept: int = 0) -> None:
    """Ends all but one, and whatever log-in is half done."""
    connection.execute(
        sa.delete(sessions).where(sessions.c.account == account, sessions.c.id != kept)
    )
    connection.execute(sa.delete(log_in_steps).where(log_in_steps.c.account == account))


def begin_step(connection: Connection, account: int, token: str, now_ms: int) -> None:
    """The password was right: five minutes and five tries for the code. One such step for an account."""
    connection.execute(
        sa.delete(log_in_steps).where(
            sa.or_(log_in_steps.c.account == account, log_in_steps.c.until_ms < now_ms)
        )
    )
    connection.execute(
        log_in_steps.insert().values(
            token=hash_of(token), account=account, until_ms=now_ms + STEP_MS, tries=0
        )
    )


def try_step(connection: Connection, token: str, now_ms: int) -> int:
    """One try of a step: whose it is. Errors: `log_in_again` when its time or its tries are over."""
    done = connection.execute(
        log_in_steps.update()
        .where(
            log_in_steps.c.token == hash_of(token),
            log_in_steps.c.until_ms > now_ms,
            log_in_steps.c.tries < STEP_TRIES,
        )
        .values(tries=log_in_steps.c.tries + 1)
        .returning(log_in_steps.c.account)
    ).scalar()
    if done is None:
        raise Refused("log_in_again")
    return int(done)


def end_step(connection: Connection, token: str) -> None:
    connection.execute(sa.delete(log_in_steps).where(log_in_steps.c.token == hash_of(token)))
