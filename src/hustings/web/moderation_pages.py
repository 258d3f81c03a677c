"""The desk of those who look after the server: who waits to be let in, and invitations. What they do is `order_pages`."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, invites
from hustings.social.sessions import Visitor
from hustings.web import forms
from hustings.web.account_pages import said
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

DAYS, USES = "7", "1"


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    async def shown(visitor: Visitor, status: int = 200, **over: Any) -> Response:
        waiting = await sql.read(accounts.waiting)
        opened = await sql.read(invites.still_open, parts.now_ms())
        values: dict[str, Any] = {
            "who": visitor,
            "mode": parts.settings.square.sign_up,
            "waiting": [
                {"member": one, "since": Moment(one.account.created_at_ms)} for one in waiting
            ],
            "invites": [
                {
                    "code": one.code,
                    "url": f"{parts.settings.public.web}/sign-up?invite={one.code}",
                    "until": Moment(one.until_ms),
                    "left": one.uses_left,
                }
                for one in opened
            ],
            "days": DAYS,
            "uses": USES,
            "error": "",
            "error_field": "",
        }
        return pages.html("moderation.html", status, **{**values, **over})

    @router.get("/moderation")
    async def moderation(request: Request) -> Response:
        return await shown(await visitors.moderator(request))

    @router.post("/moderation/invites")
    async def invite(request: Request) -> Response:
        visitor = await visitors.moderator(request)
        fields, _ = await forms.read(request, 0)
        days = number(fields.get("days"), invites.DAYS_MAX)
        uses = number(fields.get("uses"), invites.USES_MAX)
        try:
            if not days or not uses:
                raise Refused("bad_request", field="uses" if days else "days")
            code, now_ms = secrets.token_urlsafe(16), parts.now_ms()
            await sql.write(invites.make, visitor.account, code, days, uses, now_ms)
        except Refused as refused:
            return await shown(visitor, refused.status, **said(refused))
        return RedirectResponse("/moderation#invites", 303)

    @router.post("/moderation/invites/{code}/end")
    async def end_invite(code: str, request: Request) -> Response:
        await visitors.moderator(request)
        await sql.write(invites.end, code[:22], parts.now_ms())
        return RedirectResponse("/moderation#invites", 303)

    return router


def number(text: object, most: int) -> int | None:
    """A whole number from a form, 0 to `most`; None when it is none."""
    digits = text if isinstance(text, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        return None
    return int(digits) if int(digits) <= most else None
