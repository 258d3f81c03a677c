"""Search through the API (https://docs.joinmastodon.org/methods/search/). What is named whole comes first."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import finding, search
from hustings.social.finding import KINDS, Found, Place
from hustings.social.preferences import truth
from hustings.social.search import Window
from hustings.social.shown import Room
from hustings.web.mastodon import entities, params, shapes, status_entities, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import READER, says
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts
from hustings.wire.errors import Refused


def build(parts: Parts, callers: Callers, shown: Entities, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(dependencies=[Depends(callers.enter)])
    place = Place(parts.settings.public.web, parts.settings.handle_domain)

    @router.get("/api/v2/search")
    @says(shapes.Found, "read:search", by=READER, asks=(wishes.Searched,))
    async def everything(request: Request) -> Response:
        reader, tree = callers.reader(request), params.asked(request)
        window, q, type = search.window(tree), params.words(tree, "q"), params.words(tree, "type")
        if type not in (*KINDS, ""):
            raise Refused("bad_request", field="type")
        # a page further on is of one kind: of all of them it would be of none
        kinds = (type,) if type else KINDS if not window.offset else ()
        now_ms = parts.now_ms()
        people, around, found = await parts.sql.read(_all, reader, q, kinds, window, place, now_ms)
        answer: shapes.Found = {
            "accounts": [shown.account(one) for one in people],
            "statuses": statuses.all(around),
            "hashtags": [statuses.tag(name) for name in found.tags],
        }
        if found.rooms:
            answer["hustings"] = {"rooms": [_room(parts, room) for room in found.rooms]}
        return yes(answer)

    @router.get("/api/v1/accounts/search")
    @says(list[shapes.Account], "read:accounts", asks=(wishes.SearchedPeople,))
    async def accounts(request: Request) -> Response:
        mine, tree = callers.mine(request), params.asked(request)
        window, q = search.window(tree, 40, 80), params.words(tree, "q")
        followed = truth(tree.get("following", "false"), "following")
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


def _room(parts: Parts, room: Room) -> shapes.FoundRoom:
    return {
        "key": room.key,
        "title": room.title,
        "state": room.state,
        "url": parts.live_link(room.key),
    }
