"""The page on which somebody brings the archive of what he wrote elsewhere, and sees what became of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import imports
from hustings.social.archives import BYTES_MAX
from hustings.social.sessions import Visitor
from hustings.web import forms
from hustings.web.account_pages import said
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import CODES, Refused


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors
    most = min(BYTES_MAX, parts.settings.web.picture_bytes_max)

    async def shown(who: Visitor, status: int = 200, **over: Any) -> Response:
        found = await sql.read(imports.listed, who.account)
        values: dict[str, Any] = {
            "who": who,
            "most_mb": most // 1_000_000,
            "imports": [
                {
                    "taken": one.taken,
                    "passed": one.passed,
                    "fault": CODES[one.fault][1] if one.fault in CODES else "",
                    "ended": None if one.ended_at_ms is None else Moment(one.ended_at_ms),
                }
                for one in found
            ],
            "error": "",
            "error_field": "",
        }
        return pages.html("import.html", status, **{**values, **over})

    @router.get("/settings/import")
    async def form(request: Request) -> Response:
        return await shown(await visitors.needed(request))

    @router.post("/settings/import")
    async def bring(request: Request) -> Response:
        who = await visitors.needed(request)
        try:
            # `picture` is what a form's one file is called
            _, archive = await forms.read(request, most)
            now_ms = parts.now_ms()
            await sql.write(imports.bring, parts.ids.at(now_ms), who.account, archive, now_ms)
        except Refused as refused:
            code = "archive_too_large" if refused.code == "picture_too_large" else refused.code
            return await shown(who, refused.status, **said(Refused(code, field="archive")))
        return RedirectResponse("/settings/import", 303)

    return router
