"""Posts that are to appear later, through the API (https://docs.joinmastodon.org/methods/scheduled_statuses/)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hustings.social import scheduled
from hustings.social.drafts import Wanted
from hustings.social.paging import id_of
from hustings.social.scheduled import Scheduled, due_of
from hustings.web.mastodon import params, shapes, wishes
from hustings.web.mastodon.answers import moment, yes
from hustings.web.mastodon.callers import Callers, Mine
from hustings.web.mastodon.described import says
from hustings.web.mastodon.media_entities import attachment
from hustings.web.mastodon.paged import listed, page_of
from hustings.web.parts import Parts


async def later(
    parts: Parts, mine: Mine, wanted: Wanted, scheduled_at: object, key: str
) -> Response:
    """What `POST /api/v1/statuses` answers then. Errors: those of `due_of` and `scheduled.add`."""
    now_ms = parts.now_ms()
    due_at_ms, id = due_of(scheduled_at, now_ms), parts.ids.at(now_ms)
    sql, account = parts.sql, mine.account
    made = await sql.write(scheduled.add, id, account, wanted, due_at_ms, now_ms, key, mine.app)
    return yes(entity(parts, await sql.read(scheduled.one, account, made)))


def build(parts: Parts, callers: Callers) -> APIRouter:
    """The routes."""
    router = APIRouter(
        prefix="/api/v1/scheduled_statuses",
        dependencies=[Depends(callers.enter)],
    )
    sql = parts.sql

    @router.get("")
    @says(list[shapes.ScheduledStatus], "read:statuses", asks=(wishes.Paged,))
    async def several(request: Request) -> Response:
        mine, page = callers.mine(request), page_of(request)
        found = await sql.read(scheduled.page, mine.account, page)
        tree: list[Any] = [entity(parts, one) for one in found]
        return listed(request, parts.settings.public.web, tree, [one.id for one in found])

    @router.get("/{id}")
    @says(shapes.ScheduledStatus, "read:statuses")
    async def one(id: str, request: Request) -> Response:
        mine, wanted = callers.mine(request), id_of(id, "scheduled_unknown")
        return yes(entity(parts, await sql.read(scheduled.one, mine.account, wanted)))

    @router.put("/{id}")
    @says(shapes.ScheduledStatus, "write:statuses", takes=wishes.Moved)
    async def move(id: str, request: Request) -> Response:
        mine, wanted = callers.mine(request), id_of(id, "scheduled_unknown")
        await sql.read(scheduled.one, mine.account, wanted)
        tree, now_ms = await params.read(request), parts.now_ms()
        due_at_ms = due_of(tree.get("scheduled_at"), now_ms)
        await sql.write(scheduled.move, mine.account, wanted, due_at_ms, now_ms)
        return yes(entity(parts, await sql.read(scheduled.one, mine.account, wanted)))

    @router.delete("/{id}")
    @says(shapes.Nothing, "write:statuses")
    async def take_back(id: str, request: Request) -> Response:
        mine, wanted = callers.mine(request), id_of(id, "scheduled_unknown")
        await sql.write(scheduled.take_back, mine.account, wanted, parts.now_ms())
        return yes({})

    return router


def entity(parts: Parts, found: Scheduled) -> shapes.ScheduledStatus:
    """https://docs.joinmastodon.org/entities/ScheduledStatus/. `hustings.fault`: why it did not appear, none while it waits."""
    said = found.said
    poll = said["poll"]
    return {
        "id": str(found.id),
        "scheduled_at": moment(found.due_at_ms),
        "params": {
            "text": said["status"],
            "poll": poll,
            "media_ids": said["media_ids"] or None,
            "sensitive": said["sensitive"],
            "spoiler_text": said["spoiler_text"],
            "visibility": said["visibility"],
            "in_reply_to_id": said["in_reply_to_id"],
            "language": said["language"],
            "quoted_status_id": said["quoted_status_id"],
            "quote_approval_policy": said["quote_approval_policy"],
            "application_id": said["application_id"],
            "scheduled_at": None,
            "idempotency": None,
            "with_rate_limit": False,
        },
        "media_attachments": [attachment(one, parts.settings.public.live) for one in found.media],
        "hustings": {"fault": found.fault or None, "room": said["room"] or None},
    }
