"""OAuth 2 for apps (RFC 6749, 7009, 7636, 8414): an app's registration, tokens, and what a server says of itself."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hustings.social import accounts, apps, scopes, sessions, tokens
from hustings.social.apps import App
from hustings.social.tokens import Shown
from hustings.web.mastodon import entities, params, shapes, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import ANYBODY, APP, says
from hustings.web.mastodon.entities import Entities
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

CODE, CLIENT = "authorization_code", "client_credentials"


def build(parts: Parts, callers: Callers, shown: Entities) -> APIRouter:
    """The routes."""
    router = APIRouter(dependencies=[Depends(callers.enter)])
    sql, web = parts.sql, parts.settings.public.web

    @router.post("/api/v1/apps")
    @says(shapes.Credentials, by=ANYBODY, takes=wishes.Registered)
    async def register(request: Request) -> Response:
        wanted = apps.parse(await params.read(request))
        client_id, secret = sessions.fresh(), sessions.fresh()
        now_ms = parts.now_ms()
        id = parts.ids.at(now_ms)
        app = await sql.write(apps.register, id, wanted, client_id, secret, now_ms)
        credentials = {
            "client_id": client_id,
            "client_secret": secret,
            "client_secret_expires_at": 0,
        }
        return yes({**entities.application(app), **credentials})

    @router.get("/api/v1/apps/verify_credentials")
    @says(shapes.Application, by=APP)
    async def verify_app(request: Request) -> Response:
        bearer = callers.app(request)
        return yes(entities.application(await sql.read(apps.of_id, bearer.app)))

    @router.post("/oauth/token")
    @says(shapes.Token, by=ANYBODY, takes=wishes.Granted)
    async def token(request: Request) -> Response:
        tree = await params.read(request)
        app = await _client(parts, request, tree)
        grant = params.words(tree, "grant_type")
        text, now_ms = sessions.fresh(), parts.now_ms()
        id = parts.ids.at(now_ms)
        if grant == CODE:
            given = Shown(
                params.words(tree, "code"), tree.get("redirect_uri"), tree.get("code_verifier")
            )
            made = await sql.write(tokens.exchange, app.id, given, id, text, now_ms)
            if made is None:
                raise Refused("grant_wrong")
        elif grant == CLIENT:
            wanted = scopes.parse(tree.get("scope") or "")
            if not scopes.within(app.scopes, wanted):
                raise Refused("scope_unknown")
            made = await sql.write(tokens.issue, id, app.id, None, wanted, text, now_ms)
        else:
            raise Refused("grant_unsupported")
        return yes(entities.token(made, text))

    @router.post("/oauth/revoke")
    @says(shapes.Nothing, by=ANYBODY, takes=wishes.Revoked)
    async def revoke(request: Request) -> Response:
        tree = await params.read(request)
        app = await _client(parts, request, tree)
        await sql.write(tokens.revoke, app.id, tree.get("token"), parts.now_ms())
        return yes({})

    @router.get("/.well-known/oauth-authorization-server")
    @says(shapes.Metadata, by=ANYBODY)
    async def metadata() -> Response:
        return yes(_metadata(web))

    _userinfo(router, parts, callers, shown)
    return router


def _userinfo(router: APIRouter, parts: Parts, callers: Callers, shown: Entities) -> None:
    sql, web = parts.sql, parts.settings.public.web

    @router.api_route("/oauth/userinfo", methods=["GET", "POST"])
    @says(shapes.Userinfo, "profile")
    async def userinfo(request: Request) -> Response:
        mine = callers.mine(request)
        found = await sql.read(accounts.of_id, mine.account)
        if found is None:
            raise Refused("token_wrong")
        return yes(
            {
                "iss": f"{web}/",
                "sub": f"{web}/people/{found.id}",
                "name": found.shown,
                "preferred_username": found.handle,
                "profile": f"{web}/@{found.handle}",
                "picture": parts.portraits.avatar(found),
            }
        )


async def _client(parts: Parts, request: Request, tree: dict[str, Any]) -> App:
    """Which app asks, by its secret, in a header or in the body (RFC 6749, 2.3.1). Errors: `client_unknown`."""
    id, secret = tree.get("client_id"), tree.get("client_secret")
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(text.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise Refused("client_unknown") from None
        id, secret = (unquote_plus(part) for part in pair.partition(":")[::2])
    return await parts.sql.read(apps.proved, id, secret)


def _metadata(web: str) -> shapes.Metadata:
    """RFC 8414, and where an app registers as Mastodon names it."""
    return {
        "issuer": f"{web}/",
        "authorization_endpoint": f"{web}/oauth/authorize",
        "token_endpoint": f"{web}/oauth/token",
        "revocation_endpoint": f"{web}/oauth/revoke",
        "userinfo_endpoint": f"{web}/oauth/userinfo",
        "app_registration_endpoint": f"{web}/api/v1/apps",
        "scopes_supported": list(scopes.KNOWN),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [CODE, CLIENT],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "service_documentation": "https://docs.joinmastodon.org/",
    }
