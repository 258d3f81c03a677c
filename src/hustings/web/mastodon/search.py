"""Search through the API: whole names only, so far (`social.finding`)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import finding
from hustings.social.finding import Place
from hustings.web.mastodon import entities, status_entities
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

KINDS = ("accounts", "statuses", "hashtags")


def build(parts: Parts, callers: Callers, shown: Entities, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(callers.enter)])
    place = Place(parts.settings.public.web, parts.settings.handle_domain)

    @router.get("/api/v2/search")
    async def search(request: Request, q: str = "", type: str = "") -> Response:
        reader = callers.reader(request, "read:search")
        if type not in (*KINDS, ""):
            raise Refused("bad_request", field="type")
        # a page of what is found by its whole name is the first and the last
        later = request.query_params.get("offset", "0") not in ("0", "")
        found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        if q.strip() and not later:
            person, posts, tag = await parts.sql.read(_found, reader, q, place)
            found["accounts"] = [shown.account(person)] if person else []
            found["statuses"] = statuses.all(posts)
            found["hashtags"] = [statuses.tag(tag)] if tag else []
        return yes({kind: found[kind] if type in ("", kind) else [] for kind in KINDS})

    @router.get("/api/v1/accounts/search")
    async def search_accounts(request: Request, q: str = "") -> Response:
        callers.mine(request, "read:accounts")
        person = await parts.sql.read(_person, q, place)
        return yes([shown.account(person)] if person else [])

    return router


def _found(
    connection: Connection, viewer: int | None, asked: str, place: Place
) -> tuple[Person | None, Around, str | None]:
    post = finding.post(connection, viewer, asked, place)
    return (
        _person(connection, asked, place),
        status_entities.around(connection, [post] if post else []),
        finding.tag(connection, viewer, asked),
    )


def _person(connection: Connection, asked: str, place: Place) -> Person | None:
    found = finding.account(connection, asked, place)
    return None if found is None else entities.person(connection, found)
