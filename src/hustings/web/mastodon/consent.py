"""The page on which somebody lets an app in: the one place of the API that people see, and the one that reads a cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hustings.social import apps, redirects, scopes, sessions, tokens
from hustings.social.apps import App
from hustings.social.sessions import Visitor
from hustings.social.tokens import Grant
from hustings.web import forms
from hustings.web.guard import policy
from hustings.web.mastodon import params, wishes
from hustings.web.mastodon.answers import OAUTH_WORDS
from hustings.web.mastodon.described import ANYBODY, FORM, HTML, says
from hustings.web.mastodon.entities import scope_words
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

STATE_MAX = 1_000
CARRIED = (
    *("response_type", "client_id", "redirect_uri", "scope", "state"),
    *("code_challenge", "code_challenge_method"),
)
HERE = "/oauth/authorize"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be answered at its app's own address."""

    app: App
    redirect_uri: str
    state: str
    scopes: str
    challenge: str


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter()
    visitors = parts.visitors

    @router.get(HERE)
    @router.get(f"{HERE}/")  # as toot writes it
    @says(None, by=ANYBODY, asks=(wishes.Authorization,), statuses=(200, 303), kind=HTML)
    async def ask(request: Request) -> Response:
        fields: dict[str, object] = dict(params.asked(request))
        app, uri = await _app(parts, fields)
        try:
            asked = _asked(app, uri, fields)
        except Refused as refused:
            return _back(pages, uri, _fault(refused, fields))
        visitor = await visitors.of(request)
        again = str(fields.get("force_login", "")).lower() in ("true", "1")
        if visitor is None or again:
            here = f"{HERE}?{urlencode(_carried(fields))}"
            return RedirectResponse(f"/login?next={quote(here, safe='')}", 303)
        _check_let_in(visitor)
        answer = pages.html(
            "consent.html",
            who=visitor,
            app=asked.app,
            scopes=scope_words(asked.scopes),
            fields=_carried(fields),
            leads_to=redirects.source(uri),
        )
        # browsers hold a form to its page's policy also where its answer leads on (CSP 3, 6.4.2)
        answer.headers["Content-Security-Policy"] = policy(redirects.source(uri))
        return answer

    @router.post(HERE)
    @says(None, by=ANYBODY, takes=wishes.Decision, bodies=(FORM,), statuses=(200, 303), kind=HTML)
    async def decide(request: Request) -> Response:
        visitor = await visitors.needed(request)
        _check_let_in(visitor)
        fields, _ = await forms.read(request, 0)
        app, uri = await _app(parts, fields)
        try:
            asked = _asked(app, uri, fields)
            if fields.get("decision") != "allow":
                raise Refused("access_denied")
        except Refused as refused:
            return _back(pages, uri, _fault(refused, fields))
        code = sessions.fresh()
        given = Grant(app.id, visitor.account, uri, asked.scopes, asked.challenge)
        await parts.sql.write(tokens.grant, given, code, parts.now_ms())
        return _back(pages, uri, {"code": code, **_state(asked.state)})

    return router


async def _app(parts: Parts, fields: dict[str, object]) -> tuple[App, str]:
    """Whose request this is, and where it is answered: before both are sure, nobody is sent anywhere (RFC 6749, 4.1.2.1).

    Errors: `client_unknown`, `redirect_uri_wrong`.
    """
    app = await parts.sql.read(apps.find, fields.get("client_id"))
    uri = fields.get("redirect_uri")
    if uri is None and len(app.redirect_uris) == 1:
        uri = app.redirect_uris[0]
    if uri not in app.redirect_uris:
        raise Refused("redirect_uri_wrong")
    return app, str(uri)


def _asked(app: App, uri: str, fields: dict[str, object]) -> Asked:
    """Errors, that the app is told: `response_type_unsupported`, `scope_unknown`, `challenge_malformed`, `bad_request`."""
    if fields.get("response_type") != "code":
        raise Refused("response_type_unsupported")
    wanted = scopes.parse(fields.get("scope") or "")
    if not scopes.within(app.scopes, wanted):
        raise Refused("scope_unknown")
    challenge = str(fields.get("code_challenge") or "")
    method = fields.get("code_challenge_method")
    good = method == "S256" and tokens.CHALLENGE.fullmatch(challenge)
    if (challenge or method) and not good:
        raise Refused("challenge_malformed")
    state = str(fields.get("state") or "")
    if len(state) > STATE_MAX:
        raise Refused("bad_request")
    return Asked(app, uri, state, wanted, challenge)


def _carried(fields: dict[str, object]) -> dict[str, str]:
    """What the form, and a log-in before it, bring back. `force_login` is done by then."""
    return {name: str(fields[name]) for name in CARRIED if fields.get(name)}


def _check_let_in(visitor: Visitor) -> None:
    """Errors: `email_unconfirmed`, `not_let_in`."""
    if not visitor.confirmed:
        raise Refused("email_unconfirmed")
    if not visitor.approved:
        raise Refused("not_let_in")


def _fault(refused: Refused, fields: dict[str, object]) -> dict[str, str]:
    said = {"error": OAUTH_WORDS[refused.code], "error_description": refused.sentence}
    return {**said, **_state(str(fields.get("state") or "")[:STATE_MAX])}


def _state(state: str) -> dict[str, str]:
    return {"state": state} if state else {}


def _back(pages: Pages, uri: str, answer: dict[str, str]) -> Response:
    """To the app; where it has no address, the person sees the code and takes it over."""
    if uri != redirects.NOWHERE:
        return RedirectResponse(redirects.with_answer(uri, urlencode(answer)), 303)
    shown: dict[str, Any] = {
        "code": answer.get("code", ""),
        "fault": answer.get("error_description", ""),
    }
    return pages.html("consent_code.html", 200 if shown["code"] else 400, **shown)
