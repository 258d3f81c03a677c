"""Timelines through the API, and how far somebody has read in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import accounts, feeds, markers, timelines
from hustings.social.markers import TIMELINES, Marker
from hustings.social.paging import id_of
from hustings.social.shown import Post
from hustings.web.mastodon import params, shapes, status_entities, wishes
from hustings.web.mastodon.answers import moment, yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import READER, says
from hustings.web.mastodon.paged import page_of
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

Ask = Callable[[Connection], list[Post]]
Shown = Callable[[Request, Ask], Awaitable[Response]]
TAG_LISTS = ("any", "all", "none")


def build(parts: Parts, callers: Callers, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(callers.enter)])

    async def shown(request: Request, ask: Ask) -> Response:
        return statuses.page(request, await parts.sql.read(_asked, ask))

    _home(router, parts, callers, statuses)
    _timelines(router, parts, callers, shown)
    _markers(router, parts, callers)
    return router


def _home(router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses) -> None:
    @router.get("/timelines/home")
    @says(list[shapes.Status], "read:statuses", asks=(wishes.Paged,))
    async def home(request: Request) -> Response:
        mine, page = callers.mine(request), page_of(request)
        now_ms = parts.now_ms()

        def read(connection: Connection) -> tuple[Around, bool]:
            found = timelines.home(connection, mine.account, page, now_ms)
            around = status_entities.around(connection, found)
            return around, feeds.wants_care(connection, mine.account, now_ms)

        found, wants_care = await parts.sql.read(read)
        if wants_care:
            await parts.sql.write(feeds.care_for, mine.account, now_ms)
        return statuses.page(request, found)


def _timelines(router: APIRouter, parts: Parts, callers: Callers, shown: Shown) -> None:
    @router.get("/timelines/public")
    @says(list[shapes.Status], "read:statuses", by=READER, asks=(wishes.Paged, wishes.OnlyMedia))
    async def public(request: Request) -> Response:
        reader, page = callers.reader(request), page_of(request)
        now_ms = parts.now_ms()
        if _is_asked(request, "remote"):
            return yes([])  # nothing comes from elsewhere yet
        seen = _is_asked(request, "only_media")
        return await shown(request, lambda c: timelines.square(c, reader, page, now_ms, seen))

    @router.get("/timelines/tag/{name}")
    @says(
        list[shapes.Status],
        "read:statuses",
        by=READER,
        asks=(wishes.Paged, wishes.OnlyMedia, wishes.TagLists),
    )
    async def tag(name: str, request: Request) -> Response:
        reader, page = callers.reader(request), page_of(request)
        now_ms = parts.now_ms()
        tree = params.asked(request)
        for more in TAG_LISTS:
            if params.many(tree, more):
                raise Refused("not_offered", field=more)
        if _is_asked(request, "remote"):
            return yes([])
        seen, named = _is_asked(request, "only_media"), name[:200]
        return await shown(request, lambda c: timelines.tag(c, reader, named, page, now_ms, seen))

    @router.get("/accounts/{id}/statuses")
    @says(list[shapes.Status], "read:statuses", by=READER, asks=(wishes.Paged, wishes.OfAccount))
    async def account(id: str, request: Request) -> Response:
        reader, page = callers.reader(request), page_of(request)
        author = id_of(id, "account_unknown")

        def ask(connection: Connection) -> list[Post]:
            if accounts.of_id(connection, author) is None:
                raise Refused("account_unknown")
            return timelines.account(
                connection,
                reader,
                author,
                page,
                replies=not _is_asked(request, "exclude_replies"),
                reblogs=not _is_asked(request, "exclude_reblogs"),
                pinned=_is_asked(request, "pinned"),
                tagged=params.words(params.asked(request), "tagged")[:200],
                only_media=_is_asked(request, "only_media"),
            )

        return await shown(request, ask)


def _markers(router: APIRouter, parts: Parts, callers: Callers) -> None:
    @router.get("/markers")
    @says(shapes.Markers, "read:statuses", asks=(wishes.MarkersOf,))
    async def read(request: Request) -> Response:
        mine = callers.mine(request)
        tree = params.asked(request)
        asked = [one for one in params.many(tree, "timeline") if one in TIMELINES]
        return yes(_shown(await parts.sql.read(markers.of, mine.account, asked)))

    @router.post("/markers")
    @says(shapes.Markers, "write:statuses", takes=wishes.MarkersSet)
    async def write(request: Request) -> Response:
        mine = callers.mine(request)
        tree = await params.read(request)
        said = {name: tree[name] for name in TIMELINES if isinstance(tree.get(name), dict)}
        ids = {
            name: id_of(str(one.get("last_read_id", "")), "bad_request")
            for name, one in said.items()
        }

        def keep(connection: Connection) -> dict[str, Marker]:
            for name, id in ids.items():
                markers.set(connection, mine.account, name, id, parts.now_ms())
            return markers.of(connection, mine.account, list(ids))

        return yes(_shown(await parts.sql.write(keep)))


def _shown(found: dict[str, Marker]) -> dict[str, shapes.Marker]:
    return {
        name: {
            "last_read_id": str(one.last_read),
            "version": one.version,
            "updated_at": moment(one.at_ms),
        }
        for name, one in found.items()
    }


def _asked(connection: Connection, ask: Ask) -> Around:
    return status_entities.around(connection, ask(connection))


def _is_asked(request: Request, name: str) -> bool:
    return params.true(params.asked(request), name)
