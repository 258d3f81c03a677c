"""Finding: first what is named whole, an account by its handle or address and a post by its address, then what `search` finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from hustings.social import accounts, search, shown
from hustings.social.accounts import Account
from hustings.social.paging import id_of
from hustings.social.search import Window
from hustings.social.shown import Post, Room
from hustings.wire.errors import Refused

QUERY_MAX = 2_048
KINDS = ("accounts", "statuses", "hashtags")


@dataclass(frozen=True, slots=True)
class Place:
    """Where we are: the web host's address, and what stands behind our handles."""

    web: str
    domain: str


@dataclass(slots=True)
class Found:
    """What was found, of each kind."""

    people: list[Account] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)


def everything(
    connection: Connection,
    reader: int | None,
    asked: str,
    kinds: tuple[str, ...],
    window: Window,
    place: Place,
    now_ms: int,
) -> Found:
    """Everything of those kinds; rooms beside them in the first page of all. Errors: `query_too_long`."""

    def who(handle: str) -> int | None:
        found = account(connection, handle, place)
        return None if found is None else found.id

    question = search.parse(asked, reader, who)
    found = Found()
    if not asked.strip():
        return found
    if "accounts" in kinds:
        found.people = people(connection, reader, asked, window, False, place)
    if "statuses" in kinds:
        named = None if window.offset else post(connection, reader, asked, place)
        found.posts = [named] if named else []
        found.posts += search.find_posts(connection, reader, question, window, now_ms)
    if "hashtags" in kinds:
        found.tags = search.find_tags(connection, reader, asked, window)
    if kinds == KINDS:
        found.rooms = search.find_rooms(connection, asked, window)
    return found


def people(
    connection: Connection,
    reader: int | None,
    asked: str,
    window: Window,
    followed_only: bool,
    place: Place,
) -> list[Account]:
    """The one who is named whole first. Errors: `query_too_long`."""
    some = search.find_people(connection, reader, asked, window, followed_only)
    first = None if window.offset or followed_only else account(connection, asked, place)
    rest = [one for one in some if first is None or one.id != first.id]
    return ([first, *rest] if first else rest)[: window.limit]


def account(connection: Connection, asked: str, place: Place) -> Account | None:
    """`ada`, `@ada`, `@ada@our.example`, or either address of the account."""
    words = asked.strip()
    if len(words) > QUERY_MAX:
        return None
    if words.startswith(f"{place.web}/people/"):
        id = _id(words.removeprefix(f"{place.web}/people/"))
        return None if id is None else accounts.of_id(connection, id)
    if words.startswith(f"{place.web}/@"):
        words = words.removeprefix(f"{place.web}/@")
    handle, _, domain = words.removeprefix("acct:").removeprefix("@").partition("@")
    if domain and domain.lower() != place.domain.lower():
        return None
    return accounts.find(connection, handle[:64])


def post(connection: Connection, viewer: int | None, asked: str, place: Place) -> Post | None:
    """By either of its addresses."""
    words = asked.strip()
    if not words.startswith((f"{place.web}/posts/", f"{place.web}/@")):
        return None
    id = _id(words.rpartition("/")[2])
    return None if id is None else shown.one(connection, viewer, id)


def _id(text: str) -> int | None:
    try:
        return id_of(text)
    except Refused:
        return None
