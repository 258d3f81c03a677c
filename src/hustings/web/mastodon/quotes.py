"""Quotes through the API: who quotes a post, taking one's words back, and who may quote from now on."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import quotes
from hustings.social.paging import Page, id_of
from hustings.web.mastodon import params, shapes, status_entities, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import READER, says
from hustings.web.mastodon.paged import page_of
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.mastodon.statuses import read_one
from hustings.web.parts import Parts


def build(parts: Parts, callers: Callers, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/statuses", dependencies=[Depends(callers.enter)])
    sql = parts.sql

    @router.get("/{id}/quotes")
    @says(list[shapes.Status], "read:statuses", by=READER, asks=(wishes.Paged,))
    async def quoting(id: str, request: Request) -> Response:
        reader, page = callers.reader(request), page_of(request)
        found = await sql.read(_quoting, reader, id_of(id), page, parts.now_ms())
        return statuses.page(request, found)

    @router.post("/{id}/quotes/{by}/revoke")
    @says(shapes.Status, "write:statuses")
    async def revoke(id: str, by: str, request: Request) -> Response:
        """Answers with the post that quoted, without the words."""
        mine, other = callers.mine(request), id_of(by)
        await sql.write(quotes.revoke, mine.account, id_of(id), other)
        return yes(statuses.all(await sql.read(read_one, mine.account, other))[0])

    @router.put("/{id}/interaction_policy")
    @says(shapes.Status, "write:statuses", takes=wishes.QuoteWish)
    async def policy(id: str, request: Request) -> Response:
        mine, post = callers.mine(request), id_of(id)
        said = (await params.read(request)).get("quote_approval_policy")
        await sql.write(quotes.set_policy, mine.account, post, said)
        return yes(statuses.all(await sql.read(read_one, mine.account, post))[0])

    return router


def _quoting(
    connection: Connection, reader: int | None, id: int, page: Page, now_ms: int
) -> Around:
    return status_entities.around(connection, quotes.of(connection, reader, id, page, now_ms))
