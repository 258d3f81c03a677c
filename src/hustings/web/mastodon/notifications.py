"""Notifications through the API: one by one (v1), and in groups (v2), https://docs.joinmastodon.org/methods/notifications/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import accounts, notifications, shown
from hustings.social.notifications import UNREAD_MAX, Notification, Wish
from hustings.social.paging import Page, id_of
from hustings.social.shown import Post
from hustings.web.mastodon import entities, params, shapes, status_entities, wishes
from hustings.web.mastodon.answers import moment, yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import says
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.mastodon.paged import listed, page_of
from hustings.web.mastodon.status_entities import Around, Statuses
from hustings.web.parts import Parts

READ, WRITE = "read:notifications", "write:notifications"
UNREAD = 100


@dataclass(frozen=True, slots=True)
class Told:
    """Some notifications with everybody and everything they name."""

    notifications: list[Notification]
    people: dict[int, Person]
    posts: dict[int, Post]
    around: Around


def told(connection: Connection, account: int, some: list[Notification]) -> Told:
    """As the account may see them; one whose sender is gone meanwhile is not among them."""
    found = shown.of_ids(connection, account, list({one.post for one in some if one.post}))
    around = status_entities.around(connection, found)
    senders = accounts.of_ids(connection, {one.sender for one in some})
    people = {**around.people, **entities.people(connection, list(senders.values()))}
    here = [one for one in some if one.sender in senders]
    return Told(here, people, {post.id: post for post in found}, around)


class Entries:
    """What an app reads of a notification."""

    def __init__(self, people: Entities, statuses: Statuses) -> None:
        self.people = people
        self.statuses = statuses

    def all(self, found: Told) -> list[Any]:
        return [self.one(each, found) for each in found.notifications]

    def one(self, each: Notification, found: Told) -> shapes.Notification:
        tree: shapes.Notification = {
            "id": str(each.id),
            "type": each.kind,
            "created_at": moment_of(each),
            "group_key": each.group_key,
            "account": self.people.account(found.people[each.sender]),
        }
        if each.post in found.posts:
            tree["status"] = self.statuses.one(found.posts[each.post], found.around)
        return tree


def moment_of(each: Notification) -> str:
    return moment(each.at_ms)


def build(parts: Parts, callers: Callers, entries: Entries) -> APIRouter:
    """The routes."""
    router = APIRouter(
        prefix="/api/v1/notifications",
        dependencies=[Depends(callers.enter)],
    )
    sql = parts.sql

    @router.get("")
    @says(list[shapes.Notification], READ, asks=(wishes.Paged, wishes.Wished))
    async def several(request: Request) -> Response:
        mine, page, wish = callers.mine(request), page_of(request, 40, 80), wish_of(request)
        found = await sql.read(_page, mine.account, wish, page, parts.now_ms())
        borders = [one.id for one in found.notifications]
        return listed(request, parts.settings.public.web, entries.all(found), borders)

    @router.get("/unread_count")
    @says(shapes.Unread, READ, asks=(wishes.UpTo, wishes.Wished))
    async def unread(request: Request) -> Response:
        mine, wish = callers.mine(request), wish_of(request)
        most = unread_most(request)
        ask = notifications.unread
        return yes({"count": await sql.read(ask, mine.account, wish, parts.now_ms(), most)})

    @router.post("/clear")
    @says(shapes.Nothing, WRITE)
    async def clear(request: Request) -> Response:
        mine = callers.mine(request)
        await sql.write(notifications.clear, mine.account)
        return yes({})

    @router.get("/{id}")
    @says(shapes.Notification, READ)
    async def one(id: str, request: Request) -> Response:
        mine, wanted = callers.mine(request), id_of(id, "notification_unknown")
        return yes(entries.all(await sql.read(_one, mine.account, wanted, parts.now_ms()))[0])

    @router.post("/{id}/dismiss")
    @says(shapes.Nothing, WRITE)
    async def dismiss(id: str, request: Request) -> Response:
        mine, wanted = callers.mine(request), id_of(id, "notification_unknown")
        await sql.write(_dismiss, mine.account, wanted, parts.now_ms())
        return yes({})

    return router


def wish_of(request: Request) -> Wish:
    """Errors: `bad_request`."""
    tree = params.asked(request)
    by = params.words(tree, "account_id")
    return notifications.wish(
        params.many(tree, "types"),
        params.many(tree, "exclude_types"),
        id_of(by, "account_unknown") if by else None,
        params.many(tree, "grouped_types") if "grouped_types" in tree else None,
    )


def unread_most(request: Request) -> int:
    """Up to how many are counted. Errors: `bad_request`."""
    return page_of(request, UNREAD, UNREAD_MAX).limit


def _page(connection: Connection, account: int, wish: Wish, page: Page, now_ms: int) -> Told:
    found = notifications.page(connection, account, wish, page, now_ms)
    return told(connection, account, found)


def _one(connection: Connection, account: int, id: int, now_ms: int) -> Told:
    return told(connection, account, [notifications.one(connection, account, id, now_ms)])


def _dismiss(connection: Connection, account: int, id: int, now_ms: int) -> None:
    notifications.one(connection, account, id, now_ms)
    notifications.dismiss(connection, account, [id])
