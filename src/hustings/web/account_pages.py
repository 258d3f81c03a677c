"""Pages for people with an account: sign up, log in, settings, security. Forms and redirects; no script is needed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, names, passwords, preferences, second_factor, sessions, totp
from hustings.social.accounts import Member
from hustings.social.preferences import Preferences
from hustings.social.quoted import POLICIES
from hustings.social.sessions import Visitor
from hustings.web import forms
from hustings.web.guard import client_network
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.people import SERVER, Caller, CodeAwaited, LoggedIn
from hustings.wire.errors import CODES, Refused

AGENT_MAX = 200
NEXT_MAX = 8_000


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    _entrances(router, parts, pages)
    _settings(router, parts, pages)
    _security(router, parts, pages)
    return router


def _entrances(router: APIRouter, parts: Parts, pages: Pages) -> None:
    people, visitors = parts.people, parts.visitors

    @router.get("/sign-up")
    async def sign_up_form(invite: str = "", next: str = "") -> Response:
        return pages.html("sign_up.html", **_entry(parts, {"invite": invite, "next": next}))

    @router.post("/sign-up")
    async def sign_up(request: Request) -> Response:
        fields, _ = await forms.read(request, 0)
        try:
            done = await people.sign_up(fields, caller(parts, request))
        except Refused as refused:
            shown = _entry(parts, fields, refused)
            return pages.html("sign_up.html", refused.status, **shown)
        return _let_in(parts, done, fields.get("next") or "/settings")

    @router.get("/login")
    async def log_in_form(request: Request, next: str = "") -> Response:
        return pages.html("login.html", **_entry(parts, {"next": next}))

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        fields, _ = await forms.read(request, 0)
        name, password = str(fields.get("name", "")), str(fields.get("password", ""))
        try:
            done = await people.log_in(name, password, caller(parts, request))
        except Refused as refused:
            return pages.html("login.html", refused.status, **_entry(parts, fields, refused))
        if isinstance(done, CodeAwaited):
            shown = _entry(parts, {"step": done.step, "next": fields.get("next", "")})
            return pages.html("code.html", **shown)
        return _let_in(parts, done, fields.get("next") or "/")

    @router.post("/login/code")
    async def log_in_with_code(request: Request) -> Response:
        fields, _ = await forms.read(request, 0)
        step, code = str(fields.get("step", "")), str(fields.get("code", ""))
        try:
            done = await people.log_in_with_code(step, code, caller(parts, request))
        except Refused as refused:
            name = "code.html" if refused.code == "code_wrong" else "login.html"
            return pages.html(name, refused.status, **_entry(parts, fields, refused))
        return _let_in(parts, done, fields.get("next") or "/")

    @router.post("/log-out")
    async def log_out(request: Request) -> Response:
        visitor = await visitors.of(request)
        if visitor is not None:
            await parts.sql.write(sessions.end, visitor.account, visitor.session)
        return visitors.forget(RedirectResponse("/", 303))


def _settings(router: APIRouter, parts: Parts, pages: Pages) -> None:
    visitors = parts.visitors

    async def shown(visitor: Visitor, status: int = 200, **over: Any) -> Response:
        found, kept = await parts.sql.read(member_set, visitor.account)
        values = {
            "who": visitor,
            "account": found.account,
            "address": f"@{found.account.handle}@{parts.settings.handle_domain}",
            "since": Moment(found.account.created_at_ms),
            "name": found.account.name,
            "note": found.account.note,
            "policies": POLICIES,
            "quote_policy": kept.quote_policy,
            "email": found.email or "",
            "approval_awaited": not found.approved,
            "error": "",
            "error_field": "",
        }
        return pages.html("settings.html", status, **{**values, **over})

    @router.get("/settings")
    async def settings(request: Request) -> Response:
        return await shown(await visitors.needed(request))

    @router.post("/settings")
    async def describe(request: Request) -> Response:
        visitor = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        try:
            name = names.line(fields.get("name"), names.NAME_MAX, "name_malformed", "name")
            note = names.lines(fields.get("note"), names.NOTE_MAX, "note_too_long", "note")
        except Refused as refused:
            typed = {field: str(fields.get(field, "")) for field in ("name", "note")}
            return await shown(visitor, refused.status, **typed, **said(refused))
        locked = fields.get("locked") == "on"
        wanted = {"quote_policy": fields.get("quote_policy")}
        await parts.sql.write(_describe, visitor.account, name, note, locked, wanted)
        return RedirectResponse("/settings", 303)

    @router.post("/settings/owner")
    async def own(request: Request) -> Response:
        visitor = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        network = client_network(request.scope, parts.settings.web.forwarded_header)
        try:
            parts.planner.prove(str(fields.get("planner", "")), network)
        except Refused as refused:
            return await shown(visitor, refused.status, **said(refused))
        now_ms = parts.now_ms()
        entry = parts.ids.at(now_ms)
        await parts.sql.write(accounts.make_owner, visitor.account, entry, now_ms)
        return RedirectResponse("/moderation", 303)


def _security(router: APIRouter, parts: Parts, pages: Pages) -> None:
    people, visitors = parts.people, parts.visitors

    async def shown(visitor: Visitor, status: int = 200, **over: Any) -> Response:
        values = await _security_values(parts, visitor)
        return pages.html("security.html", status, **{**values, **over})

    @router.get("/settings/security")
    async def security(request: Request) -> Response:
        return await shown(await visitors.needed(request))

    @router.post("/settings/security/password")
    async def change_password(request: Request) -> Response:
        visitor = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        old, wanted = str(fields.get("password", "")), fields.get("wanted")
        try:
            done = await people.change_password(visitor, old, wanted, caller(parts, request))
        except Refused as refused:
            return await shown(visitor, refused.status, about="password", **said(refused))
        return _let_in(parts, done, "/settings/security")

    @router.post("/settings/security/codes/{act}")
    async def codes(act: str, request: Request) -> Response:
        visitor = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        try:
            paper = await _codes(parts, visitor, act, fields, caller(parts, request))
        except Refused as refused:
            return await shown(visitor, refused.status, about="codes", **said(refused))
        if paper:
            return pages.html("paper.html", who=visitor, codes=paper)
        return RedirectResponse("/settings/security#codes", 303)

    @router.post("/settings/security/sessions/{which}/end")
    async def end_session(which: str, request: Request) -> Response:
        visitor = await visitors.needed(request)
        if which == "all":
            await parts.sql.write(sessions.end_others, visitor.account)
            return visitors.forget(RedirectResponse("/login", 303))
        if which == "others":
            await parts.sql.write(sessions.end_others, visitor.account, visitor.session)
        elif which.isascii() and which.isdigit() and len(which) < 19:
            await parts.sql.write(sessions.end, visitor.account, int(which))
        else:
            raise Refused("not_found")
        return RedirectResponse("/settings/security#sessions", 303)


def member_set(connection: Connection, id: int) -> tuple[Member, Preferences]:
    """Errors: `account_unknown`."""
    found = accounts.member(connection, id)
    if found is None:
        raise Refused("account_unknown")
    return found, preferences.of(connection, id)


def _describe(
    connection: Connection,
    account: int,
    name: str,
    note: str,
    locked: bool,
    wanted: dict[str, object],
) -> None:
    """The profile, and of the preferences what the form names. Errors: `preference_malformed`."""
    accounts.describe(connection, account, name, note, locked)
    preferences.change(connection, account, wanted)


async def _codes(
    parts: Parts, visitor: Visitor, act: str, fields: dict[str, object], who: Caller
) -> list[str]:
    """One act of the second factor; what is to be shown once. Whatever weakens it asks for the password."""
    people = parts.people
    if act == "prove":
        return await people.prove_code(visitor, str(fields.get("code", "")))
    if act not in ("begin", "paper", "off"):
        raise Refused("not_found")
    await people.proved(visitor, str(fields.get("password", "")), who)
    if act == "begin":
        await people.propose_code(visitor)
    elif act == "off":
        await parts.sql.write(second_factor.turn_off, visitor.account)
    elif await parts.sql.read(second_factor.is_on, visitor.account):
        return await people.new_paper(visitor)
    return []


async def _security_values(parts: Parts, visitor: Visitor) -> dict[str, Any]:
    found = await parts.sql.read(accounts.member, visitor.account)
    if found is None:
        raise Refused("account_unknown")
    waiting = await parts.sql.read(second_factor.waiting, parts.seal, visitor.account)
    opened = await parts.sql.read(sessions.listed, visitor.account, parts.now_ms())
    return {
        "who": visitor,
        "handle": found.account.handle,
        "codes_on": found.totp is not None,
        "paper_left": await parts.sql.read(second_factor.paper_left, visitor.account),
        "secret": totp.words(waiting) if waiting else "",
        "secret_link": totp.link(waiting, SERVER, found.account.handle) if waiting else "",
        "sessions": [
            {
                "id": one.id,
                "agent": browser(one.agent),
                "place": one.place,
                "seen": Moment(one.seen_at_ms),
                "since": Moment(one.created_at_ms),
                "here": one.id == visitor.session,
            }
            for one in opened
        ],
        "shortest": passwords.SHORTEST,
        "error": "",
        "error_field": "",
        "about": "",
    }


def caller(parts: Parts, request: Request) -> Caller:
    """Where a request comes from, as a session remembers it."""
    place = client_network(request.scope, parts.settings.web.forwarded_header)
    agent = names.line(
        request.headers.get("user-agent", "")[:AGENT_MAX], AGENT_MAX, "bad_request", ""
    )
    return Caller(place, agent, lambda account: parts.visitors.knows(request, account))


def said(refused: Refused) -> dict[str, str]:
    """A "no" as a form shows it: the sentence, and the field that it is about."""
    return {
        "error": CODES[refused.code][1],
        "error_field": str(refused.detail.get("field", "")),
    }


def onward(wanted: object) -> str:
    """Where a form may lead: a path of ours and nothing else."""
    text = str(wanted)
    inside = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if inside and "\\" not in text and len(text) <= NEXT_MAX else "/"


def browser(agent: str) -> str:
    """The browser or app in a User-Agent, in a word or two: enough to know one's own."""
    for mark, name in BROWSERS:
        if mark in agent:
            return name
    return agent.split("/")[0][:40]


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def _entry(parts: Parts, fields: dict[str, Any], refused: Refused | None = None) -> dict[str, Any]:
    """What the forms of the entrances show: what was typed, never a password."""
    typed = ("handle", "email", "reason", "invite", "name", "next", "step")
    return {
        "f": {name: str(fields.get(name) or "")[:NEXT_MAX] for name in typed},
        "mode": parts.settings.square.sign_up,
        "mail": parts.people.sends_mail,
        "domain": parts.settings.handle_domain,
        "shortest": passwords.SHORTEST,
        **({"error": "", "error_field": ""} if refused is None else said(refused)),
    }


def _let_in(parts: Parts, done: LoggedIn, next: object) -> Response:
    return parts.visitors.let_in(RedirectResponse(onward(next), 303), done.token, done.account)
