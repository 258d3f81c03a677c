"""Polls through the API: reading one by itself, and voting. They are asked with their post (`statuses`)."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hustings.social import voting
from hustings.social.paging import id_of
from hustings.web.mastodon import params, shapes, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import READER, says
from hustings.web.mastodon.poll_entities import poll
from hustings.web.parts import Parts


def build(parts: Parts, callers: Callers) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/polls", dependencies=[Depends(callers.enter)])
    sql = parts.sql

    @router.get("/{id}")
    @says(shapes.Poll, "read:statuses", by=READER)
    async def one(id: str, request: Request) -> Response:
        reader = callers.reader(request)
        found = await sql.read(voting.one, reader, id_of(id, "poll_unknown"))
        return yes(poll(found, parts.now_ms()))

    @router.post("/{id}/votes")
    @says(shapes.Poll, "write:statuses", takes=wishes.Voted)
    async def vote(id: str, request: Request) -> Response:
        mine, post = callers.mine(request), id_of(id, "poll_unknown")
        tree = await params.read(request)
        choices, now_ms = voting.choices_of(params.many(tree, "choices")), parts.now_ms()
        await sql.write(voting.vote, mine.account, post, choices, now_ms)
        return yes(poll(await sql.read(voting.one, mine.account, post), now_ms))

    return router
