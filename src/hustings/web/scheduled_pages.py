"""What one has written for later, as a page: read, given another hour, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import paging, scheduled
from hustings.social.paging import ID_MAX, id_of
from hustings.social.scheduled import Scheduled
from hustings.social.sessions import Visitor
from hustings.web import forms
from hustings.web.media_views import view
from hustings.web.moments import Moment, from_field
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import html
from hustings.wire.errors import CODES, Refused

TOLD = ("post_unknown", "room_unknown", "account_suspended", "posts_many")
"""Why one did not appear, where it is said in words of its own."""


def due(fields: Mapping[str, object]) -> int | None:
    """The hour that a form names, ms since 1970; None for now. Errors: `time_malformed`."""
    typed = str(fields.get("later") or "").strip()
    if not typed:
        return None
    at_ms = from_field(typed[:32], str(fields.get("offset_min") or "")[:8])
    if at_ms is None or not 0 <= at_ms <= ID_MAX >> 16:
        raise Refused("time_malformed", field="scheduled_at")
    return at_ms


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    async def shown(
        who: Visitor, request: Request, refused: Refused | None = None, at: int = 0
    ) -> Response:
        page = paging.read(request.query_params)
        found = await sql.read(scheduled.page, who.account, page)
        last = found[-1].id if len(found) == page.limit else 0
        return pages.html(
            "scheduled.html",
            200 if refused is None else refused.status,
            who=who,
            posts=[_entry(parts, one) for one in found],
            older=f"/scheduled?max_id={last}" if last else "",
            newest="" if page == paging.Page() else "/scheduled",
            error=refused.sentence if refused else "",
            error_at=at,
        )

    @router.get("/scheduled")
    async def several(request: Request) -> Response:
        return await shown(await visitors.needed(request), request)

    @router.post("/scheduled/{id}/move")
    async def move(id: str, request: Request) -> Response:
        who, wanted = await visitors.needed(request), id_of(id, "scheduled_unknown")
        fields, _ = await forms.read(request, 0)
        await sql.read(scheduled.one, who.account, wanted)
        try:
            at_ms = due(fields)
            if at_ms is None:
                raise Refused("time_malformed", field="scheduled_at")
            await sql.write(scheduled.move, who.account, wanted, at_ms, parts.now_ms())
        except Refused as refused:
            return await shown(who, request, refused, wanted)
        return RedirectResponse(f"/scheduled#s{wanted}", 303)

    @router.post("/scheduled/{id}/take-back")
    async def take_back(id: str, request: Request) -> Response:
        who, wanted = await visitors.needed(request), id_of(id, "scheduled_unknown")
        await sql.write(scheduled.take_back, who.account, wanted, parts.now_ms())
        return RedirectResponse("/scheduled", 303)

    return router


def _entry(parts: Parts, one: Scheduled) -> dict[str, Any]:
    said = one.said
    return {
        "id": one.id,
        "due": Moment(one.due_at_ms),
        "html": html(parts, said["status"]),
        "spoiler": said["spoiler_text"],
        "sensitive": False,
        "visibility": said["visibility"],
        "answers": f"/posts/{said['in_reply_to_id']}" if said["in_reply_to_id"] else "",
        "quotes": f"/posts/{said['quoted_status_id']}" if said["quoted_status_id"] else "",
        "media": [view(parts, each) for each in one.media],
        "asked": said["poll"]["options"] if said["poll"] else [],
        "fault": one.fault,
        "told": one.fault in TOLD,
        "sentence": CODES[one.fault][1] if one.fault in CODES else "",
    }
