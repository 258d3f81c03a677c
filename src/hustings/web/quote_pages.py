"""Who quotes a post, as a page, and the button with which somebody takes his words out of a quote."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import paging, quotes, shown
from hustings.social.paging import Page
from hustings.social.shown import Post
from hustings.web import forms
from hustings.web.account_pages import onward
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import address, entry
from hustings.web.square_pages import timeline


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.get("/@{handle}/{id}/quotes")
    async def quoting(handle: str, id: str, request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        page = paging.read(request.query_params)
        post, found = await sql.read(_quoting, viewer, paging.id_of(id), page, parts.now_ms())
        if post.author.address.lower() != handle.lower():
            return RedirectResponse(f"{address(post)}/quotes", 303)
        listed = timeline(parts, f"{address(post)}/quotes", found, page, viewer)
        return pages.html("quotes.html", who=who, post=entry(parts, post, viewer), **listed)

    @router.post("/posts/{id}/quotes/{by}/revoke")
    async def revoke(id: str, by: str, request: Request) -> Response:
        who = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        other = paging.id_of(by)
        await sql.write(quotes.revoke, who.account, paging.id_of(id), other)
        return RedirectResponse(onward(fields.get("next") or f"/posts/{other}"), 303)

    return router


def _quoting(
    connection: Connection, viewer: int | None, id: int, page: Page, now_ms: int
) -> tuple[Post, list[Post]]:
    post = shown.needed(connection, viewer, id).original
    return post, quotes.of(connection, viewer, post.id, page, now_ms)
