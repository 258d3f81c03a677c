"""Search through the API (https://docs.joinmastodon.org/methods/search/). What is named whole comes first."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import finding, search
from hustings.social.finding import KINDS, Found, Place
from hustings.social.preferences import truth
from hustings.social.search import Window
from hustings.social.shown import Room
from hustings.web.mastodon import entities, status_entities
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts
from hustings.wire.errors import Refused


def build(parts: Parts, callers: Callers, shown: Entities, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(callers.enter)])
    place = Place(parts.settings.public.web, parts.settings.handle_domain)

    @router.get("/api/v2/search")
    async def everything(request: Request, q: str = "", type: str = "") -> Response:
        reader, window = callers.reader(request, "read:search"), search.window(request.query_params)
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
        mine, window = (
            callers.mine(request, "read:accounts"),
            search.window(request.query_params, 40, 80),
        )
        followed = truth(request.query_params.get("following", "false"), "following")
        people = await parts.sql.read(_people, mine.account, q, window, followed, place)
        return yes([shown.account(one) for one in people])

    return router


def _all(
    connection: Connection,
    reader: int | None,
    asked: str,
    kinds: tuple[str, ...],
    window: Window,
    place: Place,
    now_ms: int,
) -> tuple[list[Person], Around, Found]:
    found = finding.everything(connection, reader, asked, kinds, window, place, now_ms)
    made = entities.people(connection, found.people)
    around = status_entities.around(connection, found.posts)
    return [made[one.id] for one in found.people], around, found


def _people(
    connection: Connection, reader: int, asked: str, window: Window, followed: bool, place: Place
) -> list[Person]:
    some = finding.people(connection, reader, asked, window, followed, place)
    made = entities.people(connection, some)
    return [made[one.id] for one in some]


def _room(parts: Parts, room: Room) -> dict[str, Any]:
    return {
        "key": room.key,
        "title": room.title,
        "state": room.state,
        "url": parts.live_link(room.key),
    }
