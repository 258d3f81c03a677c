"""Voting: one vote for each account, whole, while a poll runs and by whom its post is for; and telling its end.

That the hour has come is looked for by work (`next_end_ms`, `call`), which makes a job of it; the job tells it in batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, jobs, notify, polls
from hustings.social.lanes import POLLS
from hustings.social.polls import OPTIONS_MAX, Poll
from hustings.social.posts import told_at
from hustings.social.shown import Original, original
from hustings.social.typed import number
from hustings.store.polls import poll_answers, poll_ballots
from hustings.store.polls import polls as table
from hustings.store.posts import posts
from hustings.store.upsert import add_once
from hustings.wire.errors import Refused

BATCH = 500
CALLED_AT_ONCE = 50


def choices_of(value: object) -> tuple[int, ...]:
    """The `choices` of Mastodon's `POST /api/v1/polls/:id/votes`: places from 0, each once. Errors: `poll_choice_wrong`."""
    named = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(named, list):
        named = [named]
    if not 0 < len(named) <= OPTIONS_MAX:
        raise Refused("poll_choice_wrong", field="choices")
    return tuple(dict.fromkeys(_place(one) for one in named))


def one(connection: Connection, viewer: int | None, post: int) -> Poll:
    """What a post asks, that the viewer may see. Errors: `poll_unknown`."""
    found = polls.of_post(connection, viewer, _asking(connection, viewer, post).id)
    if found is None:
        raise Refused("poll_unknown")
    return found


def vote(
    connection: Connection, account: int, post: int, choices: Sequence[int], now_ms: int
) -> None:
    """Errors: `account_suspended`, `not_let_in`, `poll_unknown`, `poll_own`, `poll_over`, `poll_choice_wrong`, `poll_voted`."""
    accounts.check_may_speak(connection, account)
    whole = _asking(connection, account, post)
    poll = polls.of_post(connection, account, whole.id)
    if poll is None:
        raise Refused("poll_unknown")
    if whole.account == account:
        raise Refused("poll_own")
    if poll.is_over(now_ms):
        raise Refused("poll_over")
    if max(choices) >= len(poll.answers) or (len(choices) > 1 and not poll.multiple):
        raise Refused("poll_choice_wrong", field="choices")
    ballot = {"post": whole.id, "account": account, "choices": list(choices), "at_ms": now_ms}
    if not add_once(connection, poll_ballots, ballot):
        raise Refused("poll_voted")
    chosen = sa.and_(poll_answers.c.post == whole.id, poll_answers.c.place.in_(choices))
    connection.execute(poll_answers.update().where(chosen).values(votes=poll_answers.c.votes + 1))
    connection.execute(
        table.update().where(table.c.post == whole.id).values(voters=table.c.voters + 1)
    )


def next_end_ms(connection: Connection) -> int | None:
    """When the next poll ends whose end nobody was told; None when none runs."""
    asked = sa.select(sa.func.min(table.c.ends_at_ms)).where(table.c.told_at_ms.is_(None))
    return connection.execute(asked).scalar()


def call(connection: Connection, id_at: Callable[[int], int], now_ms: int) -> None:
    """The polls that are over, some at a time, become jobs. Errors: `work_full`."""
    over = (
        sa.select(table.c.post, table.c.ends_at_ms)
        .where(table.c.told_at_ms.is_(None), table.c.ends_at_ms <= now_ms)
        .order_by(table.c.ends_at_ms)
        .limit(CALLED_AT_ONCE)
    )
    for post, ends_at_ms in connection.execute(over).all():
        body = {"post": post, "ended_at_ms": ends_at_ms}
        jobs.add(connection, POLLS, id_at(now_ms), body, now_ms, f"{post}-{ends_at_ms}")
        connection.execute(table.update().where(table.c.post == post).values(told_at_ms=now_ms))


def tell(connection: Connection, post: int, ended_at_ms: int, after: int) -> int | None:
    """Tells the next `BATCH` of those who voted that it is over, the author with the first: the last of them, to go on after;
    None when all have heard. May be done again. A poll that was given another end meanwhile is not over."""
    asked = (
        sa.select(posts.c.account, table.c.told_at_ms)
        .join(table, table.c.post == posts.c.id)
        .where(
            posts.c.id == post, table.c.ends_at_ms == ended_at_ms, table.c.told_at_ms.is_not(None)
        )
    )
    found = connection.execute(asked).first()
    if found is None:
        return None
    author, told_at_ms = found
    next_ones = (
        sa.select(poll_ballots.c.account)
        .where(poll_ballots.c.post == post, poll_ballots.c.account > after)
        .order_by(poll_ballots.c.account)
        .limit(BATCH)
    )
    voters = list(connection.execute(next_ones).scalars())
    told = told_at(post, told_at_ms)
    ears = voters if after else [author, *voters]
    notify.tell_of_end(connection, told, author, ears, post)
    return voters[-1] if len(voters) == BATCH else None


def _asking(connection: Connection, viewer: int | None, post: int) -> Original:
    try:
        return original(connection, viewer, post)
    except Refused:
        raise Refused("poll_unknown") from None


def _place(value: object) -> int:
    place = number(value, 1)
    if place is None:
        raise Refused("poll_choice_wrong", field="choices")
    return place
