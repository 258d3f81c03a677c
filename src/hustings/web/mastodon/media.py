"""Pictures and sounds through the API: sent, asked for until they are made, described."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hustings.social import media
from hustings.social.media import FAILED, READY
from hustings.social.paging import id_of
from hustings.web.mastodon import params, shapes, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.crossing import RATE
from hustings.web.mastodon.described import PARTS, says
from hustings.web.mastodon.media_entities import attachment
from hustings.web.parts import Parts
from hustings.web.uploads import PATIENCE_S
from hustings.wire.errors import Refused

SCOPE = "write:media"


def build(parts: Parts, callers: Callers) -> APIRouter:
    """The routes."""
    router = APIRouter(dependencies=[Depends(callers.enter)])
    sql, uploads, live = parts.sql, parts.uploads, parts.settings.public.live

    async def received(request: Request) -> tuple[int, int]:
        """Counted before a byte of the body is read."""
        mine = callers.mine(request)
        rate = uploads.count(mine.account)
        request.scope[RATE] = rate
        if rate.left < 0:
            raise Refused("uploads_many")
        return mine.account, await uploads.receive(mine.account, request)

    @router.post("/api/v2/media")
    @says(
        shapes.MediaAttachment, SCOPE, takes=wishes.MediaSent, bodies=(PARTS,), statuses=(200, 202)
    )
    async def send(request: Request) -> Response:
        found = await uploads.ready(*await received(request), 0)
        return yes(attachment(found, live), 200 if found.state == READY else 202)

    @router.post("/api/v1/media")
    @says(
        shapes.MediaAttachment, SCOPE, takes=wishes.MediaSent, bodies=(PARTS,), statuses=(200, 202)
    )
    async def send_and_wait(request: Request) -> Response:
        """The older address waits: its clients use what they get at once."""
        found = await uploads.ready(*await received(request), PATIENCE_S)
        return yes(attachment(found, live), 200 if found.state == READY else 202)

    @router.get("/api/v1/media/{id}")
    @says(shapes.MediaAttachment, SCOPE, statuses=(200, 206))
    async def one(id: str, request: Request) -> Response:
        mine = callers.mine(request)
        found = await uploads.ready(mine.account, id_of(id, "media_unknown"), 0)
        return yes(attachment(found, live), 200 if found.state == READY else 206)

    @router.put("/api/v1/media/{id}")
    @says(shapes.MediaAttachment, SCOPE, takes=wishes.MediaSaid)
    async def describe(id: str, request: Request) -> Response:
        mine, number = callers.mine(request), id_of(id, "media_unknown")
        tree = await params.read(request)
        await sql.write(media.describe, mine.account, number, tree)
        found = await sql.read(media.own, mine.account, number)
        if found.state == FAILED:
            raise Refused(found.fault)
        return yes(attachment(found, live))

    return router
