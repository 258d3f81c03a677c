"""Search through the API (https://docs.joinmastodon.org/methods/search/). What is named whole comes first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import finding, paging, search
from hustings.social.accounts import Account
from hustings.social.finding import Place
from hustings.social.paging import id_of
from hustings.social.preferences import truth
from hustings.social.search import Window
from hustings.social.shown import Post, Room
from hustings.web.mastodon import entities, status_entities
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

KINDS = ("accounts", "statuses", "hashtags")
OFFSET_MAX = 1_000


@dataclass(slots=True)
class Found:
    """What a search found, of each kind."""

    people: list[Account] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)


def build(parts: Parts, callers: Callers, shown: Entities, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(callers.enter)])
    place = Place(parts.settings.public.web, parts.settings.handle_domain)

    @router.get("/api/v2/search")
    async def everything(request: Request, q: str = "", type: str = "") -> Response:
        reader, window = callers.reader(request, "read:search"), window_of(request)
        if type not in (*KINDS, ""):
            raise Refused("bad_request", field="type")
        # a page further on is of one kind: of all of them it would be of none
        kinds = (type,) if type else KINDS if not window.offset else ()
        now_ms = parts.now_ms()
        people, around, found = await parts.sql.read(_all, reader, q, kinds, window, place, now_ms)
        tree: dict[str, Any] = {
            "accounts": [shown.account(one) for one in people],
            "statuses": statuses.all(around),
            "hashtags": [statuses.tag(name) for name in found.tags],
        }
        if found.rooms:
            tree["hustings"] = {"rooms": [_room(parts, room) for room in found.rooms]}
        return yes(tree)

    @router.get("/api/v1/accounts/search")
    async def accounts(request: Request, q: str = "") -> Response:
        mine, window = callers.mine(request, "read:accounts"), window_of(request, 40, 80)
        followed = truth(request.query_params.get("following", "false"), "following")
        people = await parts.sql.read(_people, mine.account, q, window, followed, place)
        return yes([shown.account(one) for one in people])

    return router


def window_of(request: Request, limit: int = 20, most: int = 40) -> Window:
    """Errors: `bad_request`."""
    asked = dict(request.query_params)
    page = paging.read(asked, limit, most)
    offset = paging.read({"limit": asked.get("offset")}, 0, OFFSET_MAX).limit
    by = asked.get("account_id", "")
    author = id_of(by, "account_unknown") if by else None
    skipped = 0 if asked.get("offset", "0") in ("", "0") else offset
    return Window(page.limit, skipped, page.min_id, page.max_id, author)


def find(
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
        found = finding.account(connection, handle, place)
        return None if found is None else found.id

    question = search.parse(asked, reader, who)
    found = Found()
    if not asked.strip():
        return found
    if "accounts" in kinds:
        found.people = people(connection, reader, asked, window, False, place)
    if "statuses" in kinds:
        named = None if window.offset else finding.post(connection, reader, asked, place)
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
    first = None if window.offset or followed_only else finding.account(connection, asked, place)
    rest = [one for one in some if first is None or one.id != first.id]
    return ([first, *rest] if first else rest)[: window.limit]


def _all(
    connection: Connection,
    reader: int | None,
    asked: str,
    kinds: tuple[str, ...],
    window: Window,
    place: Place,
    now_ms: int,
) -> tuple[list[Person], Around, Found]:
    found = find(connection, reader, asked, kinds, window, place, now_ms)
    made = entities.people(connection, found.people)
    around = status_entities.around(connection, found.posts)
    return [made[one.id] for one in found.people], around, found


def _people(
    connection: Connection, reader: int, asked: str, window: Window, followed: bool, place: Place
) -> list[Person]:
    some = people(connection, reader, asked, window, followed, place)
    made = entities.people(connection, some)
    return [made[one.id] for one in some]


def _room(parts: Parts, room: Room) -> dict[str, Any]:
    return {
        "key": room.key,
        "title": room.title,
        "state": room.state,
        "url": parts.live_link(room.key),
    }
