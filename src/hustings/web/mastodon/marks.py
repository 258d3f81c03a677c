"""What people do with a post: repost, favourite, bookmark, pin, and each taken back; and the lists of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import accounts, marks, reposts, timelines
from hustings.social.paging import Page, id_of
from hustings.social.shown import Post
from hustings.social.visibility import PUBLIC
from hustings.web.mastodon import entities, params, shapes, status_entities, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import READER, says
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.paged import listed, page_of
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.mastodon.statuses import read_one
from hustings.web.parts import Parts

WITH_ID: dict[str, tuple[str, Callable[[Connection, int, int, int], object]]] = {
    "favourite": ("write:favourites", marks.favourite),
    "bookmark": ("write:bookmarks", marks.bookmark),
    "pin": ("write:accounts", marks.pin),
}
BACK: dict[str, tuple[str, Callable[[Connection, int, int], object]]] = {
    "unfavourite": ("write:favourites", marks.unfavourite),
    "unbookmark": ("write:bookmarks", marks.unbookmark),
    "unpin": ("write:accounts", marks.unpin),
}
Pairs = Callable[[Connection, int | None, int, Page], list[tuple[int, int]]]
BY: dict[str, Pairs] = {"reblogged_by": marks.reposted_by, "favourited_by": marks.favourited_by}
Marked = Callable[[Connection, int, Page], list[tuple[int, Post]]]
LISTS: dict[str, tuple[str, Marked]] = {
    "favourites": ("read:favourites", timelines.favourited),
    "bookmarks": ("read:bookmarks", timelines.bookmarked),
}


def build(parts: Parts, callers: Callers, shown: Entities, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(callers.enter)])
    _reposts(router, parts, callers, statuses)
    for name in WITH_ID:
        _mark(router, parts, callers, statuses, name)
    for name in BACK:
        _unmark(router, parts, callers, statuses, name)
    for name in BY:
        _by(router, parts, callers, shown, name)
    for name in LISTS:
        _list(router, parts, callers, statuses, name)
    return router


def _reposts(router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses) -> None:
    sql = parts.sql

    @router.post("/statuses/{id}/reblog")
    @says(shapes.Status, "write:statuses", takes=wishes.Reposted)
    async def reblog(id: str, request: Request) -> Response:
        """Answers with the repost, which holds the original."""
        mine, post = callers.mine(request), id_of(id)
        tree = await params.read(request)
        seen_by = params.words(tree, "visibility") or PUBLIC
        now_ms, web = parts.now_ms(), parts.settings.public.web
        new = parts.ids.at(now_ms)
        room = params.words(tree, "room")
        made = await sql.write(reposts.repost, new, mine.account, post, web, now_ms, seen_by, room)
        return yes(statuses.all(await sql.read(read_one, mine.account, made))[0])

    @router.post("/statuses/{id}/unreblog")
    @says(shapes.Status, "write:statuses")
    async def unreblog(id: str, request: Request) -> Response:
        mine = callers.deletes(request)
        whole = await sql.write(reposts.undo, mine.account, id_of(id))
        return yes(statuses.all(await sql.read(read_one, mine.account, whole))[0])


def _mark(router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses, name: str) -> None:
    scope, act = WITH_ID[name]

    @router.post(f"/statuses/{{id}}/{name}")
    @says(shapes.Status, scope)
    async def mark(id: str, request: Request) -> Response:
        mine, post = callers.mine(request), id_of(id)
        await parts.sql.write(act, parts.ids.at(parts.now_ms()), mine.account, post)
        return yes(statuses.all(await parts.sql.read(_whole, mine.account, post))[0])


def _unmark(
    router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses, name: str
) -> None:
    scope, act = BACK[name]

    @router.post(f"/statuses/{{id}}/{name}")
    @says(shapes.Status, scope)
    async def unmark(id: str, request: Request) -> Response:
        mine, post = callers.mine(request), id_of(id)
        await parts.sql.write(act, mine.account, post)
        return yes(statuses.all(await parts.sql.read(_whole, mine.account, post))[0])


def _by(router: APIRouter, parts: Parts, callers: Callers, shown: Entities, name: str) -> None:
    @router.get(f"/statuses/{{id}}/{name}")
    @says(list[shapes.Account], "read:statuses", by=READER, asks=(wishes.Paged,))
    async def by(id: str, request: Request) -> Response:
        reader, page = callers.reader(request), page_of(request, 40, 80)
        found = await parts.sql.read(_people, BY[name], reader, id_of(id), page)
        tree: list[Any] = [shown.account(person) for _, person in found]
        return listed(request, parts.settings.public.web, tree, [border for border, _ in found])


def _list(router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses, name: str) -> None:
    scope, ask = LISTS[name]

    @router.get(f"/{name}")
    @says(list[shapes.Status], scope, asks=(wishes.Paged,))
    async def marked(request: Request) -> Response:
        mine, page = callers.mine(request), page_of(request)
        borders, found = await parts.sql.read(_marked, ask, mine.account, page)
        tree: list[Any] = statuses.all(found)
        return listed(request, parts.settings.public.web, tree, borders)


def _whole(connection: Connection, viewer: int, id: int) -> Around:
    """Of a repost, what it reposts. Errors: `post_unknown`."""
    post = read_one(connection, viewer, id).posts[0].original
    return status_entities.around(connection, [post])


def _people(
    connection: Connection, ask: Pairs, viewer: int | None, post: int, page: Page
) -> list[tuple[int, Person]]:
    return with_people(connection, ask(connection, viewer, post, page))


def with_people(connection: Connection, pairs: list[tuple[int, int]]) -> list[tuple[int, Person]]:
    """The second of each pair as a person."""
    known = accounts.of_ids(connection, {account for _, account in pairs})
    people = entities.people(connection, list(known.values()))
    return [(border, people[account]) for border, account in pairs if account in people]


def _marked(
    connection: Connection, ask: Marked, reader: int, page: Page
) -> tuple[list[int], Around]:
    found = ask(connection, reader, page)
    around = status_entities.around(connection, [post for _, post in found])
    return [border for border, _ in found], around
