"""Search: posts by words, people by the beginnings of their names, tags, rooms. Only what the searcher may see.

A question is words, "words in a row", -words that must not be there, word* that goes on, and `from:ada`, `from:me`,
`before:2024-08-12`, `after:2023-05-25` (days, UTC), `has:media` (`indexing.HAS_KNOWN`). What is none of that is a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, indexing, paging, shown, stages
from hustings.social.accounts import Account
from hustings.social.posts import first_id
from hustings.social.shown import Post
from hustings.social.text import tag_key
from hustings.social.visibility import PUBLIC, comes_upon, may_see, reaches, wants_to_see
from hustings.store import words
from hustings.store.follows import account_counts, follows
from hustings.store.people import accounts as people
from hustings.store.people import members
from hustings.store.posts import post_tags, posts
from hustings.store.tables import rooms
from hustings.store.words import Term
from hustings.wire.errors import Refused

QUERY_MAX, TERMS_MAX = 500, 20
LOOKED_AT_MAX = 1_000
"""So many of those that have the words, the newest, are asked whether they may be seen: a page lies among them."""
LOOKED_AT_FIRST = 100
"""And mostly among these, so they are asked before."""
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
    candidates = words.newest(
        connection,
        words.POSTS,
        (*asked.wanted, *mine),
        asked.unwanted,
        LOOKED_AT_MAX,
        max((one for one in (asked.above, window.min_id) if one is not None), default=None),
        min((one for one in (asked.below, window.max_id) if one is not None), default=None),
    )
    if not candidates:
        return []
    seen = [may_see(reader), reaches(reader)]
    if reader is not None:
        seen.append(wants_to_see(reader, now_ms))
    page = sa.select(posts.c.id).where(*seen).order_by(posts.c.id.desc())
    page = page.offset(window.offset).limit(window.limit)
    ids: list[int] = []
    for some in (candidates[:LOOKED_AT_FIRST], candidates):
        ids = list(connection.execute(page.where(posts.c.id.in_(some))).scalars())
        if len(ids) == window.limit or len(some) == len(candidates):
            break
    return shown.of_ids(connection, reader, ids)


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
    followers = sa.func.coalesce(account_counts.c.followers, 0)
    page = (
        sa.select(members.c.account)
        .join(people, people.c.id == members.c.account)
        .outerjoin(account_counts, account_counts.c.account == members.c.account)
        .where(members.c.account.in_(ids), *accounts.SEEN, comes_upon(reader, members.c.account))
        .order_by(followers.desc(), members.c.account)
    )
    if followed_only:
        mine = sa.select(follows.c.target).where(follows.c.account == reader)
        page = page.where(members.c.account.in_(mine))
    some = connection.execute(page.offset(window.offset).limit(window.limit)).scalars().all()
    found = accounts.of_ids(connection, some)
    return [found[id] for id in some if id in found]


def find_tags(connection: Connection, reader: int | None, asked: str, window: Window) -> list[str]:
    """Keys of tags that begin so, in public posts that the reader may see."""
    key = tag_key(asked.strip().removeprefix("#")[:QUERY_MAX])
    if not key or not key.isprintable() or " " in key:
        return []
    some = (
        sa.select(post_tags.c.tag, post_tags.c.post)
        .where(post_tags.c.tag >= key, post_tags.c.tag < key + "\U0010ffff")
        .limit(TAGS_LOOKED_AT_MAX)
        .subquery()
    )
    page = (
        sa.select(some.c.tag)
        .join(posts, posts.c.id == some.c.post)
        .where(posts.c.visibility == PUBLIC, may_see(reader), reaches(reader))
        .group_by(some.c.tag)
        .order_by(sa.func.count().desc(), some.c.tag)
    )
    return list(connection.execute(page.offset(window.offset).limit(window.limit)).scalars())


def find_rooms(connection: Connection, asked: str, window: Window) -> list[shown.Room]:
    """Rooms of the programme whose title has words that begin so, the last ones first."""
    begun = words.split(asked[:QUERY_MAX])[:TERMS_MAX]
    if not begun:
        return []
    last = (
        sa.select(*shown.ROOM)
        .where(rooms.c.listed.is_(True), rooms.c.deleted_at_ms.is_(None), stages.is_shown())
        .order_by(rooms.c.starts_at_ms.desc())
        .limit(ROOMS_MAX)
    )
    found = []
    for row in connection.execute(last):
        titled = words.split(row.title)
        if all(any(word.startswith(one) for word in titled) for one in begun):
            found.append(shown.Room(*row))
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
