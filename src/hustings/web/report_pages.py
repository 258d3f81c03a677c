"""Reporting an account, or a post of it, by a form. Nobody but those who look after the server reads what is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, paging, reports, shown, timelines
from hustings.social.accounts import Account
from hustings.social.paging import Page
from hustings.social.reports import CATEGORIES, COMMENT_MAX
from hustings.social.sessions import Visitor
from hustings.social.shown import Post
from hustings.web import forms
from hustings.web.account_pages import said
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import entries, person
from hustings.wire.errors import Refused

OFFERED = 8
"""So many of the account's last posts can be ticked."""
POST, RULE = "post-", "rule-"


@dataclass(frozen=True, slots=True)
class Offer:
    """Whom a form is about, and the posts that can be ticked: the one it began with first."""

    about: Account
    posts: list[Post]


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors, rules = parts.sql, parts.visitors, parts.settings.square.rules

    async def form(
        who: Visitor, about: int, fields: dict[str, object], status: int = 200, **over: Any
    ) -> Response:
        ticked = set(_ids(fields, POST))
        found = await sql.read(_offer, who.account, about, ticked)
        values: dict[str, Any] = {
            "who": who,
            "about": person(parts, found.about),
            "posts": entries(parts, found.posts, who.account),
            "ticked": {str(one) for one in ticked},
            "categories": CATEGORIES,
            "rules": list(enumerate(rules, 1)),
            "broken": set(_ids(fields, RULE)),
            "category": str(fields.get("category") or "other"),
            "comment": str(fields.get("comment") or ""),
            "longest": COMMENT_MAX,
            "error": "",
            "error_field": "",
        }
        return pages.html("report.html", status, **{**values, **over})

    @router.get("/report")
    async def ask(request: Request, account: str = "", post: str = "") -> Response:
        who = await visitors.needed(request)
        about = paging.id_of(account, "account_unknown")
        return await form(who, about, {f"{POST}{paging.id_of(post)}": "on"} if post else {})

    @router.post("/report")
    async def send(request: Request) -> Response:
        who = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        about = paging.id_of(fields.get("account_id"), "account_unknown")
        try:
            wanted = reports.read(fields, _ids(fields, POST), _ids(fields, RULE), len(rules))
            now_ms = parts.now_ms()
            await sql.write(reports.file, parts.ids.at(now_ms), who.account, wanted, now_ms)
        except Refused as refused:
            if refused.status == 404:
                raise
            return await form(who, about, fields, refused.status, **said(refused))
        return RedirectResponse(f"/report/sent?account={about}", 303)

    @router.get("/report/sent")
    async def sent(request: Request, account: str = "") -> Response:
        who = await visitors.needed(request)
        about = await sql.read(accounts.of_id, paging.id_of(account, "account_unknown"))
        if about is None:
            raise Refused("account_unknown")
        return pages.html("reported.html", who=who, about=person(parts, about))

    return router


def _offer(connection: Connection, viewer: int, about: int, ticked: set[int]) -> Offer:
    """Errors: `account_unknown`, `report_oneself`."""
    found = accounts.of_ids(connection, [about]).get(about)
    if found is None:
        raise Refused("account_unknown")
    if about == viewer:
        raise Refused("report_oneself")
    last = timelines.account(connection, viewer, about, Page(limit=OFFERED))
    known = {post.id for post in last}
    first = shown.of_ids(connection, viewer, sorted(ticked - known, reverse=True)[:OFFERED])
    return Offer(found, [*(post for post in first if post.author.id == about), *last])


def _ids(fields: dict[str, object], kind: str) -> list[int]:
    """What was ticked. Errors: `post_unknown`, `rule_unknown`."""
    code = "post_unknown" if kind == POST else "rule_unknown"
    return [paging.id_of(name.removeprefix(kind), code) for name in fields if name.startswith(kind)]
