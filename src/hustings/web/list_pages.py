"""One's lists as pages: their timelines, who is in them, and the forms that change them. No script is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, lists, paging
from hustings.social.accounts import Account
from hustings.social.interest import REPLIES
from hustings.social.lists import MEMBERS_MAX, TITLE_MAX, Draft, List
from hustings.social.paging import Page
from hustings.social.sessions import Visitor
from hustings.social.shown import Post
from hustings.web import forms
from hustings.web.account_pages import said
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import person
from hustings.web.square_pages import timeline
from hustings.wire.errors import Refused


@dataclass(frozen=True, slots=True)
class Shown:
    list: List
    posts: Sequence[Post]
    members: Sequence[Account]


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    _all(router, parts, pages)
    _one(router, parts, pages)
    return router


def _all(router: APIRouter, parts: Parts, pages: Pages) -> None:
    sql, visitors = parts.sql, parts.visitors

    async def page(who: Visitor, status: int = 200, **over: Any) -> Response:
        found = await sql.read(lists.all_of, who.account)
        form = {**_form(Draft("")), **over}
        return pages.html("lists.html", status, who=who, lists=found, form=form)

    @router.get("/lists")
    async def several(request: Request) -> Response:
        return await page(await visitors.needed(request))

    @router.post("/lists")
    async def make(request: Request) -> Response:
        who = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        new = parts.ids.at(parts.now_ms())
        try:
            made = await sql.write(lists.make, new, who.account, _draft(fields))
        except Refused as refused:
            return await page(who, refused.status, **_typed(fields), **said(refused))
        return RedirectResponse(f"/lists/{made.id}", 303)


def _one(router: APIRouter, parts: Parts, pages: Pages) -> None:
    sql, visitors = parts.sql, parts.visitors

    async def page(who: Visitor, id: int, asked: Page, status: int = 200, **over: Any) -> Response:
        found = await sql.read(_shown, who.account, id, asked, parts.now_ms())
        one = found.list
        form = {**_form(Draft(one.title, one.replies, one.exclusive)), "open": bool(over), **over}
        members = [person(parts, each) for each in found.members]
        shown = timeline(parts, f"/lists/{id}", found.posts, asked, who.account)
        return pages.html(
            "list.html", status, who=who, list=one, members=members, form=form, **shown
        )

    @router.get("/lists/{id}")
    async def read(id: str, request: Request) -> Response:
        who = await visitors.needed(request)
        return await page(who, _id(id), paging.read(request.query_params))

    @router.post("/lists/{id}/{act}")
    async def act(id: str, act: str, request: Request) -> Response:
        who, which = await visitors.needed(request), _id(id)
        fields, _ = await forms.read(request, 0)
        try:
            await sql.write(_act, parts.ids.at(parts.now_ms()), who.account, which, act, fields)
        except Refused as refused:
            if refused.code in ("list_unknown", "not_found"):
                raise
            typed = _typed(fields) if act == "change" else {"handle": str(fields.get("handle", ""))}
            return await page(who, which, Page(), refused.status, **typed, **said(refused))
        return RedirectResponse("/lists" if act == "drop" else f"/lists/{which}", 303)


def _act(
    connection: Connection,
    new: int,
    account: int,
    id: int,
    act: str,
    fields: Mapping[str, object],
) -> None:
    """Errors: `not_found` for an act that there is none, and those of the act."""
    if act == "change":
        lists.change(connection, account, id, _draft(fields))
    elif act == "drop":
        lists.drop(connection, account, id)
    elif act == "add":
        handle = str(fields.get("handle") or "").strip().removeprefix("@")[:64]
        found = accounts.find(connection, handle)
        if found is None:
            raise Refused("account_unknown", field="handle")
        lists.add(connection, new, account, id, [found.id])
    elif act == "remove":
        lists.remove(connection, account, id, [paging.id_of(fields.get("account"), "not_found")])
    else:
        raise Refused("not_found")


def _shown(connection: Connection, account: int, id: int, page: Page, now_ms: int) -> Shown:
    one = lists.own(connection, account, id)
    posts = lists.timeline(connection, account, id, page, now_ms)
    named = lists.members(connection, account, id, Page(limit=MEMBERS_MAX))
    known = accounts.of_ids(connection, [who for _, who in named])
    return Shown(one, posts, [known[who] for _, who in named if who in known])


def _draft(fields: Mapping[str, object]) -> Draft:
    """Errors: `list_title_malformed`, `list_replies_unknown`."""
    replies = fields.get("replies_policy")
    return lists.draft(fields.get("title"), replies, fields.get("exclusive") == "on")


def _form(draft: Draft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "replies": draft.replies,
        "exclusive": draft.exclusive,
        "wishes": REPLIES,
        "longest": TITLE_MAX,
        "handle": "",
        "error": "",
        "error_field": "",
        "open": False,
    }


def _typed(fields: Mapping[str, object]) -> dict[str, Any]:
    """What was typed, as it was."""
    return {
        "title": str(fields.get("title") or "")[:1_000],
        "replies": str(fields.get("replies_policy") or "")[:20],
        "exclusive": fields.get("exclusive") == "on",
    }


def _id(text: str) -> int:
    return paging.id_of(text, "list_unknown")
