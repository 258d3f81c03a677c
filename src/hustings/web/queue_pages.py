"""The queue of reports, as moderators work it off: each with the posts in place, what else is known, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, audit, names, order, paging, reports, shown
from hustings.social.accounts import Member
from hustings.social.paging import Page
from hustings.social.reports import NOTE_MAX, Note, Report
from hustings.social.sessions import Visitor
from hustings.social.shown import Post
from hustings.web import forms, order_views
from hustings.web.account_pages import said
from hustings.web.order_pages import allowed, order_of
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import entries
from hustings.wire.errors import Refused

LISTED, OTHERS_SHOWN = 20, 10
SHOWN = ("open", "mine", "resolved")
ACTS = {"take": reports.take, "resolve": reports.resolve, "reopen": reports.reopen}


@dataclass(frozen=True, slots=True)
class Case:
    """A report with all that belongs to it. `member` none: the account is not of this server, or no more."""

    report: Report
    posts: list[Post]
    member: Member | None
    strikes: int
    others: list[Report]
    notes: list[Note]


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.get("/moderation/reports")
    async def queue(request: Request, show: str = "", after: str = "") -> Response:
        who = await visitors.moderator(request)
        show = show if show in SHOWN else SHOWN[0]
        border = paging.id_of(after, "bad_request") if after else None
        found = await sql.read(_queue, who.account, show, border)
        return pages.html(
            "queue.html",
            who=who,
            show=show,
            shows=SHOWN,
            reports=[order_views.report(parts, one) for one in found],
            last=found[-1].id if len(found) == LISTED else None,
        )

    @router.get("/moderation/reports/{id}")
    async def report(id: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        return await _shown(parts, pages, who, paging.id_of(id, "report_unknown"))

    @router.post("/moderation/reports/{id}/{act}")
    async def act(id: str, act: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        wanted = paging.id_of(id, "report_unknown")
        if act not in ACTS:
            raise Refused("not_found")
        await sql.write(ACTS[act], order_of(parts, who, {}), wanted)
        leads = f"/moderation/reports/{wanted}" if act == "take" else "/moderation/reports"
        return RedirectResponse(leads, 303)

    @router.post("/moderation/people/{id}/note")
    async def note(id: str, request: Request) -> Response:
        who = await visitors.moderator(request)
        about = paging.id_of(id, "account_unknown")
        fields, _ = await forms.read(request, 0)
        report = paging.id_of(fields["report"], "report_unknown") if fields.get("report") else None
        try:
            text = names.lines(fields.get("note"), NOTE_MAX, "report_comment_too_long", "note")
            await sql.write(reports.note, order_of(parts, who, {}), about, text, report)
        except Refused as refused:
            if refused.status == 404 or report is None:
                raise
            typed = {"note": str(fields.get("note", "")), **said(refused)}
            return await _shown(parts, pages, who, report, refused.status, **typed)
        leads = f"people/{about}" if report is None else f"reports/{report}"
        return RedirectResponse(f"/moderation/{leads}#notes", 303)

    return router


async def _shown(
    parts: Parts, pages: Pages, who: Visitor, id: int, status: int = 200, **over: Any
) -> Response:
    """Errors: `report_unknown`."""
    found = await parts.sql.read(_case, id)
    member = found.member
    stands = order.OPEN if member is None else order.standing(member)
    posts = entries(parts, found.posts, None)
    values: dict[str, Any] = {
        "who": who,
        "report": order_views.report(parts, found.report),
        "target": found.report.target,
        "posts": posts,
        "gone": len(found.report.posts) - len(posts),
        "stands": stands,
        "strikes": found.strikes,
        "others": [order_views.report(parts, one) for one in found.others],
        "notes": [order_views.note(parts, one) for one in found.notes],
        "acts": [] if member is None else allowed(who, member, stands),
        "mine": found.report.taken_by is not None and found.report.taken_by.id == who.account,
        "note": "",
        "error": "",
        "error_field": "",
    }
    return pages.html("case.html", status, **{**values, **over})


def _queue(connection: Connection, me: int, show: str, after: int | None) -> list[Report]:
    if show == "resolved":
        return reports.page(connection, Page(max_id=after, limit=LISTED), True)
    mine = me if show == "mine" else None
    return reports.page(connection, Page(min_id=after or 0, limit=LISTED), False, mine)


def _case(connection: Connection, id: int) -> Case:
    found = reports.of_id(connection, id)
    others = reports.about(connection, found.target, OTHERS_SHOWN + 1)
    return Case(
        found,
        shown.whatever(connection, found.posts),
        accounts.member(connection, found.target),
        audit.count(connection, found.target, order.STRIKES),
        [one for one in others if one.id != id][:OTHERS_SHOWN],
        reports.notes(connection, found.target),
    )
