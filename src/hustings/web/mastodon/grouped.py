"""Notifications in groups (https://docs.joinmastodon.org/methods/grouped_notifications/): what is alike is one entry."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import notifications
from hustings.social.notifications import Group, Wish
from hustings.social.paging import Page
from hustings.web.mastodon import shapes, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import says
from hustings.web.mastodon.notifications import (
    READ,
    WRITE,
    Entries,
    Told,
    moment_of,
    told,
    unread_most,
    wish_of,
)
from hustings.web.mastodon.paged import links, page_of
from hustings.web.parts import Parts

SAMPLE_MAX = 8
"""Accounts that a group names itself; the rest at `/accounts`."""
NAMED_MAX = 80


def build(parts: Parts, callers: Callers, entries: Entries) -> APIRouter:
    """The routes."""
    router = APIRouter(
        prefix="/api/v2/notifications",
        dependencies=[Depends(callers.enter)],
    )
    sql = parts.sql

    @router.get("")
    @says(shapes.GroupedNotifications, READ, asks=(wishes.Paged, wishes.Wished))
    async def several(request: Request) -> Response:
        mine, page, wish = callers.mine(request), page_of(request, 40, 80), wish_of(request)
        groups, found = await sql.read(_groups, mine.account, wish, page, parts.now_ms())
        borders = [one.id for group in groups for one in (group.all[0], group.all[-1])]
        tree = _tree(entries, groups, found)
        return yes(tree, headers=links(request, parts.settings.public.web, borders))

    @router.get("/unread_count")
    @says(shapes.Unread, READ, asks=(wishes.UpTo, wishes.Wished))
    async def unread(request: Request) -> Response:
        mine, wish, most = callers.mine(request), wish_of(request), unread_most(request)
        ask = notifications.unread_groups
        return yes({"count": await sql.read(ask, mine.account, wish, parts.now_ms(), most)})

    @router.get("/{key}")
    @says(shapes.GroupedNotifications, READ)
    async def one(key: str, request: Request) -> Response:
        mine = callers.mine(request)
        group, found = await sql.read(_group, mine.account, key, parts.now_ms())
        return yes(_tree(entries, [group], found))

    @router.get("/{key}/accounts")
    @says(list[shapes.Account], READ)
    async def people(key: str, request: Request) -> Response:
        mine = callers.mine(request)
        group, found = await sql.read(_group, mine.account, key, parts.now_ms())
        senders = dict.fromkeys(one.sender for one in group.all)
        there = [found.people[id] for id in senders if id in found.people]
        return yes([entries.people.account(one) for one in there[:NAMED_MAX]])

    @router.post("/{key}/dismiss")
    @says(shapes.Nothing, WRITE)
    async def dismiss(key: str, request: Request) -> Response:
        mine = callers.mine(request)
        await sql.write(_dismiss, mine.account, key, parts.now_ms())
        return yes({})

    return router


def _tree(entries: Entries, groups: list[Group], found: Told) -> shapes.GroupedNotifications:
    named = {id for group in groups for id in _sample(group)}
    named |= {post.author.id for post in found.posts.values()}
    return {
        "accounts": [entries.people.account(found.people[id]) for id in named],
        "statuses": entries.statuses.all(found.around),
        "notification_groups": [_entry(group, found) for group in groups],
    }


def _entry(group: Group, found: Told) -> shapes.NotificationGroup:
    newest = group.newest
    tree: shapes.NotificationGroup = {
        "group_key": group.key,
        "notifications_count": len(group.all),
        "type": newest.kind,
        "most_recent_notification_id": str(newest.id),
        "latest_page_notification_at": moment_of(newest),
        "page_min_id": str(group.all[-1].id),
        "page_max_id": str(newest.id),
        "sample_account_ids": [str(id) for id in _sample(group)],
    }
    if newest.post in found.posts:
        tree["status_id"] = str(newest.post)
    return tree


def _sample(group: Group) -> list[int]:
    return list(dict.fromkeys(one.sender for one in group.all))[:SAMPLE_MAX]


def _groups(
    connection: Connection, account: int, wish: Wish, page: Page, now_ms: int
) -> tuple[list[Group], Told]:
    groups = notifications.groups(connection, account, wish, page, now_ms)
    return groups, told(connection, account, [one for group in groups for one in group.all])


def _group(connection: Connection, account: int, key: str, now_ms: int) -> tuple[Group, Told]:
    group = notifications.group(connection, account, key, now_ms)
    return group, told(connection, account, group.all)


def _dismiss(connection: Connection, account: int, key: str, now_ms: int) -> None:
    group = notifications.group(connection, account, key, now_ms)
    notifications.dismiss(connection, account, [one.id for one in group.all])
