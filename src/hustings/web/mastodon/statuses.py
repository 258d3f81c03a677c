"""Posts through the API: writing, changing, deleting, reading one with what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import drafts, media, posts, preferences, reposts, shown, threads
from hustings.social.paging import LIMIT_MAX, id_of
from hustings.social.shown import Post
from hustings.web.mastodon import params, scheduled, shapes, status_entities, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import READER, says
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

ONCE = "Idempotency-Key"
IF_SAID = ("quoted_status_id", "quote_approval_policy", "poll")
"""What an edit leaves as it is unless it names it."""


def build(parts: Parts, callers: Callers, statuses: Statuses) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/statuses", dependencies=[Depends(callers.enter)])
    _writing(router, parts, callers, statuses)
    _reading(router, parts, callers, statuses)
    return router


def _writing(router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses) -> None:
    sql, domain = parts.sql, parts.settings.handle_domain
    longest = parts.settings.square.post_characters_max

    @router.post("")
    @says(
        shapes.Status | shapes.ScheduledStatus,
        "write:statuses",
        takes=wishes.StatusDraft,
        heads=(ONCE,),
    )
    async def publish(request: Request) -> Response:
        mine = callers.mine(request)
        tree = await params.read(request)
        set_by = await sql.read(preferences.of, mine.account)
        said = _with_preferences(tree, set_by)
        wanted = drafts.read(said, domain, longest, visibility=set_by.visibility)
        key, now_ms = request.headers.get(ONCE, ""), parts.now_ms()
        if tree.get("scheduled_at") not in (None, ""):
            return await scheduled.later(parts, mine, wanted, tree["scheduled_at"], key)
        id, web = parts.ids.at(now_ms), parts.settings.public.web
        made = await sql.write(posts.publish, id, mine.account, wanted, web, now_ms, key)
        return yes(statuses.all(await sql.read(read_one, mine.account, made))[0])

    @router.put("/{id}")
    @says(shapes.Status, "write:statuses", takes=wishes.StatusEdited)
    async def edit(id: str, request: Request) -> Response:
        mine, post = callers.mine(request), id_of(id)
        tree = await params.read(request)
        before = await sql.read(posts.own, mine.account, post)
        kept = {
            "status": before["text"],
            "spoiler_text": before["spoiler"],
            "sensitive": before["sensitive"],
            "language": before["language"],
        }
        said = {name: tree.get(name, value) for name, value in kept.items()}
        had = await sql.read(media.of_post, post)
        said |= {name: tree[name] for name in IF_SAID if name in tree}
        said["media_ids"] = tree.get("media_ids", [str(one.id) for one in had])
        described = _described(tree)
        wanted = drafts.read(said, domain, longest)
        await sql.write(posts.edit, mine.account, post, wanted, parts.now_ms(), described)
        return yes(statuses.all(await sql.read(read_one, mine.account, post))[0])

    @router.delete("/{id}")
    @says(shapes.DeletedStatus, "write:statuses", asks=(wishes.Deleted,))
    async def delete(id: str, request: Request) -> Response:
        mine, post = callers.deletes(request), id_of(id)
        found = await sql.read(read_one, mine.account, post)
        gone = found.posts[0]
        if gone.reblog is not None and gone.author.id == mine.account:
            await sql.write(reposts.undo, mine.account, post)
        else:
            # whoever deletes a post to write it anew names its pictures in the new one
            keep = not params.true(params.asked(request), "delete_media")
            await sql.write(posts.delete, mine.account, post, parts.now_ms(), keep)
        return yes({**statuses.all(found)[0], "text": gone.text})


def _reading(router: APIRouter, parts: Parts, callers: Callers, statuses: Statuses) -> None:
    sql = parts.sql

    @router.get("")
    @says(list[shapes.Status], "read:statuses", by=READER, asks=(wishes.SomeIds,))
    async def several(request: Request) -> Response:
        reader = callers.reader(request)
        wanted = params.many(params.asked(request), "id")
        found = await sql.read(_some, reader, [id_of(one) for one in wanted[:LIMIT_MAX]])
        return yes(statuses.all(found))

    @router.get("/{id}")
    @says(shapes.Status, "read:statuses", by=READER)
    async def one(id: str, request: Request) -> Response:
        reader = callers.reader(request)
        return yes(statuses.all(await sql.read(read_one, reader, id_of(id)))[0])

    @router.get("/{id}/context")
    @says(shapes.Context, "read:statuses", by=READER)
    async def context(id: str, request: Request) -> Response:
        reader, post = callers.reader(request), id_of(id)
        above, below = await sql.read(_context, reader, post, parts.now_ms())
        return yes({"ancestors": statuses.all(above), "descendants": statuses.all(below)})

    @router.get("/{id}/source")
    @says(shapes.StatusSource, "read:statuses")
    async def source(id: str, request: Request) -> Response:
        mine = callers.mine(request)
        row = await sql.read(posts.own, mine.account, id_of(id))
        return yes({"id": str(row["id"]), "text": row["text"], "spoiler_text": row["spoiler"]})

    @router.get("/{id}/history")
    @says(list[shapes.StatusEdit], "read:statuses", by=READER)
    async def history(id: str, request: Request) -> Response:
        reader, post = callers.reader(request), id_of(id)
        found = await sql.read(read_one, reader, post)
        said = await sql.read(posts.history, reader, found.posts[0].original.id)
        original = found.posts[0].original
        return yes([statuses.revision(one, original, found) for one in said])


def read_one(connection: Connection, viewer: int | None, id: int) -> Around:
    """Errors: `post_unknown`."""
    post = shown.one(connection, viewer, id)
    if post is None:
        raise Refused("post_unknown")
    return status_entities.around(connection, [post])


def _some(connection: Connection, viewer: int | None, ids: list[int]) -> Around:
    return status_entities.around(connection, shown.of_ids(connection, viewer, ids))


def _context(
    connection: Connection, viewer: int | None, id: int, now_ms: int
) -> tuple[Around, Around]:
    """Errors: `post_unknown`."""
    post: Post = read_one(connection, viewer, id).posts[0].original
    found = threads.context(connection, viewer, post.id, now_ms)
    return (
        status_entities.around(connection, found.ancestors),
        status_entities.around(connection, found.descendants),
    )


def _described(tree: dict[str, Any]) -> dict[int, dict[str, object]]:
    """The `media_attributes` of an edit, by id. Errors: `bad_request`, `media_unknown`, `media_many`."""
    found = {}
    for one in params.many(tree, "media_attributes"):
        if not isinstance(one, dict):
            raise Refused("bad_request", field="media_attributes")
        found[id_of(str(one.get("id")), "media_unknown")] = one
    if len(found) > media.PICTURES_MAX:
        raise Refused("media_many", field="media_attributes")
    return found


def _with_preferences(tree: Mapping[str, Any], set_by: preferences.Preferences) -> dict[str, Any]:
    """What the post does not say is as its author set it."""
    sensitive = set_by.sensitive if tree.get("sensitive") is None else tree["sensitive"]
    return {**tree, "sensitive": sensitive, "language": tree.get("language") or set_by.language}
