"""Posts that are to appear later: kept as they were asked for, and asked anew, with every rule, when their hour has come.

Work looks for that hour (`next_due_ms`, `call`) and makes a job of each; `publish` writes the post and takes the row away in
one transaction, so that a job done twice is one post. Its date is the moment when it appears. What can't appear (its author is
suspended, what it answers is gone) stays with the reason, for its author, who may give it another hour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, drafts, jobs, media, posts, quotes
from hustings.social.drafts import Wanted
from hustings.social.lanes import SCHEDULED
from hustings.social.media import Attachment
from hustings.social.paging import Page
from hustings.store.scheduled import scheduled_posts as table
from hustings.wire.errors import Refused

AHEAD_MS = 300_000
FAR_MS = 2 * 366 * 86_400_000
ALL_MAX, DAY_MAX = 300, 25
DAY_MS = 86_400_000
CALLED_AT_ONCE = 50
STUCK_MS = 12 * 3_600_000
"""No job is tried for so long: one that was called before that is lost."""
TYPED_MAX = 64


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`said`: the fields of the post. `fault` "": it waits."""

    id: int
    due_at_ms: int
    said: dict[str, Any]
    fault: str
    media: tuple[Attachment, ...]


def due_of(value: object, now_ms: int) -> int:
    """The `scheduled_at` of Mastodon's `POST /api/v1/statuses`, ISO 8601, UTC where it names no zone: ms since 1970.

    Errors: `time_malformed`, and those of `check_due`.
    """
    typed = value.strip() if isinstance(value, str) and len(value) <= TYPED_MAX else ""
    if not (typed.isascii() and typed.isprintable()):  # it stops at a zero byte, and takes it
        raise Refused("time_malformed", field="scheduled_at")
    try:
        when = datetime.fromisoformat(typed)
        due_at_ms = int(when.replace(tzinfo=when.tzinfo or UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Refused("time_malformed", field="scheduled_at") from None
    check_due(due_at_ms, now_ms)
    return due_at_ms


def check_due(due_at_ms: int, now_ms: int) -> None:
    """Errors: `scheduled_soon`, `time_too_far`."""
    if due_at_ms < now_ms + AHEAD_MS:
        raise Refused("scheduled_soon", field="scheduled_at")
    if due_at_ms > now_ms + FAR_MS:
        raise Refused("time_too_far", field="scheduled_at")


def add(
    connection: Connection,
    id: int,
    account: int,
    wanted: Wanted,
    due_at_ms: int,
    now_ms: int,
    key: str = "",
    app: int | None = None,
) -> int:
    """One more that waits, with its pictures kept for it: its id. With an idempotency `key` that was used within the hour, the
    one that it made.

    Errors: `account_suspended`, `not_let_in`, `scheduled_many`, `scheduled_unknown` (the key's is no more), those of
    `check_due`, `media.reserve` and `quotes.wanted`, `poll_length_wrong`, `post_unknown`, `room_unknown`, as of now.
    """
    accounts.check_may_speak(connection, account)
    if key:
        made = posts.made_before(connection, account, key, now_ms)
        if made is not None:
            return one(connection, account, made).id
    check_due(due_at_ms, now_ms)
    _check_room(connection, account, due_at_ms)
    _check_what_it_names(connection, account, wanted)
    said = _said(wanted) | {"application_id": None if app is None else str(app)}
    connection.execute(
        table.insert().values(id=id, account=account, due_at_ms=due_at_ms, said=said, fault="")
    )
    media.reserve(connection, account, id, wanted.media or ())
    if key:
        posts.remember(connection, account, key, id, now_ms)
    return id


def page(connection: Connection, account: int, asked: Page) -> list[Scheduled]:
    """A page of one's own, the newest asked for first; those that did not appear among them."""
    question = sa.select(table).where(table.c.account == account)
    rows = asked.newest_first(list(connection.execute(asked.cut(question, table.c.id)).mappings()))
    held = media.held_for(connection, [row["id"] for row in rows])
    return [_scheduled(row, held.get(row["id"], ())) for row in rows]


def one(connection: Connection, account: int, id: int) -> Scheduled:
    """One's own. Errors: `scheduled_unknown`."""
    row = connection.execute(sa.select(table).where(*_own(account, id))).mappings().first()
    if row is None:
        raise Refused("scheduled_unknown")
    return _scheduled(row, media.held_for(connection, [id]).get(id, ()))


def move(connection: Connection, account: int, id: int, due_at_ms: int, now_ms: int) -> None:
    """Another hour, also for one that did not appear. Errors: `scheduled_unknown`, `scheduled_many`, those of `check_due`."""
    one(connection, account, id)
    check_due(due_at_ms, now_ms)
    _check_room(connection, account, due_at_ms, id)
    anew = table.update().where(table.c.id == id)
    connection.execute(anew.values(due_at_ms=due_at_ms, called_at_ms=None, fault=""))


def take_back(connection: Connection, account: int, id: int, now_ms: int) -> None:
    """It never appears; its pictures are kept for a day. Errors: `scheduled_unknown`."""
    gone = connection.execute(sa.delete(table).where(*_own(account, id)))
    if not gone.rowcount:
        raise Refused("scheduled_unknown")
    media.let_go(connection, id, now_ms)


def failed(connection: Connection, account: int) -> int:
    """How many of one's own did not appear."""
    many = sa.select(sa.func.count()).where(table.c.account == account, table.c.fault != "")
    return int(connection.execute(many).scalar_one())


def next_due_ms(connection: Connection) -> int | None:
    """When the next one is due that is no job yet; None when none waits."""
    asked = sa.select(sa.func.min(table.c.due_at_ms)).where(table.c.called_at_ms.is_(None))
    return connection.execute(asked).scalar()


def call(connection: Connection, id_at: Callable[[int], int], now_ms: int) -> None:
    """Those whose hour has come, some at a time, become jobs. Errors: `work_full`."""
    due = (
        sa.select(table.c.id, table.c.due_at_ms)
        .where(table.c.called_at_ms.is_(None), table.c.due_at_ms <= now_ms)
        .order_by(table.c.due_at_ms, table.c.id)
        .limit(CALLED_AT_ONCE)
    )
    for id, due_at_ms in connection.execute(due).all():
        body = {"scheduled": id, "due_at_ms": due_at_ms}
        jobs.add(connection, SCHEDULED, id_at(now_ms), body, now_ms, f"{id}-{due_at_ms}")
        connection.execute(table.update().where(table.c.id == id).values(called_at_ms=now_ms))


def publish(
    connection: Connection,
    id: int,
    due_at_ms: int,
    post: int,
    our_domain: str,
    length_max: int,
    web_url: str,
    now_ms: int,
) -> int | None:
    """It appears, as `post`. None when there is nothing to do: it appeared, was taken back, or has another hour.

    Errors: those of `drafts.read` and `posts.publish`, as they are now.
    """
    waits = sa.select(table.c.account, table.c.said).where(*_waiting(id, due_at_ms))
    row = connection.execute(waits).first()
    if row is None:
        return None
    wanted = drafts.read(row.said, our_domain, length_max)
    connection.execute(sa.delete(table).where(table.c.id == id))
    media.let_go(connection, id, now_ms)
    return posts.publish(connection, post, row.account, wanted, web_url, now_ms)


def fail(connection: Connection, id: int, due_at_ms: int, code: str) -> None:
    """It does not appear, and why. It stays, for its author to see."""
    connection.execute(table.update().where(*_waiting(id, due_at_ms)).values(fault=code))


def sweep(connection: Connection, now_ms: int) -> None:
    """What was called long ago and neither appeared nor failed was lost with whoever held it, each time."""
    lost = sa.and_(table.c.called_at_ms < now_ms - STUCK_MS, table.c.fault == "")
    connection.execute(table.update().where(lost).values(fault="unexpected"))


def _own(account: int, id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.account == account, table.c.id == id


def _waiting(id: int, due_at_ms: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.id == id, table.c.due_at_ms == due_at_ms, table.c.fault == ""


def _check_room(connection: Connection, account: int, due_at_ms: int, but: int = 0) -> None:
    """Errors: `scheduled_many`."""
    others = sa.select(table.c.id).where(table.c.account == account, table.c.id != but)
    begins = due_at_ms - due_at_ms % DAY_MS
    that_day = others.where(table.c.due_at_ms >= begins, table.c.due_at_ms < begins + DAY_MS)
    for some, most in ((others, ALL_MAX), (that_day, DAY_MAX)):
        if connection.execute(some.offset(most - 1).limit(1)).first() is not None:
            raise Refused("scheduled_many", field="scheduled_at")


def _check_what_it_names(connection: Connection, account: int, wanted: Wanted) -> None:
    """Whether it could appear now."""
    posts.parent_of(connection, account, wanted.in_reply_to)
    posts.plan_of(connection, wanted.room)
    if wanted.quoted is not None:
        quotes.wanted(connection, account, wanted.quoted)
    if wanted.poll and wanted.poll.options and wanted.poll.length_ms is None:
        raise Refused("poll_length_wrong", field="poll")


def _said(wanted: Wanted) -> dict[str, Any]:
    """The fields, from which `drafts.read` makes the same again."""
    poll = wanted.poll
    return {
        "status": wanted.text,
        "spoiler_text": wanted.spoiler,
        "sensitive": wanted.sensitive,
        "language": wanted.language,
        "visibility": wanted.visibility,
        "in_reply_to_id": None if wanted.in_reply_to is None else str(wanted.in_reply_to),
        "quoted_status_id": None if wanted.quoted is None else str(wanted.quoted),
        "quote_approval_policy": wanted.quote_policy,
        "room": wanted.room,
        "media_ids": [str(id) for id in wanted.media or ()],
        "poll": None
        if poll is None or not poll.options
        else {
            "options": list(poll.options),
            "expires_in": (poll.length_ms or 0) // 1000,
            "multiple": poll.multiple,
            "hide_totals": poll.hide_totals,
        },
    }


def _scheduled(row: sa.RowMapping, held: tuple[Attachment, ...]) -> Scheduled:
    return Scheduled(row["id"], row["due_at_ms"], dict(row["said"]), row["fault"], held)
