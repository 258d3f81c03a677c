"""Timelines as pages: home, the square, a tag's, a room's. Read without a script; a page is twenty posts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import feeds, paging, text, timelines
from hustings.social.paging import Page
from hustings.social.shown import Post
from hustings.store.tables import rooms
from hustings.web import programme
from hustings.web.compose_pages import form_values
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import entries
from hustings.wire.errors import Refused

ROOM_SHOWN = 20


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.get("/home")
    async def home(request: Request) -> Response:
        who = await visitors.needed(request)
        page, now_ms = paging.read(request.query_params), parts.now_ms()

        def read(connection: Connection) -> tuple[list[Post], bool]:
            found = timelines.home(connection, who.account, page, now_ms)
            return found, feeds.wants_care(connection, who.account, now_ms)

        posts, wants_care = await sql.read(read)
        if wants_care:
            await sql.write(feeds.care_for, who.account, now_ms)
        form = await form_values(parts, who, {"next": "/home"}) if page == Page() else None
        shown = timeline(parts, "/home", posts, page, who.account)
        return pages.html("home.html", who=who, form=form, **shown)

    @router.get("/square")
    async def square(request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        page = paging.read(request.query_params)
        posts = await sql.read(timelines.square, viewer, page, parts.now_ms())
        shown = timeline(parts, "/square", posts, page, viewer)
        return pages.html("square.html", who=who, **shown)

    @router.get("/tags/{name}")
    async def tag(name: str, request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        page = paging.read(request.query_params)
        (span, *more) = [*text.parse(f"#{name[:200]}", ""), None]
        if not isinstance(span, text.Tag) or more != [None]:
            raise Refused("not_found")
        posts = await sql.read(timelines.tag, viewer, name, page, parts.now_ms())
        shown = timeline(parts, f"/tags/{quote(name)}", posts, page, viewer)
        return pages.html("tag.html", who=who, name=name, **shown)

    @router.get("/rooms/{key}")
    async def room(key: str, request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        page, now_ms = paging.read(request.query_params, ROOM_SHOWN), parts.now_ms()
        found = await sql.read(_room, viewer, key[:64], page, now_ms)
        listing, posts = found
        shown = timeline(parts, f"/rooms/{listing.plan.key}", posts, page, viewer)
        fields = {"room": listing.plan.key, "next": f"/rooms/{listing.plan.key}"}
        form = (
            await form_values(parts, who, fields)
            if who and page == Page(limit=ROOM_SHOWN)
            else None
        )
        began = listing.on_air_since_ms
        return pages.html(
            "room.html",
            who=who,
            form=form,
            room=pages.entry(listing),
            on_air=listing.state == "on_air",
            began=Moment(began) if began else None,
            **shown,
        )

    return router


def timeline(
    parts: Parts, path: str, posts: Sequence[Post], page: Page, viewer: int | None
) -> dict[str, Any]:
    """What a template needs of a page of posts: the posts, and the way to older ones and back."""
    older = f"{path}?max_id={posts[-1].id}" if len(posts) >= page.limit else ""
    begun = page.max_id is None and page.since_id is None and page.min_id is None
    return {
        "posts": entries(parts, posts, viewer),
        "here": path if page.max_id is None else f"{path}?max_id={page.max_id}",
        "older": older,
        "newest": "" if begun else path,
        "begun": begun,
    }


def _room(
    connection: Connection, viewer: int | None, key: str, page: Page, now_ms: int
) -> tuple[programme.Listing, list[Post]]:
    if not key.isprintable():
        raise Refused("room_unknown")
    asked = sa.select(rooms).where(rooms.c.key == key, rooms.c.deleted_at_ms.is_(None))
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise Refused("room_unknown")
    listing = programme.listing(row)
    return listing, timelines.room(connection, viewer, listing.plan.plan, page, now_ms)
