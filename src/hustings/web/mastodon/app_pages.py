"""The page that lists the apps which somebody let in, and turns them out again."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import tokens
from hustings.web.mastodon.entities import scope_words
from hustings.web.moderation_pages import number
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

ID_MAX = 1 << 62


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/settings/apps")
    async def listed(request: Request) -> Response:
        visitor = await parts.visitors.needed(request)
        held = await parts.sql.read(tokens.held, visitor.account)
        shown = [
            {
                "id": one.app.id,
                "name": one.app.name,
                "website": one.app.website,
                "scopes": scope_words(one.scopes),
                "made": Moment(one.made_at_ms),
                "used": Moment(one.used_at_ms),
            }
            for one in held
        ]
        return pages.html("apps.html", who=visitor, apps=shown)

    @router.post("/settings/apps/{id}/end")
    async def end(id: str, request: Request) -> Response:
        visitor = await parts.visitors.needed(request)
        app = number(id, ID_MAX)
        if app is None:
            raise Refused("not_found")
        await parts.sql.write(tokens.turn_out, visitor.account, app, parts.now_ms())
        return RedirectResponse("/settings/apps", 303)

    return router
