"""Search as a page: one box, and what is found of every kind."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hustings.social import search as searching
from hustings.social.finding import KINDS, Found, Place, everything
from hustings.social.search import QUERY_MAX
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import entries, person
from hustings.wire.errors import Refused


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    place = Place(parts.settings.public.web, parts.settings.handle_domain)

    @router.get("/search")
    async def search(request: Request, q: str = "") -> Response:
        who = await parts.visitors.of(request)
        viewer, window = who.account if who else None, searching.window(request.query_params)
        kinds = KINDS if window.max_id is None else ("statuses",)
        found, error = Found(), ""
        try:
            found = await parts.sql.read(
                everything, viewer, q, kinds, window, place, parts.now_ms()
            )
        except Refused as refused:
            if refused.code != "query_too_long":
                raise
            error = refused.sentence
        more = len(found.posts) >= window.limit
        older = f"/search?{urlencode({'q': q, 'max_id': found.posts[-1].id})}" if more else ""
        newest = "" if window.max_id is None else f"/search?{urlencode({'q': q})}"
        return pages.html(
            "search.html",
            422 if error else 200,
            who=who,
            q=q[:QUERY_MAX],
            longest=QUERY_MAX,
            asked=bool(q.strip()),
            error=error,
            people=[person(parts, one) for one in found.people],
            tags=found.tags,
            rooms=[{"href": f"/rooms/{one.key}", "title": one.title} for one in found.rooms],
            posts=entries(parts, found.posts, viewer),
            here=f"/search?{urlencode({'q': q[:QUERY_MAX]})}",
            older=older,
            newest=newest,
        )

    return router
