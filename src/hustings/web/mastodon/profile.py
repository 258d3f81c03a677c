"""One's own profile through the API: what it says, its pictures, and taking these away (https://docs.joinmastodon.org/methods/profile/)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import accounts, fields, names, portraits, preferences
from hustings.web.mastodon import params, shapes, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import FORM, JSON, PARTS, says
from hustings.web.mastodon.entities import Entities, own_person
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

SCOPE = "write:accounts"


def build(parts: Parts, callers: Callers, shown: Entities) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(callers.enter)])
    sql = parts.sql

    @router.patch("/accounts/update_credentials")
    @says(shapes.OwnAccount, SCOPE, takes=wishes.Profile, bodies=(PARTS, JSON, FORM))
    async def update(request: Request) -> Response:
        mine = callers.mine(request)
        async with params.opened(request) as tree:
            made = await parts.uploads.take_portraits(mine.account, tree)
            now_ms = parts.now_ms()
            job = parts.ids.at(now_ms)
            await sql.write(_update, mine.account, tree, made, job, now_ms)
        return yes(shown.own(*await sql.read(own_person, mine.account)))

    @router.delete("/profile/{kind}")
    @says(shapes.OwnAccount, SCOPE)
    async def drop(kind: str, request: Request) -> Response:
        if kind not in portraits.KINDS:
            raise Refused("not_found")
        mine = callers.mine(request)
        await sql.write(portraits.drop, mine.account, kind, parts.now_ms())
        return yes(shown.own(*await sql.read(own_person, mine.account)))

    return router


def _update(
    connection: Connection,
    id: int,
    tree: Mapping[str, Any],
    pictures: list[int],
    job: int,
    now_ms: int,
) -> None:
    """What a request names; the rest stays. Errors: those of `names`, `preferences` and `portraits`."""
    for one in pictures:
        portraits.want(connection, id, one, now_ms)
    for kind in portraits.KINDS:
        said = tree.get(f"{kind}_description")
        if said is not None:
            portraits.describe(connection, id, kind, portraits.alt(said, kind))
    found = accounts.member(connection, id)
    if found is None:
        raise Refused("token_wrong")
    name, note, locked = tree.get("display_name"), tree.get("note"), tree.get("locked")
    if name is not None or note is not None or locked is not None:
        said = found.account
        name = (
            said.name
            if name is None
            else names.line(name, names.NAME_MAX, "name_malformed", "display_name")
        )
        note = (
            said.note
            if note is None
            else names.lines(note, names.NOTE_MAX, "note_too_long", "note")
        )
        shut = None if locked is None else preferences.truth(locked, "locked")
        accounts.describe(connection, id, name, note, shut)
    source = tree.get("source")
    wanted = {one: tree[one] for one in ("bot", "discoverable") if one in tree}
    if isinstance(source, dict):
        kept = ("sensitive", "language", "quote_policy")
        wanted |= {one: source[one] for one in kept if one in source}
        wanted |= {"visibility": source["privacy"]} if "privacy" in source else {}
    if "fields_attributes" in tree:
        wanted["fields"] = tree["fields_attributes"]
    if wanted:
        after = preferences.change(connection, id, wanted)
        if "fields" in wanted:
            fields.ask(connection, job, id, after.fields, now_ms)
