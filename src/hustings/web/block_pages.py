"""Blocks of e-mail domains and of other servers, as moderators set and lift them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import blocks, email_blocks, names, paging
from hustings.social.blocks import SAID_MAX
from hustings.social.sessions import Visitor
from hustings.web import forms
from hustings.web.account_pages import said
from hustings.web.order_pages import order_of
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

LIFTS = {"email": blocks.lift_email, "server": blocks.lift_server}


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    async def shown(who: Visitor, status: int = 200, **over: Any) -> Response:
        values: dict[str, Any] = {
            "who": who,
            "emails": await sql.read(email_blocks.domains),
            "servers": await sql.read(blocks.servers),
            "f": {},
            "form": "",
            "error": "",
            "error_field": "",
        }
        return pages.html("blocks.html", status, **{**values, **over})

    @router.get("/moderation/blocks")
    async def listed(request: Request) -> Response:
        return await shown(await visitors.moderator(request))

    @router.post("/moderation/blocks/{kind}")
    async def block(kind: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        if kind not in LIFTS:
            raise Refused("not_found")
        fields, _ = await forms.read(request, 0)
        try:
            given, domain = order_of(parts, who, fields), names.domain(fields.get("domain"))
            if kind == "email":
                await sql.write(blocks.block_email, given, domain)
            else:
                public = names.line(fields.get("said"), SAID_MAX, "note_too_long", "said")
                suspends = fields.get("suspends") == "on"
                await sql.write(blocks.block_server, given, domain, suspends, public)
        except Refused as refused:
            typed = {
                name: str(fields.get(name, "")) for name in ("domain", "said", "why", "suspends")
            }
            return await shown(who, refused.status, f=typed, form=kind, **said(refused))
        return RedirectResponse(f"/moderation/blocks#{kind}", 303)

    @router.post("/moderation/blocks/{kind}/{id}/lift")
    async def lift(kind: str, id: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        if kind not in LIFTS:
            raise Refused("not_found")
        given = order_of(parts, who, {})
        await sql.write(LIFTS[kind], given, paging.id_of(id, "block_unknown"))
        return RedirectResponse(f"/moderation/blocks#{kind}", 303)

    return router
