"""Voting by a form."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import paging, voting
from hustings.web import forms, poll_views
from hustings.web.account_pages import onward
from hustings.web.moderation_pages import number
from hustings.web.parts import Parts


def build(parts: Parts) -> APIRouter:
    """The routes. Before those of `post_pages`, where an act may be called anything."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.post("/posts/{id}/vote")
    async def vote(id: str, request: Request) -> Response:
        who = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        post, choices = paging.id_of(id), voting.choices_of(poll_views.ballot(fields))
        await sql.write(voting.vote, who.account, post, choices, parts.now_ms())
        at = number(str(fields.get("at") or "").removeprefix("p"), paging.ID_MAX)
        leads = onward(fields.get("next") or f"/posts/{id}")
        return RedirectResponse(leads if at is None else f"{leads}#p{at}", 303)

    return router
