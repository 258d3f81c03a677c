"""How many are here, as a server says of itself. Members that others may see; active ones were here within the days asked for."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social.accounts import OWNER, SEEN, Account, of_id
from hustings.store.apps import tokens
from hustings.store.follows import account_counts
from hustings.store.people import accounts, members, sessions

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Figures:
    members: int
    active_month: int
    active_half_year: int
    posts: int
    owner: Account | None


def figures(connection: Connection, now_ms: int) -> Figures:
    here = sa.select(members.c.account).join(accounts, accounts.c.id == members.c.account)
    seen = here.where(*SEEN)
    owner = connection.execute(
        sa.select(accounts.c.id)
        .join(members, members.c.account == accounts.c.id)
        .where(*SEEN, members.c.role == OWNER)
        .order_by(accounts.c.id)
        .limit(1)
    ).scalar()
    written = sa.select(sa.func.sum(account_counts.c.posts)).scalar_subquery()
    return Figures(
        _count(connection, seen),
        _count(connection, seen.where(_active(now_ms - 30 * DAY_MS))),
        _count(connection, seen.where(_active(now_ms - 180 * DAY_MS))),
        int(connection.execute(sa.select(sa.func.coalesce(written, 0))).scalar_one()),
        None if owner is None else of_id(connection, owner),
    )


def _active(since_ms: int) -> sa.ColumnElement[bool]:
    browsers = sa.select(sessions.c.account).where(sessions.c.seen_at_ms > since_ms)
    apps = sa.select(tokens.c.account).where(
        tokens.c.used_at_ms > since_ms, tokens.c.account.is_not(None)
    )
    return sa.or_(members.c.account.in_(browsers), members.c.account.in_(apps))


def _count(connection: Connection, question: sa.Select[tuple[int]]) -> int:
    return int(
        connection.execute(sa.select(sa.func.count()).select_from(question.subquery())).scalar_one()
    )
