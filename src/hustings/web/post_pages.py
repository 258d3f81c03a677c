"""A post with its thread, its history, and everything that is done with a post by a button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import marks as marked
from hustings.social import paging, posts, reposts, shown, threads, voting
from hustings.social.sessions import Visitor
from hustings.social.shown import Post
from hustings.social.threads import Context
from hustings.web import forms, poll_views
from hustings.web.account_pages import onward
from hustings.web.compose_pages import form_values
from hustings.web.media_views import view
from hustings.web.moderation_pages import number
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import address, entries, entry, html, person
from hustings.wire.errors import CODES, Refused

UNDOING: Mapping[str, Callable[[Connection, int, int], object]] = {
    "unfavourite": marked.unfavourite,
    "unbookmark": marked.unbookmark,
    "unrepost": reposts.undo,
    "unpin": marked.unpin,
}
MARKING: Mapping[str, Callable[[Connection, int, int, int], object]] = {
    "favourite": marked.favourite,
    "bookmark": marked.bookmark,
    "pin": marked.pin,
}


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.get("/@{handle}/{id}")
    async def post(handle: str, id: str, request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        found, around = await sql.read(_thread, viewer, paging.id_of(id), parts.now_ms())
        if found.author.address.lower() != handle.lower():
            return RedirectResponse(address(found), 303)
        form = None
        if who and found.deleted_at_ms is None:
            fields = {"in_reply_to_id": str(found.original.id), "next": address(found)}
            form = await form_values(parts, who, fields)
        return pages.html(
            "post.html",
            200 if found.deleted_at_ms is None else CODES["post_gone"][0],
            who=who,
            form=form,
            post=entry(parts, found, viewer),
            here=address(found),
            ancestors=entries(parts, around.ancestors, viewer),
            descendants=entries(parts, around.descendants, viewer),
        )

    @router.get("/posts/{id}")
    async def by_id(id: str, request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        found = await sql.read(shown.one, viewer, paging.id_of(id), tombstones=True)
        if found is None:
            raise Refused("post_unknown")
        return RedirectResponse(address(found), 303)

    @router.get("/@{handle}/{id}/history")
    async def history(handle: str, id: str, request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        found, said = await sql.read(_history, viewer, paging.id_of(id))
        return pages.html(
            "history.html",
            by=person(parts, found.author),
            href=address(found),
            deleted=None,
            versions=[
                {
                    "at": Moment(one.at_ms),
                    "spoiler": one.spoiler,
                    "sensitive": one.sensitive,
                    "html": html(parts, one.text),
                    "media": [view(parts, each) for each in one.media],
                    "asked": one.poll,
                }
                for one in reversed(said)
            ],
        )

    @router.post("/posts/{id}/{act}")
    async def act(id: str, act: str, request: Request) -> Response:
        who = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        await _act(parts, who, paging.id_of(id), act, fields)
        at = number(str(fields.get("at") or "").removeprefix("p"), paging.ID_MAX)
        leads = onward(fields.get("next") or f"/posts/{id}")
        return RedirectResponse(leads if at is None else f"{leads}#p{at}", 303)

    return router


async def _act(parts: Parts, who: Visitor, id: int, act: str, fields: Mapping[str, object]) -> None:
    """Errors: `not_found` for an act that there is none, and those of the act."""
    sql, now_ms = parts.sql, parts.now_ms()
    if act in MARKING:
        await sql.write(MARKING[act], parts.ids.at(now_ms), who.account, id)
    elif act in UNDOING:
        await sql.write(UNDOING[act], who.account, id)
    elif act == "delete":
        await sql.write(posts.delete, who.account, id, now_ms)
    elif act == "repost":
        made, web = parts.ids.at(now_ms), parts.settings.public.web
        more: dict[str, Any] = {"room": str(fields.get("room") or "")[:64]}
        await sql.write(reposts.repost, made, who.account, id, web, now_ms, **more)
    elif act == "vote":
        choices = voting.choices_of(poll_views.ballot(fields))
        await sql.write(voting.vote, who.account, id, choices, now_ms)
    else:
        raise Refused("not_found")


def _thread(
    connection: Connection, viewer: int | None, id: int, now_ms: int
) -> tuple[Post, Context]:
    found = shown.one(connection, viewer, id, tombstones=True)
    if found is None:
        raise Refused("post_unknown", page="post_unknown")
    whole = found.original.id
    return found, threads.context(connection, viewer, whole, now_ms, tombstones=True)


def _history(
    connection: Connection, viewer: int | None, id: int
) -> tuple[Post, list[posts.Revision]]:
    found = shown.needed(connection, viewer, id)
    return found, posts.history(connection, viewer, found.id)
