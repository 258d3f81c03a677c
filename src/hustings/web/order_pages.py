"""Pages of those who look after the server: members, one member with all that is known of him and what can be done, the log.

No script is needed; an act is a form with a reason in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import (
    accounts,
    audit,
    blocks,
    follows,
    lookup,
    names,
    order,
    paging,
    reports,
    sessions,
    shown,
    stages,
)
from hustings.social import tokens as held
from hustings.social.accounts import Member
from hustings.social.audit import Line, Wish
from hustings.social.follows import Counts
from hustings.social.order import ACTS, LIFTED, LOGGED_OUT, STANDINGS, STRIKES, Order
from hustings.social.paging import Page
from hustings.social.reports import REOPENED, RESOLVED, TAKEN, Note, Report
from hustings.social.sessions import Session, Visitor
from hustings.social.shown import Post
from hustings.social.stages import Held
from hustings.social.tokens import Held as App
from hustings.social.visibility import OPEN
from hustings.store.posts import posts
from hustings.web import forms, order_views
from hustings.web.account_pages import onward, said
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import entries, person
from hustings.wire.errors import Refused

BLOCKS = (blocks.EMAIL, blocks.SERVER, blocks.LIFTED)
LISTED, POSTS_SHOWN, LINES_SHOWN = 40, 10, 20
LOGGED = (
    *STRIKES,
    LIFTED,
    LOGGED_OUT,
    RESOLVED,
    REOPENED,
    TAKEN,
    *BLOCKS,
    "let_in",
    "turned_away",
    "became_owner",
)
"""The acts by which the log can be read."""


@dataclass(frozen=True, slots=True)
class File:
    """What moderators know of a member."""

    member: Member
    counts: Counts
    sessions: list[Session]
    apps: list[App]
    lines: list[Line]
    strikes: int
    posts: list[Post]
    reports: list[Report]
    notes: list[Note]
    rooms: list[Held]


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    _members(router, parts, pages)
    _acts(router, parts, pages)
    _log(router, parts, pages)
    return router


def order_of(parts: Parts, who: Visitor, fields: dict[str, object]) -> Order:
    """What a moderator's form asks for. Errors: `note_too_long`."""
    why = names.lines(fields.get("why"), names.REASON_MAX, "note_too_long", "why")
    now_ms = parts.now_ms()
    return Order(who.account, why, parts.ids.at(now_ms), now_ms, parts.settings.mail.on)


def _members(router: APIRouter, parts: Parts, pages: Pages) -> None:
    sql, visitors = parts.sql, parts.visitors

    @router.get("/moderation/people")
    async def people(request: Request, q: str = "", stands: str = "") -> Response:
        who = await visitors.moderator(request)
        stands = stands if stands in STANDINGS[1:] else ""
        page = paging.read(request.query_params, LISTED)
        found = await sql.read(lookup.page, q, stands, page)
        return pages.html(
            "members.html",
            who=who,
            q=q[: lookup.ASKED_MAX],
            stands=stands,
            standings=STANDINGS[1:],
            members=[
                {"member": one, "stands": order.standing(one), **person(parts, one.account)}
                for one in found
            ],
            last=found[-1].account.id if len(found) == page.limit else None,
        )

    @router.get("/moderation/people/{id}")
    async def member(id: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        return await _shown(parts, pages, who, paging.id_of(id, "account_unknown"))


def _acts(router: APIRouter, parts: Parts, pages: Pages) -> None:
    sql, visitors = parts.sql, parts.visitors

    @router.post("/moderation/people/{id}/{act}")
    async def act(id: str, act: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        about = paging.id_of(id, "not_found")
        if act in ("let-in", "turn-away"):
            now_ms = parts.now_ms()
            entry, let_in = parts.ids.at(now_ms), act == "let-in"
            await sql.write(accounts.decide, who.account, about, let_in, entry, now_ms)
            return RedirectResponse("/moderation", 303)
        if act not in ACTS:
            raise Refused("not_found")
        fields, _ = await forms.read(request, 0)
        try:
            report = paging.id_of(led, "report_unknown") if (led := fields.get("report")) else None
            given, entry = order_of(parts, who, fields), parts.ids.at(parts.now_ms())
            await sql.write(reports.act, given, act, about, report, entry)
        except Refused as refused:
            if refused.status == 404:
                raise
            typed = {name: str(fields.get(name, "")) for name in ("why", "report")}
            more = {**said(refused), **typed}
            return await _shown(parts, pages, who, about, refused.status, **more)
        parts.cutting.ring()
        parts.withdrawing.ring()
        leads = f"/moderation/people/{about}" if report is None else "/moderation/reports"
        return RedirectResponse(leads, 303)

    @router.get("/moderation/posts/{id}")
    async def post(id: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        return await _post(parts, pages, who, paging.id_of(id))

    @router.post("/moderation/posts/{id}/remove")
    async def remove(id: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        wanted = paging.id_of(id)
        fields, _ = await forms.read(request, 0)
        try:
            author = await sql.write(order.remove_post, order_of(parts, who, fields), wanted)
        except Refused as refused:
            if refused.status == 404:
                raise
            more = {**said(refused), "why": str(fields.get("why", ""))}
            return await _post(parts, pages, who, wanted, refused.status, **more)
        return RedirectResponse(onward(fields.get("next") or f"/moderation/people/{author}"), 303)


def _log(router: APIRouter, parts: Parts, pages: Pages) -> None:
    sql, visitors = parts.sql, parts.visitors

    @router.get("/moderation/log")
    async def log(request: Request, act: str = "", by: str = "", about: str = "") -> Response:
        who = await visitors.moderator(request)
        page = paging.read(request.query_params, LISTED)
        act = act if act in LOGGED else ""
        found = await sql.read(_lines, (act,) if act else (), by[:64], about[:64], page)
        return pages.html(
            "log.html",
            who=who,
            lines=[order_views.line(parts, one) for one in found],
            acts=LOGGED,
            f={"act": act, "by": by[:64], "about": about[:64]},
            last=found[-1].id if len(found) == page.limit else None,
        )


async def _shown(
    parts: Parts, pages: Pages, who: Visitor, about: int, status: int = 200, **over: Any
) -> Response:
    """Errors: `account_unknown`."""
    found = await parts.sql.read(_file, about, parts.now_ms())
    stands = order.standing(found.member)
    values: dict[str, Any] = {
        "who": who,
        "member": found.member,
        "about": person(parts, found.member.account),
        "since": Moment(found.member.account.created_at_ms),
        "stands": stands,
        "counts": found.counts,
        "sessions": [{"one": one, "seen": Moment(one.seen_at_ms)} for one in found.sessions],
        "apps": [{"name": one.app.name, "used": Moment(one.used_at_ms)} for one in found.apps],
        "lines": [order_views.line(parts, one) for one in found.lines],
        "strikes": found.strikes,
        "posts": entries(parts, found.posts, None),
        "acts": allowed(who, found.member, stands),
        "why": "",
        "report": "",
        "rooms": found.rooms,
        "reports": [order_views.report(parts, one) for one in found.reports],
        "notes": [order_views.note(parts, one) for one in found.notes],
        "error": "",
        "error_field": "",
    }
    return pages.html("member.html", status, **{**values, **over})


async def _post(
    parts: Parts, pages: Pages, who: Visitor, id: int, status: int = 200, **over: Any
) -> Response:
    """Errors: `post_unknown`."""
    found = await parts.sql.read(shown.whatever, [id])
    if not found or found[0].deleted_at_ms is not None or found[0].reblog is not None:
        raise Refused("post_unknown")
    (post,) = entries(parts, found, None)
    values = {"author": found[0].author.id, "why": "", "error": "", "error_field": ""}
    return pages.html("removal.html", status, who=who, post=post, **{**values, **over})


def allowed(who: Visitor, about: Member, stands: str) -> list[str]:
    """The acts that the page offers; whether they may be done is asked again when they are."""
    if about.account.id == who.account or order.RANKS[about.role] >= order.RANKS[who.role]:
        return []
    if stands == order.BANNED:
        return ["lift"] if who.role == accounts.OWNER else []
    steps = {
        order.OPEN: ["limit", "suspend", "ban", "log-out"],
        order.LIMITED: ["lift", "suspend", "ban", "log-out"],
        order.SUSPENDED: ["lift", "ban"],
    }
    return steps[stands]


def _file(connection: Connection, id: int, now_ms: int) -> File:
    found = accounts.member(connection, id)
    if found is None:
        raise Refused("account_unknown")
    last = (
        sa.select(posts.c.id)
        .where(posts.c.account == id, posts.c.deleted_at_ms.is_(None), posts.c.visibility.in_(OPEN))
        .order_by(posts.c.id.desc())
        .limit(POSTS_SHOWN)
    )
    return File(
        found,
        follows.counts(connection, [id])[id],
        sessions.listed(connection, id, now_ms),
        held.held(connection, id),
        audit.page(connection, Wish(about=id), Page(limit=LINES_SHOWN)),
        audit.count(connection, id, STRIKES),
        shown.whatever(connection, list(connection.execute(last).scalars())),
        reports.about(connection, id, LINES_SHOWN),
        reports.notes(connection, id),
        stages.held(connection, id),
    )


def _lines(
    connection: Connection, acts: tuple[str, ...], by: str, about: str, page: Page
) -> list[Line]:
    """By handles; nobody's where there is no such member."""
    who = []
    for handle in (by, about):
        found = accounts.named(connection, handle) if handle else None
        who.append(None if not handle else found.account.id if found else 0)
    return audit.page(connection, Wish(who[0], who[1], acts), page)
