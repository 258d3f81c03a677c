"""Writing a post, and writing it anew: one form, whole without a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import drafts, paging, posts, shown
from hustings.social.sessions import Visitor
from hustings.social.shown import Post
from hustings.social.text import Mention, parse, written
from hustings.social.visibility import PUBLIC, VISIBILITIES
from hustings.web import enclosed, poll_views, programme, quote_forms, scheduled_pages
from hustings.web.account_pages import onward, said
from hustings.web.enclosed import Enclosed
from hustings.web.media_views import view
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import address, entry
from hustings.wire.errors import Refused

LANGUAGES = (
    "ar",
    "de",
    "en",
    "es",
    "fr",
    "hi",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt",
    "ru",
    "tr",
    "uk",
    "zh",
)
ROOMS_OFFERED = 8
NARROWNESS = {name: rank for rank, name in enumerate(VISIBILITIES)}


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.get("/compose")
    async def form(request: Request) -> Response:
        who = await visitors.needed(request)
        return await _form(parts, pages, who, dict(request.query_params))

    @router.post("/posts")
    async def publish(request: Request) -> Response:
        who = await visitors.needed(request)
        sent = await enclosed.read(parts, request, who.account)
        fields, now_ms = sent.fields, parts.now_ms()
        try:
            wanted = _wanted(parts, sent)
            id = parts.ids.at(now_ms)
            key = str(fields.get("key") or "")
            web = parts.settings.public.web
            later_ms = scheduled_pages.due(fields)
            if later_ms is not None:
                await sql.write(
                    enclosed.schedule, sent, id, who.account, wanted, later_ms, now_ms, key
                )
                return RedirectResponse("/scheduled", 303)
            made = await sql.write(
                enclosed.publish, sent, id, who.account, wanted, web, now_ms, key
            )
        except Refused as refused:
            return await _form(parts, pages, who, fields, refused.status, sent, **said(refused))
        leads = fields.get("next")
        return RedirectResponse(f"{onward(leads)}#p{made}" if leads else f"/posts/{made}", 303)

    _editing(router, parts, pages)
    return router


def _editing(router: APIRouter, parts: Parts, pages: Pages) -> None:
    sql, visitors = parts.sql, parts.visitors

    @router.get("/posts/{id}/edit")
    async def edit_form(id: str, request: Request) -> Response:
        who = await visitors.needed(request)
        post = await sql.read(_own, who.account, paging.id_of(id))
        fields = {
            "status": post.text,
            "spoiler_text": post.spoiler,
            "sensitive": "on" if post.sensitive else "",
            "language": post.language or "",
            "quote_approval_policy": post.quote_policy,
            **poll_views.fields_of(post.poll),
        }
        has = Enclosed({}, [one.id for one in post.media])
        return await _form(
            parts, pages, who, fields, sent=has, edits=entry(parts, post, who.account)
        )

    @router.post("/posts/{id}/edit")
    async def edit(id: str, request: Request) -> Response:
        who = await visitors.needed(request)
        post = await sql.read(_own, who.account, paging.id_of(id))
        sent = await enclosed.read(parts, request, who.account)
        fields = sent.fields
        try:
            wanted = _wanted(parts, sent)
            await sql.write(enclosed.edit, sent, who.account, post.id, wanted, parts.now_ms())
        except Refused as refused:
            edits = entry(parts, post, who.account)
            return await _form(
                parts, pages, who, fields, refused.status, sent, edits=edits, **said(refused)
            )
        return RedirectResponse(address(post), 303)


def _wanted(parts: Parts, sent: Enclosed) -> drafts.Wanted:
    """What the form asks for. Errors: those of `drafts.read`, and what was refused of its files."""
    sent.check()
    said = {**sent.fields, "poll": poll_views.asked(sent.fields)}
    longest = parts.settings.square.post_characters_max
    return drafts.read(said, parts.settings.handle_domain, longest)


async def _form(
    parts: Parts,
    pages: Pages,
    who: Visitor,
    fields: Mapping[str, object],
    status: int = 200,
    sent: Enclosed | None = None,
    **over: Any,
) -> Response:
    form = await form_values(parts, who, fields)
    if sent is not None:
        form["media"] = await _shown(parts, who, sent)
    return pages.html("compose.html", status, who=who, form={**form, **over})


async def form_values(parts: Parts, who: Visitor, fields: Mapping[str, object]) -> dict[str, Any]:
    """What the form shows: what was typed, what it answers, the rooms that it may be about."""
    typed = {name: str(value)[:20_000] for name, value in fields.items() if isinstance(value, str)}
    answered = await parts.sql.read(_answered, who.account, typed.get("in_reply_to_id", ""))
    status = typed.get("status")
    visibility = typed.get("visibility", PUBLIC)
    if answered is not None and "visibility" not in typed:
        # an answer is never for more people than what it answers
        visibility = max(visibility, answered.visibility, key=lambda one: NARROWNESS.get(one, 0))
    if status is None and answered is not None:
        status = _addressed(parts, answered, who)
    rooms = await _rooms(parts)
    key = typed.get("room", "")
    if key and key not in [room["key"] for room in rooms]:
        rooms.append({"key": key, "title": key})
    return {
        **await quote_forms.values(parts, who.account, typed),
        "f": {
            "status": status or "",
            "spoiler_text": typed.get("spoiler_text", ""),
            "sensitive": bool(typed.get("sensitive")),
            "visibility": visibility,
            "language": typed.get("language", ""),
            "room": key,
            "next": typed.get("next", ""),
            # a form that is sent twice is one post
            "key": typed.get("key") or str(parts.ids.at(parts.now_ms())),
        },
        "answered": None if answered is None else entry(parts, answered, who.account),
        "edits": None,
        "media": [],
        "poll": poll_views.typed(typed),
        "later": {"typed": typed.get("later", ""), "offset": typed.get("offset_min", "")},
        "rooms": rooms,
        "languages": LANGUAGES,
        "visibilities": VISIBILITIES,
        "longest": parts.settings.square.post_characters_max,
        "approved": who.approved,
        "error_field": "",
    }


async def _shown(parts: Parts, who: Visitor, sent: Enclosed) -> list[dict[str, Any]]:
    found = await parts.sql.read(enclosed.shown, who.account, sent.ids, sent.said)
    return [
        {**view(parts, one), "alt": described, "credit": credit} for one, described, credit in found
    ]


async def _rooms(parts: Parts) -> list[dict[str, str]]:
    """Those that a post may well be about: on the air, the next, the last."""
    found = []
    for when in ("now", "soon", "past"):
        listed = await parts.sql.read(programme.programme, when, parts.now_ms())
        found += [{"key": one.plan.key, "title": one.plan.title} for one in listed[:ROOMS_OFFERED]]
    return found[:ROOMS_OFFERED]


def _answered(connection: Connection, account: int, id: str) -> Post | None:
    found = shown.one(connection, account, paging.id_of(id)) if id else None
    return found.original if found else None


def _own(connection: Connection, account: int, id: int) -> Post:
    posts.own(connection, account, id)
    return shown.needed(connection, account, id)


def _addressed(parts: Parts, answered: Post, who: Visitor) -> str:
    """The mentions that an answer begins with: its author, and whom he addressed."""
    spans = parse(answered.text, parts.settings.handle_domain)
    others = [written(span) for span in spans if isinstance(span, Mention)]
    named = dict.fromkeys((f"@{answered.author.address}", *others))
    own = f"@{who.handle}".lower()
    kept = [one for one in named if one.lower() != own]
    return f"{' '.join(kept)} " if kept else ""
