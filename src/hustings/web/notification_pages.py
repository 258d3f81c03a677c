"""What somebody is to hear of, as a page. Looking at it is having read it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, markers, notifications, paging, scheduled, shown
from hustings.social.accounts import Account
from hustings.social.notifications import Group, Wish
from hustings.social.notify import POLL
from hustings.social.paging import Page
from hustings.social.shown import Post
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import address, person

NAMED_MAX = 3
EXCERPT_MAX = 140
Found = tuple[list[Group], dict[int, Account], dict[int, Post], int]


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.get("/notifications")
    async def several(request: Request) -> Response:
        who = await visitors.needed(request)
        page, now_ms = paging.read(request.query_params), parts.now_ms()
        groups, people, posts, read_to = await sql.read(_read, who.account, page, now_ms)
        newest = groups[0].newest.id if groups else 0
        if newest > read_to:
            await sql.write(markers.set, who.account, "notifications", newest, now_ms)
        last = groups[-1].all[-1].id if groups else 0
        return pages.html(
            "notifications.html",
            who=who,
            groups=[_entry(parts, one, people, posts, read_to, who.account) for one in groups],
            not_appeared=await sql.read(scheduled.failed, who.account),
            older=f"/notifications?max_id={last}" if len(groups) >= page.limit else "",
            newest="" if page == Page() else "/notifications",
        )

    @router.post("/notifications/clear")
    async def clear(request: Request) -> Response:
        who = await visitors.needed(request)
        await sql.write(notifications.clear, who.account)
        return RedirectResponse("/notifications", 303)

    return router


def _read(connection: Connection, account: int, page: Page, now_ms: int) -> Found:
    groups = notifications.groups(connection, account, Wish(), page, now_ms)
    every = [one for group in groups for one in group.all]
    people = accounts.of_ids(connection, {one.sender for one in every})
    posts = shown.of_ids(connection, account, list({one.post for one in every if one.post}))
    found = {post.id: post for post in posts}
    return groups, people, found, notifications.read_up_to(connection, account)


def _entry(
    parts: Parts,
    group: Group,
    people: dict[int, Account],
    posts: dict[int, Post],
    read_to: int,
    reader: int,
) -> dict[str, Any]:
    newest = group.newest
    # the end of his own poll is the one thing that somebody hears of himself
    own = newest.kind == POLL and newest.sender == reader
    senders = [people[id] for id in dict.fromkeys(one.sender for one in group.all) if id in people]
    post = posts.get(newest.post)
    return {
        "kind": "poll_own" if own else newest.kind,
        "unread": newest.id > read_to,
        "at": Moment(newest.at_ms),
        "people": [] if own else [person(parts, one) for one in senders[:NAMED_MAX]],
        "more": max(0, len(senders) - NAMED_MAX),
        "href": address(post) if post else "",
        "words": _excerpt(post) if post else "",
    }


def _excerpt(post: Post) -> str:
    """A warned post shows its warning only."""
    words = " ".join((post.spoiler or post.text).split())
    return words if len(words) <= EXCERPT_MAX else f"{words[:EXCERPT_MAX]}…"
