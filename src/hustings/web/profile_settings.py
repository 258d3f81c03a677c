"""What one's page shows besides words: pictures. One form, without a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, portraits
from hustings.social.sessions import Visitor
from hustings.web.account_pages import said
from hustings.web.mastodon import params
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

PATIENCE_S = 20.0
TYPED = ("avatar_description", "header_description")


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    visitors, sql = parts.visitors, parts.sql

    async def shown(
        visitor: Visitor, status: int = 200, typed: Mapping[str, Any] | None = None, **over: Any
    ) -> Response:
        found = await sql.read(accounts.member, visitor.account)
        if found is None:
            raise Refused("account_unknown")
        account, at = found.account, parts.portraits
        kept = {"avatar_description": account.avatar_alt, "header_description": account.header_alt}
        words = {**kept, **{name: str((typed or kept).get(name, ""))[:2_000] for name in TYPED}}
        values = {
            "who": visitor,
            "account": account,
            "address": f"@{account.handle}@{parts.settings.handle_domain}",
            "avatar": at.still(account),
            "header": at.header(account),
            "f": words,
            "error": "",
            "error_field": "",
        }
        return pages.html("profile_settings.html", status, **{**values, **over})

    @router.get("/settings/profile")
    async def settings(request: Request) -> Response:
        return await shown(await visitors.needed(request))

    @router.post("/settings/profile")
    async def keep(request: Request) -> Response:
        visitor = await visitors.needed(request)
        async with params.opened(request) as tree:
            try:
                made = await parts.uploads.take_portraits(visitor.account, tree, PATIENCE_S)
                await sql.write(_keep, visitor.account, tree, made, parts.now_ms())
            except Refused as refused:
                return await shown(visitor, refused.status, tree, **said(refused))
        return RedirectResponse("/settings/profile", 303)

    return router


def _keep(
    connection: Connection, id: int, tree: Mapping[str, Any], made: list[int], now_ms: int
) -> None:
    """Errors: those of `portraits`."""
    for kind in portraits.KINDS:
        if tree.get(f"drop_{kind}"):
            portraits.drop(connection, id, kind, now_ms)
    for one in made:
        portraits.want(connection, id, one, now_ms)
    for kind in portraits.KINDS:
        if not tree.get(f"drop_{kind}"):
            said_of = portraits.alt(tree.get(f"{kind}_description", ""), kind)
            portraits.describe(connection, id, kind, said_of)
