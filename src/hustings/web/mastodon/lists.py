"""Lists through the API (https://docs.joinmastodon.org/methods/lists/): one's own, who is in them, and their timelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import lists
from hustings.social.lists import MEMBERS_MAX, Draft, List
from hustings.social.paging import Page, id_of
from hustings.social.preferences import truth
from hustings.web.mastodon import params, shapes, status_entities, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import says
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.marks import with_people
from hustings.web.mastodon.paged import listed, page_of
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts

READ, WRITE = "read:lists", "write:lists"


def build(parts: Parts, callers: Callers, shown: Entities, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(callers.enter)])
    _lists(router, parts, callers)
    _members(router, parts, callers, shown)
    _reading(router, parts, callers, statuses)
    return router


def _lists(router: APIRouter, parts: Parts, callers: Callers) -> None:
    sql = parts.sql

    @router.get("/lists")
    @says(list[shapes.UserList], READ)
    async def several(request: Request) -> Response:
        mine = callers.mine(request)
        return yes([entity(one) for one in await sql.read(lists.all_of, mine.account)])

    @router.post("/lists")
    @says(shapes.UserList, WRITE, takes=wishes.ListDraft)
    async def make(request: Request) -> Response:
        mine = callers.mine(request)
        wanted = _draft(await params.read(request))
        new = parts.ids.at(parts.now_ms())
        return yes(entity(await sql.write(lists.make, new, mine.account, wanted)))

    @router.get("/lists/{id}")
    @says(shapes.UserList, READ)
    async def one(id: str, request: Request) -> Response:
        mine = callers.mine(request)
        return yes(entity(await sql.read(lists.own, mine.account, _id(id))))

    @router.put("/lists/{id}")
    @says(shapes.UserList, WRITE, takes=wishes.ListDraft)
    async def change(id: str, request: Request) -> Response:
        mine, which = callers.mine(request), _id(id)
        before = await sql.read(lists.own, mine.account, which)
        wanted = _draft(await params.read(request), before)
        return yes(entity(await sql.write(lists.change, mine.account, which, wanted)))

    @router.delete("/lists/{id}")
    @says(shapes.Nothing, WRITE)
    async def drop(id: str, request: Request) -> Response:
        mine = callers.mine(request)
        await sql.write(lists.drop, mine.account, _id(id))
        return yes({})


def _members(router: APIRouter, parts: Parts, callers: Callers, shown: Entities) -> None:
    sql = parts.sql

    @router.get("/lists/{id}/accounts")
    @says(list[shapes.Account], READ, asks=(wishes.Paged,))
    async def members(id: str, request: Request) -> Response:
        """`limit=0`: all of them."""
        mine, page = callers.mine(request), page_of(request, 40, 80)
        if params.asked(request).get("limit") == "0":
            page = Page(limit=MEMBERS_MAX)
        found = await sql.read(_people, mine.account, _id(id), page)
        tree: list[Any] = [shown.account(person) for _, person in found]
        return listed(request, parts.settings.public.web, tree, [border for border, _ in found])

    @router.post("/lists/{id}/accounts")
    @says(shapes.Nothing, WRITE, takes=wishes.ListMembers)
    async def add(id: str, request: Request) -> Response:
        mine, which = callers.mine(request), _id(id)
        wanted = _accounts(await params.read(request))
        new = parts.ids.at(parts.now_ms())
        await sql.write(lists.add, new, mine.account, which, wanted)
        return yes({})

    @router.delete("/lists/{id}/accounts")
    @says(shapes.Nothing, WRITE, takes=wishes.ListMembers)
    async def remove(id: str, request: Request) -> Response:
        mine, which = callers.mine(request), _id(id)
        wanted = _accounts(await params.read(request))
        await sql.write(lists.remove, mine.account, which, wanted)
        return yes({})


def _reading(router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses) -> None:
    sql = parts.sql

    @router.get("/accounts/{id}/lists")
    @says(list[shapes.UserList], READ)
    async def holding(id: str, request: Request) -> Response:
        mine, member = callers.mine(request), id_of(id, "account_unknown")
        found = await sql.read(lists.holding, mine.account, member)
        return yes([entity(one) for one in found])

    @router.get("/timelines/list/{id}")
    @says(list[shapes.Status], READ, asks=(wishes.Paged,))
    async def timeline(id: str, request: Request) -> Response:
        mine, page = callers.mine(request), page_of(request)
        found = await sql.read(_timeline, mine.account, _id(id), page, parts.now_ms())
        return statuses.page(request, found)


def entity(one: List) -> shapes.UserList:
    return {
        "id": str(one.id),
        "title": one.title,
        "replies_policy": one.replies,
        "exclusive": one.exclusive,
    }


def _id(text: str) -> int:
    return id_of(text, "list_unknown")


def _draft(tree: Mapping[str, Any], before: List | None = None) -> Draft:
    """What is not said stays. Errors: those of `lists.draft`, `preference_malformed`."""
    was = before or Draft("")
    exclusive, replies = tree.get("exclusive"), tree.get("replies_policy")
    return lists.draft(
        tree.get("title", was.title),
        was.replies if replies is None else replies,
        was.exclusive if exclusive is None else truth(exclusive, "exclusive"),
    )


def _accounts(tree: dict[str, Any]) -> list[int]:
    """Errors: `account_unknown`."""
    return [id_of(str(one), "account_unknown") for one in params.many(tree, "account_ids")]


def _people(connection: Connection, account: int, id: int, page: Page) -> list[tuple[int, Person]]:
    return with_people(connection, lists.members(connection, account, id, page))


def _timeline(connection: Connection, account: int, id: int, page: Page, now_ms: int) -> Around:
    found = lists.timeline(connection, account, id, page, now_ms)
    return status_entities.around(connection, found)
