"""Reports: a member tells those who look after the server of an account, and of posts of it, and whom it is about hears
nothing.

A report is open until a moderator resolves it; one may take it, so that two do not do the same. Notes are read by moderators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, names
from hustings.social.accounts import Account
from hustings.social.ids import moment
from hustings.social.order import ACTS, Order, role_of
from hustings.social.paging import Page, id_of
from hustings.social.posts import first_id
from hustings.social.visibility import may_see
from hustings.store.order import order_notes, reports
from hustings.store.posts import posts
from hustings.wire.errors import Refused

SPAM, VIOLATION, LEGAL, OTHER = "spam", "violation", "legal", "other"
CATEGORIES = (SPAM, VIOLATION, LEGAL, OTHER)
COMMENT_MAX, NOTE_MAX = 1_000, 1_000
POSTS_MAX = 20
MANY, MANY_MS = 20, 86_400_000
"""Of one member in a day."""
RESOLVED, REOPENED, TAKEN = "report_resolved", "report_reopened", "report_taken"
NOTES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is reported. `rules`: their numbers, from 1."""

    target: int
    category: str
    comment: str
    posts: tuple[int, ...]
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`by` and `about` are none where the account is no more."""

    id: int
    by: Account | None
    about: Account | None
    target: int
    category: str
    comment: str
    rules: tuple[int, ...]
    posts: tuple[int, ...]
    taken_by: Account | None
    resolved_at_ms: int | None
    resolved_by: Account | None

    @property
    def at_ms(self) -> int:
        return moment(self.id)


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    by: Account | None
    report: int | None
    text: str

    @property
    def at_ms(self) -> int:
        return moment(self.id)


def read(tree: Mapping[str, Any], posts: list[Any], rules: list[Any], rules_max: int) -> Wanted:
    """The fields of Mastodon's `POST /api/v1/reports`. Errors: `account_unknown`, `post_unknown`, `report_posts_many`,
    `report_comment_too_long`, `report_category_unknown`, `rule_unknown`."""
    comment = names.lines(tree.get("comment"), COMMENT_MAX, "report_comment_too_long", "comment")
    if len(posts) > POSTS_MAX or len(rules) > rules_max:
        raise Refused("report_posts_many" if len(posts) > POSTS_MAX else "rule_unknown")
    numbers = tuple(dict.fromkeys(id_of(str(one), "rule_unknown") for one in rules))
    if not all(1 <= one <= rules_max for one in numbers):
        raise Refused("rule_unknown", field="rule_ids")
    category = tree.get("category") or (VIOLATION if numbers else OTHER)
    if category not in CATEGORIES:
        raise Refused("report_category_unknown", field="category")
    return Wanted(
        id_of(str(tree.get("account_id") or ""), "account_unknown"),
        str(category),
        comment,
        tuple(dict.fromkeys(id_of(str(one)) for one in posts)),
        numbers,
    )


def file(connection: Connection, id: int, by: int, wanted: Wanted, now_ms: int) -> Report:
    """A new one. Errors: `account_unknown`, `report_oneself`, `post_unknown` for a post that is not the account's or that the
    reporter may not see, `reports_many`, `account_suspended`, `not_let_in`."""
    accounts.check_may_speak(connection, by)
    if wanted.target == by:
        raise Refused("report_oneself")
    accounts.check_is_here(connection, wanted.target)
    _check_rate(connection, by, now_ms)
    theirs = sa.select(posts.c.id).where(
        posts.c.id.in_(wanted.posts), posts.c.account == wanted.target, may_see(by)
    )
    if set(connection.execute(theirs).scalars()) != set(wanted.posts):
        raise Refused("post_unknown")
    connection.execute(
        reports.insert().values(
            id=id,
            account=by,
            target=wanted.target,
            category=wanted.category,
            comment=wanted.comment,
            rules=list(wanted.rules),
            posts=[str(one) for one in wanted.posts],
        )
    )
    return of_id(connection, id)


def page(
    connection: Connection, asked: Page, resolved: bool, taken_by: int | None = None
) -> list[Report]:
    """The open ones, or those resolved, in the order in which they are asked for: who reads upwards lets nobody wait longest."""
    question = sa.select(reports)
    if resolved:
        question = question.where(reports.c.resolved_at_ms.is_not(None))
    else:
        question = question.where(reports.c.resolved_at_ms.is_(None))
    if taken_by is not None:
        question = question.where(reports.c.taken_by == taken_by)
    rows = connection.execute(asked.cut(question, reports.c.id)).mappings().all()
    return _made(connection, list(rows))


def about(connection: Connection, target: int, most: int) -> list[Report]:
    """Those about an account, the newest first."""
    asked = sa.select(reports).where(reports.c.target == target).order_by(reports.c.id.desc())
    return _made(connection, list(connection.execute(asked.limit(most)).mappings()))


def of_id(connection: Connection, id: int) -> Report:
    """Errors: `report_unknown`."""
    row = connection.execute(sa.select(reports).where(reports.c.id == id)).mappings().first()
    if row is None:
        raise Refused("report_unknown")
    return _made(connection, [row])[0]


def open_ones(connection: Connection, most: int) -> int:
    """How many wait, `most` at the most."""
    some = sa.select(reports.c.id).where(reports.c.resolved_at_ms.is_(None)).limit(most).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def take(connection: Connection, order: Order, id: int) -> None:
    """A moderator looks at it; whoever had it has it no more. Errors: `report_unknown`, `not_allowed`."""
    _change(connection, order, id, TAKEN, taken_by=order.by)


def resolve(connection: Connection, order: Order, id: int) -> None:
    """Errors: `report_unknown`, `not_allowed`."""
    done = {"resolved_at_ms": order.now_ms, "resolved_by": order.by}
    _change(connection, order, id, RESOLVED, **done)


def reopen(connection: Connection, order: Order, id: int) -> None:
    """Errors: `report_unknown`, `not_allowed`."""
    _change(connection, order, id, REOPENED, resolved_at_ms=None, resolved_by=None)


def act(
    connection: Connection, order: Order, act: str, about: int, id: int | None, entry: int
) -> None:
    """An act about an account (`order.ACTS`), which resolves the report that led to it. `entry`: an id for that line of the log.
    Errors: those of the act, `report_unknown`."""
    ACTS[act](connection, order, about)
    if id is not None:
        if of_id(connection, id).target != about:
            raise Refused("report_unknown")
        resolve(connection, replace(order, entry=entry), id)


def note(connection: Connection, order: Order, about: int, text: str, report: int | None) -> None:
    """Errors: `not_allowed`, `account_unknown`, `report_unknown`, `reason_missing` for an empty one."""
    role_of(connection, order.by)
    if not text:
        raise Refused("reason_missing", field="note")
    if report is not None and of_id(connection, report).target != about:
        raise Refused("report_unknown")
    if accounts.member(connection, about) is None:
        raise Refused("account_unknown")
    row = {"id": order.entry, "by": order.by, "about": about, "report": report, "text": text}
    connection.execute(order_notes.insert().values(row))


def notes(connection: Connection, about: int) -> list[Note]:
    """What moderators noted about an account, the newest first."""
    asked = sa.select(order_notes).where(order_notes.c.about == about)
    rows = connection.execute(asked.order_by(order_notes.c.id.desc()).limit(NOTES_SHOWN)).all()
    who = accounts.of_ids(connection, {row.by for row in rows}, True)
    return [Note(row.id, who.get(row.by), row.report, row.text) for row in rows]


def _change(connection: Connection, order: Order, id: int, act: str, **columns: object) -> None:
    role_of(connection, order.by)
    found = of_id(connection, id)
    connection.execute(reports.update().where(reports.c.id == id).values(**columns))
    handle = found.about.handle if found.about else ""
    facts = {"handle": handle, "report": str(id)}
    accounts.note_down(connection, order.entry, order.now_ms, order.by, act, found.target, **facts)


def _check_rate(connection: Connection, by: int, now_ms: int) -> None:
    since = first_id(now_ms - MANY_MS)
    asked = sa.select(reports.c.id).where(reports.c.account == by, reports.c.id >= since)
    if connection.execute(asked.offset(MANY - 1).limit(1)).first() is not None:
        raise Refused("reports_many")


def _made(connection: Connection, rows: list[sa.RowMapping]) -> list[Report]:
    columns = ("account", "target", "taken_by", "resolved_by")
    who = accounts.of_ids(connection, {row[name] for row in rows for name in columns}, True)
    return [
        Report(
            id=row["id"],
            by=who.get(row["account"]),
            about=who.get(row["target"]),
            target=row["target"],
            category=row["category"],
            comment=row["comment"],
            rules=tuple(row["rules"]),
            posts=tuple(int(one) for one in row["posts"]),
            taken_by=who.get(row["taken_by"]),
            resolved_at_ms=row["resolved_at_ms"],
            resolved_by=who.get(row["resolved_by"]),
        )
        for row in rows
    ]
