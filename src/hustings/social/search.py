"""Search: posts by words, people by the beginnings of their names, tags, rooms. Only what the searcher may see.

A question is words, "words in a row", -words that must not be there, word* that goes on, and `from:ada`, `from:me`,
`before:2024-08-12`, `after:2023-05-25` (days, UTC), `has:media` (`indexing.HAS_KNOWN`). What is none of that is a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, indexing, paging, shown, stages
from hustings.social.accounts import Account
from hustings.social.posts import first_id
from hustings.social.shown import Post
from hustings.social.text import tag_key
from hustings.social.visibility import PUBLIC, comes_upon, may_see, reaches, wants_to_see
from hustings.store import words
from hustings.store.bound import NOW, VIEWER
from hustings.store.follows import account_counts, follows
from hustings.store.people import accounts as people
from hustings.store.people import members
from hustings.store.posts import post_tags, posts
from hustings.store.questions import Question as Asked
from hustings.store.questions import among, plan_once
from hustings.store.tables import rooms
from hustings.store.words import Term
from hustings.wire.errors import Refused

QUERY_MAX, TERMS_MAX = 500, 20
LOOKED_AT_MAX = 1_000
"""So many of those that have the words, the newest, are asked whether they may be seen: a page lies among them."""
LOOKED_AT_FIRST = 40
"""And mostly among these, or twice as many as are asked for, so they are asked before."""
ROOMS_MAX = 500
OFFSET_MAX = 1_000
TAGS_LOOKED_AT_MAX = 500
_PIECE = re.compile(r'(-?)(?:(from|before|after|has):(\S+)|"([^"]*)"|(\S+))', re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
Who = Callable[[str], int | None]
"""A handle into an account's id."""


@dataclass(frozen=True, slots=True)
class Question:
    """`nothing`: it asks for what cannot be, a stranger's posts or an unknown `has:`."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    above: int | None = None
    below: int | None = None
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of what is found: `min_id` and `max_id` are borders, `offset` counts within them."""

    limit: int = 20
    offset: int = 0
    min_id: int | None = None
    max_id: int | None = None
    author: int | None = None


def window(tree: Mapping[str, str], limit: int = 20, most: int = 40) -> Window:
    """From a query's fields. Errors: `bad_request`, `account_unknown`."""
    page = paging.read(tree, limit, most)
    offset = paging.read({"limit": tree.get("offset")}, 0, OFFSET_MAX).limit
    by = tree.get("account_id", "")
    author = paging.id_of(by, "account_unknown") if by else None
    skipped = 0 if tree.get("offset", "0") in ("", "0") else offset
    return Window(page.limit, skipped, page.min_id, page.max_id, author)


def parse(asked: str, me: int | None, who: Who) -> Question:
    """Errors: `query_too_long`."""
    if len(asked) > QUERY_MAX:
        raise Refused("query_too_long", field="q")
    wanted: list[Term] = []
    unwanted: list[Term] = []
    above: list[int] = []
    below: list[int] = []
    nothing = False
    for count, piece in enumerate(_PIECE.finditer(asked)):
        if count >= TERMS_MAX:
            raise Refused("query_too_long", field="q")
        minus, name, value, quoted, plain = piece.groups()
        name = (name or "").lower()
        border = _border(name, value or "")
        if border is not None and not minus:
            (below if name == "before" else above).append(border)
            continue
        if name in ("from", "has"):
            mark = _mark(name, value, me, who)
            if mark is not None:
                (unwanted if minus else wanted).append(Term((mark,)))
            elif not minus:
                nothing = True
            continue
        term = _term(quoted if quoted is not None else plain or f"{name} {value}")
        if term is not None:
            (unwanted if minus else wanted).append(term)
    return Question(
        tuple(wanted),
        tuple(unwanted),
        max(above, default=None),
        min(below, default=None),
        nothing,
    )


def find_posts(
    connection: Connection, reader: int | None, asked: Question, window: Window, now_ms: int
) -> list[Post]:
    """The newest first. A question without a wanted word finds nothing."""
    if asked.nothing:
        return []
    mine = () if window.author is None else (Term((indexing.by(window.author),)),)
    above = max((one for one in (asked.above, window.min_id) if one is not None), default=None)
    below = min((one for one in (asked.below, window.max_id) if one is not None), default=None)
    wanted = (*asked.wanted, *mine)
    plan_once(connection)
    first = max(LOOKED_AT_FIRST, 2 * (window.offset + window.limit))
    seen, ids = _posts(reader is None), list[int]()
    here = {"offset": window.offset, "limit": window.limit, VIEWER.key: reader, NOW.key: now_ms}
    for most in (min(first, LOOKED_AT_MAX), LOOKED_AT_MAX):
        some = words.newest(connection, words.POSTS, wanted, asked.unwanted, most, above, below)
        ids = seen.column(connection, {**here, "ids": some})
        if len(ids) == window.limit or len(some) < most:
            break
    return shown.found(connection, reader, ids)


@lru_cache
def _posts(stranger: bool) -> Asked:
    """A page of those of some posts that whoever searches may see and wants to."""
    viewer = None if stranger else VIEWER
    seen = [may_see(viewer), reaches(viewer)]
    if not stranger:
        seen.append(wants_to_see(VIEWER, NOW))
    page = sa.select(posts.c.id).where(among(posts.c.id), *seen).order_by(posts.c.id.desc())
    return Asked(_part(page))


def _part(page: sa.Select[Any]) -> sa.Select[Any]:
    """The part that a `Window` is of."""
    offset, limit = (sa.bindparam(name, type_=sa.Integer) for name in ("offset", "limit"))
    return page.offset(offset).limit(limit)


def find_people(
    connection: Connection,
    reader: int | None,
    asked: str,
    window: Window,
    followed_only: bool = False,
) -> list[Account]:
    """Whose handle or name has words that begin so; those with most followers first. Errors: `query_too_long`."""
    if len(asked) > QUERY_MAX:
        raise Refused("query_too_long", field="q")
    begun = [Term((word,), True) for word in words.split(asked)[:TERMS_MAX]]
    ids = words.newest(connection, words.ACCOUNTS, begun, (), LOOKED_AT_MAX)
    if not ids:
        return []
    plan_once(connection)
    counted = dict(_FOLLOWERS.rows(connection, {"ids": ids}))
    ids.sort(key=lambda id: (-counted.get(id, 0), id))
    needed = window.offset + window.limit
    found: list[int] = []
    for some in (ids[: max(LOOKED_AT_FIRST, 2 * needed)], ids):
        values = {"ids": some, VIEWER.key: reader}
        there = set(_people(reader is None, followed_only).column(connection, values))
        found = [id for id in some if id in there]
        if len(found) >= needed or len(some) == len(ids):
            break
    page = found[window.offset : needed]
    known = accounts.of_ids(connection, page)
    return [known[id] for id in page if id in known]


_FOLLOWERS = Asked(
    sa.select(account_counts.c.account, account_counts.c.followers).where(
        among(account_counts.c.account)
    )
)


@lru_cache
def _people(stranger: bool, followed_only: bool) -> Asked:
    """Those of some accounts that whoever searches may come upon."""
    viewer = None if stranger else VIEWER
    page = (
        sa.select(members.c.account)
        .join(people, people.c.id == members.c.account)
        .where(among(members.c.account), *accounts.SEEN, comes_upon(viewer, members.c.account))
    )
    if followed_only:
        mine = sa.select(follows.c.target).where(follows.c.account == VIEWER)
        page = page.where(members.c.account.in_(mine))
    return Asked(page)


def find_tags(connection: Connection, reader: int | None, asked: str, window: Window) -> list[str]:
    """Keys of tags that begin so, in public posts that the reader may see."""
    key = tag_key(asked.strip().removeprefix("#")[:QUERY_MAX])
    if not key or not key.isprintable() or " " in key:
        return []
    plan_once(connection)
    part = {"offset": window.offset, "limit": window.limit}
    values = {"key": key, "end": key + "\U0010ffff", **part, VIEWER.key: reader}
    return _tags(reader is None).column(connection, values)


@lru_cache
def _tags(stranger: bool) -> Asked:
    key, end = (sa.bindparam(name, type_=sa.String) for name in ("key", "end"))
    some = (
        sa.select(post_tags.c.tag, post_tags.c.post)
        .where(post_tags.c.tag >= key, post_tags.c.tag < end)
        .limit(TAGS_LOOKED_AT_MAX)
        .subquery()
    )
    viewer = None if stranger else VIEWER
    page = (
        sa.select(some.c.tag)
        .join(posts, posts.c.id == some.c.post)
        .where(posts.c.visibility == PUBLIC, may_see(viewer), reaches(viewer))
        .group_by(some.c.tag)
        .order_by(sa.func.count().desc(), some.c.tag)
    )
    return Asked(_part(page))


_PROGRAMME = Asked(
    sa.select(*shown.ROOM)
    .where(rooms.c.listed.is_(True), rooms.c.deleted_at_ms.is_(None), stages.is_shown())
    .order_by(rooms.c.starts_at_ms.desc())
    .limit(ROOMS_MAX)
)


def find_rooms(connection: Connection, asked: str, window: Window) -> list[shown.Room]:
    """Rooms of the programme whose title has words that begin so, the last ones first."""
    begun = words.split(asked[:QUERY_MAX])[:TERMS_MAX]
    if not begun:
        return []
    found = []
    for room in (shown.Room(*row) for row in _PROGRAMME.rows(connection, {})):
        titled = words.split(room.title)
        if all(any(word.startswith(one) for word in titled) for one in begun):
            found.append(room)
    return found[window.offset : window.offset + window.limit]


def _term(typed: str) -> Term | None:
    split = words.split(typed)
    return Term(tuple(split), typed.endswith("*")) if split else None


def _mark(name: str, value: str, me: int | None, who: Who) -> str | None:
    if name == "has":
        return indexing.has(value.lower()) if value.lower() in indexing.HAS_KNOWN else None
    author = me if value.lower() == "me" else who(value)
    return None if author is None else indexing.by(author)


def _border(name: str, value: str) -> int | None:
    """The id above or below which it lies: `after` a day is from its end on."""
    if name not in ("before", "after") or not _DAY.fullmatch(value):
        return None
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    if name == "before":
        return first_id(int(day.timestamp() * 1000))
    after = day.timestamp() + timedelta(days=1).total_seconds()
    return first_id(int(after * 1000)) - 1
