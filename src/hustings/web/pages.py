"""What people see: the programme, the form that plans a room, and the links it leads to. Whole without a script."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hustings.copy import catalogue, direction, say
from hustings.rooms.room import ENDED, ON_AIR, OPEN, REPLAY
from hustings.social.sessions import Visitor
from hustings.web import forms, moments, programme
from hustings.web.guard import client_network
from hustings.web.moments import Moment
from hustings.web.parts import Parts
from hustings.web.planning import Planned, fresh
from hustings.web.programme import Listing
from hustings.wire.errors import CODES, RETRY_AFTER, Refused

LANG = "en"
PAGES = ("web", "square", "order")
SHOWN_MAX = 500
SHOWN_S = 3_600.0
LINKS_MAX = 30
EXCERPT_MAX = 180
REPLAY_DUE_MS = 600_000
SCRIPT_COPY = ("copy.", "time.", "count.")


@dataclass(slots=True)
class Sheet:
    """The page after planning, kept in memory for an hour under a random address: it holds the host's ticket."""

    planned: Planned
    until_s: float
    links: list[dict[str, str]] = field(default_factory=list)


class Sheets:
    """The planned pages that may still be looked at; the oldest gives way. `now_s` is a monotonic clock."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._sheets: OrderedDict[str, Sheet] = OrderedDict()

    def keep(self, planned: Planned) -> str:
        token = fresh()
        self._sheets[token] = Sheet(planned, self._now_s() + SHOWN_S)
        while len(self._sheets) > SHOWN_MAX:
            self._sheets.popitem(last=False)
        return token

    def find(self, token: str) -> Sheet:
        """Errors: `Refused("not_found")` when it was never there or its hour is over."""
        sheet = self._sheets.get(token)
        if sheet is None or sheet.until_s < self._now_s():
            self._sheets.pop(token, None)
            raise Refused("not_found", page="planned")
        return sheet


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
"""Each is compiled once for the whole process."""


class Pages:
    """Templates and sentences into HTML."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def html(self, name: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        copy = sentences()

        def t(id: str, n: int | None = None, **places: object) -> str:
            return say(copy, id, n, lang=LANG, **places)

        text = _templates.get_template(name).render(
            t=t,
            lang=LANG,
            dir=direction(LANG),
            assets=self._parts.publisher.assets,
            script_copy={id: words for id, words in copy.items() if id.startswith(SCRIPT_COPY)},
            studio_here=self._parts.follower.here,
            now=Moment(self._parts.now_ms()),
            **values,
        )
        again = RETRY_AFTER.get(status, {})
        return HTMLResponse(text, status, {"Cache-Control": "no-store", **again})

    def sentence(self, refused: Refused) -> HTMLResponse:
        """A page that is one "no": what happened, what still works, what to do."""
        copy = sentences()
        known = str(refused.detail.get("page", refused.code))
        known = known if f"sentence.{known}.title" in copy else "other"
        return self.html(
            "sentence.html",
            refused.status,
            title_id=f"sentence.{known}.title",
            body_id=f"sentence.{known}.body",
            sentence=refused.sentence,
        )

    def entry(self, listing: Listing) -> dict[str, Any]:
        """A room on the programme."""
        parts, plan = self._parts, listing.plan
        now_ms = parts.now_ms()
        began, ended = listing.on_air_since_ms, listing.ended_at_ms
        coming = listing.state not in (ON_AIR, ENDED, REPLAY)
        return {
            "key": plan.key,
            "href": parts.live_link(plan.key),
            "around": f"/rooms/{plan.key}",
            "title": plan.title,
            "host": plan.host_name,
            "excerpt": excerpt(plan.description),
            "picture": self.picture(plan.picture),
            "picture_alt": plan.picture_alt,
            "starts": Moment(plan.starts_at_ms),
            "began": Moment(began) if began else None,
            "minutes": max(1, round((ended - began) / 60_000)) if began and ended else 0,
            "open": listing.state == OPEN,
            "late": coming and plan.starts_at_ms < now_ms,
            "late_reason": listing.late_reason,
            "replay": listing.state == REPLAY,
            "replay_due": listing.state == ENDED and now_ms - (ended or 0) < REPLAY_DUE_MS,
        }

    def picture(self, url: str) -> str:
        """Where pages of this host load it from: the live host, or for an older one this, which serves the same files."""
        live = self._parts.settings.public.live
        if url.startswith(f"{live}/media/"):
            return url
        return url.removeprefix(live) if url.startswith(f"{live}/assets/") else ""


def build(parts: Parts, pages: Pages, sheets: Sheets) -> APIRouter:
    """The routes of the pages."""
    router = APIRouter(include_in_schema=False)
    settings = parts.settings

    @router.get("/")
    async def front() -> Response:
        found = {}
        for when in ("now", "soon", "past"):
            rooms = await parts.sql.read(programme.programme, when, parts.now_ms())
            found[when] = [
                pages.entry(listing) for listing in rooms[: 10 if when == "past" else 30]
            ]
        return pages.html(
            "front.html", now_rooms=found["now"], soon=found["soon"], past=found["past"]
        )

    @router.get("/plan")
    async def form(request: Request) -> Response:
        try:
            who = await parts.visitors.of(request)
        except Refused:
            who = None  # the database is away, and a room can be thought out all the same
        return pages.html("plan.html", **form_values(parts, {}, who))

    @router.post("/plan")
    async def plan(request: Request) -> Response:
        fields: dict[str, object] = {}
        who = None
        try:
            fields, picture = await forms.read(request, settings.web.picture_bytes_max)
            network = client_network(request.scope, settings.web.forwarded_header)
            parts.planner.check(str(fields.get("planner", "")), network)
            who = await parts.visitors.of(request)
            account = who.account if who else None
            done = await parts.planning.plan(plan_fields(fields), picture, account)
        except Refused as refused:
            if refused.code == "cross_site":
                raise
            shown = form_values(parts, fields, who, refused)
            return pages.html("plan.html", refused.status, **shown)
        return RedirectResponse(f"/planned/{sheets.keep(done)}", 303)

    @router.get("/planned/{token}")
    async def planned(token: str) -> Response:
        return pages.html(
            "planned.html", **await sheet_values(parts, pages, token, sheets.find(token))
        )

    @router.post("/planned/{token}/links")
    async def link(token: str, request: Request) -> Response:
        sheet = sheets.find(token)
        fields, _ = await forms.read(request, 0)
        try:
            if len(sheet.links) >= LINKS_MAX:
                raise Refused("too_many")
            key = sheet.planned.listing.plan.key
            made = await parts.planning.invite(key, sheet.planned.host_ticket, fields)
        except Refused as refused:
            values = await sheet_values(parts, pages, token, sheet)
            return pages.html(
                "planned.html", refused.status, **{**values, "error": refused.sentence}
            )
        name = str(fields.get("name") or fields.get("member") or "").strip()
        sheet.links.append(
            {"url": made["url"], "name": name, "role": str(fields.get("role", "speaker"))}
        )
        return RedirectResponse(f"/planned/{token}#links", 303)

    return router


def sentences() -> dict[str, str]:
    """What pages of this host say."""
    return {id: said for page in PAGES for id, said in catalogue(LANG, page).items()}


def excerpt(description: str) -> str:
    """The first words of a description, on one line."""
    words = " ".join(description.split())
    if len(words) <= EXCERPT_MAX:
        return words
    return words[:EXCERPT_MAX].rsplit(" ", 1)[0] + " …"


def plan_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """The form's fields as those of a plan: its time is a local one, and an empty box is sent as nothing at all."""
    starts = moments.from_field(str(fields.get("starts_at", "")), str(fields.get("offset_min", "")))
    kept = ("title", "key", "description", "profile", "host_name", "picture_alt")
    return {
        **{name: fields[name] for name in kept if name in fields},
        "starts_at_ms": starts,
        "listed": fields.get("listed") == "on",
        "announced": fields.get("announced") == "on",
    }


def form_values(
    parts: Parts,
    fields: Mapping[str, object],
    who: Visitor | None,
    refused: Refused | None = None,
) -> dict[str, Any]:
    """What the form shows: what was typed, and at its field what is wrong with it. A member may have it announced."""
    field_name = "" if refused is None else str(refused.detail.get("field", ""))
    if refused is not None and refused.code in ("key_taken", "room_taken"):
        field_name = "key"
    typed = {name: str(value) for name, value in fields.items()}
    half_hour = Moment(moments.next_half_hour(parts.now_ms()))
    return {
        "f": {
            "title": typed.get("title", "")[:400],
            "starts_at": typed.get("starts_at", half_hour.field),
            "offset_min": typed.get("offset_min", ""),
            "description": typed.get("description", ""),
            "host_name": typed.get("host_name", ""),
            "key": typed.get("key", ""),
            "profile": typed.get("profile", parts.settings.studio.profile),
            "picture_alt": typed.get("picture_alt", ""),
            "listed": "listed" in typed or not typed,
            "announced": "announced" in typed or not typed,
        },
        "half_hour": half_hour,
        "who": who,
        "live_host": parts.settings.public.live.split("://", 1)[1],
        "planner_needed": parts.planner.needed,
        "picture_mb": parts.settings.web.picture_bytes_max // 1_000_000,
        "error": "" if refused is None else CODES[refused.code][1],
        "error_field": field_name,
    }


async def sheet_values(parts: Parts, pages: Pages, token: str, sheet: Sheet) -> dict[str, Any]:
    """What the planned page shows. A database that is away does not take the links from whoever just got them."""
    listing = sheet.planned.listing
    try:
        listing = await parts.planning.room(listing.plan.key)
    except Refused:
        listing = replace(listing, handed=True)
    return {
        "token": token,
        "room": pages.entry(listing),
        "doors": Moment(listing.plan.doors_at_ms),
        "listed": listing.plan.listed,
        "handed": listing.handed,
        "host_url": parts.planning.stage_link(listing.plan.key, sheet.planned.host_ticket),
        "links": sheet.links,
        "error": "",
    }
