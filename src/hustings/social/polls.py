"""Polls: what a post asks besides its words, with two to four answers. Voting is `voting`.

A poll belongs to its post and has its id. Whoever is suspended after he voted takes nothing back: counts are of votes, not of
who is here now, so that nobody's suspension turns a result round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import notify, text
from hustings.social.typed import number, truth
from hustings.store.polls import poll_answers, poll_ballots, polls
from hustings.store.posts import posts
from hustings.store.questions import Question, among
from hustings.wire.errors import Refused

OPTIONS_MIN, OPTIONS_MAX = 2, 4
OPTION_MAX = 50
"""Characters that people count."""
LENGTH_MIN_S, LENGTH_MAX_S = 300, 2_629_746


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to ask. No `options`: nothing. `length_ms` none: not said, which only an edit may leave open."""

    options: tuple[str, ...] = ()
    length_ms: int | None = None
    multiple: bool = False
    hide_totals: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    title: str
    votes: int


@dataclass(frozen=True, slots=True)
class Poll:
    """As a viewer sees it. `voted` none: a stranger looks; the author has voted, as it were. `mine`: the places he chose."""

    post: int
    multiple: bool
    hide_totals: bool
    ends_at_ms: int
    voters: int
    answers: tuple[Answer, ...]
    voted: bool | None
    mine: tuple[int, ...]

    @property
    def votes(self) -> int:
        return sum(one.votes for one in self.answers)

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(one.title for one in self.answers)

    def is_over(self, now_ms: int) -> bool:
        return self.ends_at_ms <= now_ms

    def shows_counts(self, now_ms: int) -> bool:
        return not self.hide_totals or self.is_over(now_ms)


def read(value: object) -> Asked:
    """The `poll` of Mastodon's `POST /api/v1/statuses`. Empty answers are none.

    Errors: `bad_request`, `poll_options_count`, `poll_option_too_long`, `poll_options_alike`, `poll_length_wrong`.
    """
    if value in (None, "", {}, []):
        return Asked()
    if not isinstance(value, dict):
        raise Refused("bad_request", field="poll")
    options = _options(value.get("options"))
    return Asked(
        options=options,
        length_ms=_length_ms(value.get("expires_in")),
        multiple=truth(value.get("multiple")),
        hide_totals=truth(value.get("hide_totals")),
    )


def publish(connection: Connection, post: int, asked: Asked, now_ms: int) -> None:
    """What a new post asks. Errors: `poll_length_wrong` where it is not said."""
    if asked.length_ms is None:
        raise Refused("poll_length_wrong", field="poll")
    connection.execute(
        polls.insert().values(
            post=post,
            multiple=asked.multiple,
            hide_totals=asked.hide_totals,
            ends_at_ms=now_ms + asked.length_ms,
            voters=0,
        )
    )
    _lay_out(connection, post, asked.options)


def edit(
    connection: Connection, post: int, had: Poll | None, asked: Asked | None, now_ms: int
) -> bool:
    """A post that is written anew asks this; None leaves what it `had`. Whether it asks something else now: then all votes
    are gone. Another length, from now on, or other `hide_totals`, is the same question.

    Errors: `poll_length_wrong`.
    """
    if asked is None or (had is None and not asked.options):
        return False
    if had is None:
        publish(connection, post, asked, now_ms)
        return True
    if not asked.options:
        delete(connection, post)
        return True
    if asked.length_ms is not None:
        _change(connection, post, ends_at_ms=now_ms + asked.length_ms, told_at_ms=None)
        notify.take_back_all(connection, notify.POLL, post)
    _change(connection, post, hide_totals=asked.hide_totals, multiple=asked.multiple)
    if asked.options == had.options and asked.multiple == had.multiple:
        return False
    _change(connection, post, voters=0)
    for table in (poll_answers, poll_ballots):
        connection.execute(sa.delete(table).where(table.c.post == post))
    _lay_out(connection, post, asked.options)
    return True


def delete(connection: Connection, post: int) -> None:
    """With every vote. A post that asks nothing is none the worse for it."""
    for table in (poll_ballots, poll_answers, polls):
        connection.execute(sa.delete(table).where(table.c.post == post))


def of_post(connection: Connection, viewer: int | None, post: int) -> Poll | None:
    return of_posts(connection, viewer, [post]).get(post)


_OF_POSTS = Question(
    sa.select(polls, posts.c.account)
    .join(posts, posts.c.id == polls.c.post)
    .where(among(polls.c.post))
)


def of_posts(
    connection: Connection, viewer: int | None, posts_: Collection[int]
) -> dict[int, Poll]:
    """Those that posts have, which the viewer was found to be allowed to see."""
    rows = {row["post"]: row for row in _OF_POSTS.trees(connection, {"ids": list(posts_)})}
    if not rows:
        return {}
    answers: dict[int, list[Answer]] = {}
    every = sa.select(poll_answers).where(poll_answers.c.post.in_(rows))
    for one in connection.execute(every.order_by(poll_answers.c.place)):
        answers.setdefault(one.post, []).append(Answer(one.title, one.votes))
    mine = {} if viewer is None else _ballots(connection, viewer, rows)
    return {
        post: Poll(
            post=post,
            multiple=row["multiple"],
            hide_totals=row["hide_totals"],
            ends_at_ms=row["ends_at_ms"],
            voters=row["voters"],
            answers=tuple(answers.get(post, ())),
            voted=None if viewer is None else viewer == row["account"] or post in mine,
            mine=mine.get(post, ()),
        )
        for post, row in rows.items()
    }


def noted(poll: Poll | None) -> list[str] | None:
    """What a history keeps of it."""
    return None if poll is None else list(poll.options)


def _ballots(
    connection: Connection, viewer: int, asked: Collection[int]
) -> dict[int, tuple[int, ...]]:
    own = sa.select(poll_ballots.c.post, poll_ballots.c.choices).where(
        poll_ballots.c.account == viewer, poll_ballots.c.post.in_(asked)
    )
    return {post: tuple(choices) for post, choices in connection.execute(own)}


def _lay_out(connection: Connection, post: int, options: tuple[str, ...]) -> None:
    rows = [
        {"post": post, "place": place, "title": title, "votes": 0}
        for place, title in enumerate(options)
    ]
    connection.execute(poll_answers.insert(), rows)


def _change(connection: Connection, post: int, **values: object) -> None:
    connection.execute(polls.update().where(polls.c.post == post).values(**values))


def _options(value: object) -> tuple[str, ...]:
    """The answers, cleaned, in one line each."""
    named = list(value.values()) if isinstance(value, Mapping) else value
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise Refused("bad_request", field="poll")
    typed = [one for one in named if one and not one.isspace()]
    if len(typed) > OPTIONS_MAX:
        raise Refused("poll_options_count", field="poll")
    options = [said for said in map(_option, typed) if said]
    if len(options) < OPTIONS_MIN:
        raise Refused("poll_options_count", field="poll")
    if len({one.casefold() for one in options}) < len(options):
        raise Refused("poll_options_alike", field="poll")
    return tuple(options)


def _option(typed: str) -> str:
    raw_max = OPTION_MAX * text.POINTS_FOR_ONE
    if len(typed) > raw_max:
        raise Refused("poll_option_too_long", field="poll", characters_max=OPTION_MAX)
    said = " ".join(text.clean(typed).split())
    if text.drawn(said) > OPTION_MAX:
        raise Refused("poll_option_too_long", field="poll", characters_max=OPTION_MAX)
    return said


def _length_ms(value: object) -> int | None:
    if value in (None, ""):
        return None
    seconds = number(value, 10)
    if seconds is None or not LENGTH_MIN_S <= seconds <= LENGTH_MAX_S:
        raise Refused("poll_length_wrong", field="poll")
    return seconds * 1_000
