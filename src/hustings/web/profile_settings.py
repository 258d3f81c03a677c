"""What one's page shows besides words: pictures and links. One form, without a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import fields, portraits, preferences
from hustings.social.accounts import Account
from hustings.social.fields import FIELDS_MAX
from hustings.social.preferences import Preferences
from hustings.social.sessions import Visitor
from hustings.web.account_pages import member_set, said
from hustings.web.mastodon import params
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

TYPED = ("avatar_description", "header_description")
TYPED_MAX = 2_000


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    visitors, sql = parts.visitors, parts.sql

    async def shown(
        visitor: Visitor, status: int = 200, typed: Mapping[str, Any] | None = None, **over: Any
    ) -> Response:
        found, kept = await sql.read(member_set, visitor.account)
        account, at = found.account, parts.portraits
        values = {
            "who": visitor,
            "account": account,
            "address": f"@{account.handle}@{parts.settings.handle_domain}",
            "page": f"{parts.settings.public.web}/@{account.handle}",
            "avatar": at.still(account),
            "header": at.header(account),
            "f": _as_kept(account, kept) if typed is None else _as_typed(typed),
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
                made = await parts.uploads.take_portraits(visitor.account, tree)
                now_ms = parts.now_ms()
                job = parts.ids.at(now_ms)
                await sql.write(_keep, visitor.account, tree, made, job, now_ms)
            except Refused as refused:
                return await shown(visitor, refused.status, tree, **said(refused))
        return RedirectResponse("/settings/profile", 303)

    return router


def _as_kept(account: Account, kept: Preferences) -> dict[str, Any]:
    rows = [
        {
            "name": one.name,
            "value": one.value,
            "proven": Moment(one.verified_at_ms) if one.verified_at_ms else None,
        }
        for one in kept.fields
    ]
    return {
        "avatar_description": account.avatar_alt,
        "header_description": account.header_alt,
        "fields": _filled(rows),
        "role_shown": kept.role_shown,
    }


def _as_typed(tree: Mapping[str, Any]) -> dict[str, Any]:
    """As a form that was refused comes back."""
    given = tree.get("fields_attributes")
    rows = [
        {"name": _cut(one, "name"), "value": _cut(one, "value"), "proven": None}
        for one in (given.values() if isinstance(given, dict) else ())
        if isinstance(one, dict)
    ]
    return {
        **{name: _cut(tree, name) for name in TYPED},
        "fields": _filled(rows[:FIELDS_MAX]),
        "role_shown": "role_shown" in tree,
    }


def _cut(tree: Mapping[str, Any], name: str) -> str:
    return str(tree.get(name, ""))[:TYPED_MAX]


def _filled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    empty = {"name": "", "value": "", "proven": None}
    return [*rows, *([empty] * (FIELDS_MAX - len(rows)))]


def _keep(
    connection: Connection,
    id: int,
    tree: Mapping[str, Any],
    made: list[int],
    job: int,
    now_ms: int,
) -> None:
    """Errors: those of `portraits` and `fields`."""
    for kind in portraits.KINDS:
        if tree.get(f"drop_{kind}"):
            portraits.drop(connection, id, kind, now_ms)
    for one in made:
        portraits.want(connection, id, one, now_ms)
    for kind in portraits.KINDS:
        if not tree.get(f"drop_{kind}"):
            said_of = portraits.alt(tree.get(f"{kind}_description", ""), kind)
            portraits.describe(connection, id, kind, said_of)
    if "fields_attributes" not in tree:
        return
    wanted = {"fields": tree["fields_attributes"], "role_shown": "role_shown" in tree}
    after = preferences.change(connection, id, wanted)
    fields.ask(connection, job, id, after.fields, now_ms)
