"""Reading the audit log: who did what about whom. It is written by `accounts.note_down`, in the transaction of each act."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts
from hustings.social.accounts import Account
from hustings.social.paging import Page
from hustings.store.people import audit_log


@dataclass(frozen=True, slots=True)
class Line:
    """`by` and `about` are none where the account is no more: `facts` may hold its `handle`."""

    id: int
    at_ms: int
    by: Account | None
    act: str
    about: Account | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which lines: `acts` () for all of them."""

    by: int | None = None
    about: int | None = None
    acts: tuple[str, ...] = ()


def page(connection: Connection, wish: Wish, asked: Page) -> list[Line]:
    """The newest first."""
    question = sa.select(audit_log)
    if wish.by is not None:
        question = question.where(audit_log.c.by == wish.by)
    if wish.about is not None:
        question = question.where(audit_log.c.about == wish.about)
    if wish.acts:
        question = question.where(audit_log.c.act.in_(wish.acts))
    rows = asked.newest_first(list(connection.execute(asked.cut(question, audit_log.c.id))))
    who = accounts.of_ids(connection, {id for row in rows for id in (row.by, row.about)}, True)
    return [
        Line(row.id, row.at_ms, who.get(row.by), row.act, who.get(row.about), row.facts)
        for row in rows
    ]


def count(connection: Connection, about: int, acts: Collection[str]) -> int:
    """How often one of these acts was about this account."""
    many = sa.select(sa.func.count()).where(audit_log.c.about == about, audit_log.c.act.in_(acts))
    return int(connection.execute(many).scalar_one())
