"""Where the links of letters lead, and where letters are asked for.

A link only shows a form: programs that look through people's mail open links, and must change nothing by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import letters, passwords
from hustings.web import forms
from hustings.web.account_pages import said
from hustings.web.moderation_pages import number
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

ID_MAX = 1 << 62
MARK_MAX = 64


@dataclass(frozen=True, slots=True)
class Link:
    """What a link of a letter says."""

    account: int
    until_ms: int
    mark: str


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    people, visitors = parts.people, parts.visitors

    @router.post("/settings/confirm")
    async def send_again(request: Request) -> Response:
        await people.send_again(await visitors.needed(request))
        return RedirectResponse("/settings", 303)

    @router.get("/confirm/{account}/{until}/{mark}")
    async def confirm_form(account: str, until: str, mark: str, request: Request) -> Response:
        to = link(account, until, mark)
        found = await people.letter_of(letters.CONFIRM, to.account, to.until_ms, to.mark)
        shown = {"handle": found.account.handle, "email": found.email}
        return pages.html("confirm.html", action=request.url.path, **shown)

    @router.post("/confirm/{account}/{until}/{mark}")
    async def confirm(account: str, until: str, mark: str) -> Response:
        to = link(account, until, mark)
        await people.confirm(to.account, to.until_ms, to.mark)
        return RedirectResponse("/settings", 303)

    @router.get("/forgot")
    async def forgot_form() -> Response:
        return pages.html("forgot.html", mail=people.sends_mail, sent=False)

    @router.post("/forgot")
    async def forgot(request: Request) -> Response:
        fields, _ = await forms.read(request, 0)
        await people.forgot(str(fields.get("name", "")))
        return pages.html("forgot.html", mail=True, sent=True)

    @router.get("/reset/{account}/{until}/{mark}")
    async def reset_form(account: str, until: str, mark: str, request: Request) -> Response:
        return await _reset_form(parts, pages, link(account, until, mark), request.url.path)

    @router.post("/reset/{account}/{until}/{mark}")
    async def reset(account: str, until: str, mark: str, request: Request) -> Response:
        to = link(account, until, mark)
        fields, _ = await forms.read(request, 0)
        try:
            await people.reset(to.account, to.until_ms, to.mark, fields.get("password"))
        except Refused as refused:
            if "field" not in refused.detail:
                raise
            return await _reset_form(parts, pages, to, request.url.path, refused)
        return visitors.forget(RedirectResponse("/login", 303))

    return router


async def _reset_form(
    parts: Parts, pages: Pages, to: Link, action: str, refused: Refused | None = None
) -> Response:
    found = await parts.people.letter_of(letters.RESET, to.account, to.until_ms, to.mark)
    return pages.html(
        "reset.html",
        200 if refused is None else refused.status,
        action=action,
        handle=found.account.handle,
        shortest=passwords.SHORTEST,
        **({"error": "", "error_field": ""} if refused is None else said(refused)),
    )


def link(account: str, until: str, mark: str) -> Link:
    """Errors: `letter_over` for one that cannot be ours."""
    id, until_ms = number(account, ID_MAX), number(until, ID_MAX)
    if id is None or until_ms is None or len(mark) > MARK_MAX:
        raise Refused("letter_over")
    return Link(id, until_ms, mark)
