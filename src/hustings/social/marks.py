"""What a member does with a post besides writing: favourite, bookmark, pin. Each twice is once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, notify, visibility
from hustings.social.paging import Page
from hustings.social.posts import own
from hustings.social.shown import original
from hustings.store.posts import bookmarks, favourites, pins, post_counts, posts
from hustings.store.upsert import add_once, count
from hustings.wire.errors import Refused

PINS_MAX = 5


def favourite(connection: Connection, id: int, account: int, post: int) -> int:
    """The post's id: of a repost, the original's. Errors: `post_unknown`, `account_suspended`, `not_let_in`."""
    accounts.check_may_speak(connection, account)
    found = original(connection, account, post)
    whole = found.id
    if add_once(connection, favourites, {"id": id, "account": account, "post": whole}):
        count(connection, post_counts, "post", whole, {"favourites": 1})
        notify.tell(connection, notify.FAVOURITE, id, account, [found.account], whole)
    return whole


def unfavourite(connection: Connection, account: int, post: int) -> int:
    whole = original(connection, account, post).id
    gone = connection.execute(sa.delete(favourites).where(*_this(favourites, account, whole)))
    if gone.rowcount:
        count(connection, post_counts, "post", whole, {"favourites": -1})
        notify.take_back(connection, account, notify.FAVOURITE, post=whole)
    return whole


def bookmark(connection: Connection, id: int, account: int, post: int) -> int:
    """Nobody else learns of it. Errors: `post_unknown`."""
    whole = original(connection, account, post).id
    add_once(connection, bookmarks, {"id": id, "account": account, "post": whole})
    return whole


def unbookmark(connection: Connection, account: int, post: int) -> int:
    whole = original(connection, account, post).id
    connection.execute(sa.delete(bookmarks).where(*_this(bookmarks, account, whole)))
    return whole


def pin(connection: Connection, id: int, account: int, post: int) -> None:
    """One's own post, on top of one's page. Errors: `post_unknown`, `pin_forbidden`, `pins_full`."""
    if own(connection, account, post)["visibility"] == visibility.DIRECT:
        raise Refused("pin_forbidden")
    pinned = connection.execute(sa.select(pins.c.post).where(pins.c.account == account)).scalars()
    known = set(pinned)
    if post not in known and len(known) >= PINS_MAX:
        raise Refused("pins_full")
    add_once(connection, pins, {"id": id, "account": account, "post": post})


def unpin(connection: Connection, account: int, post: int) -> None:
    own(connection, account, post)
    connection.execute(sa.delete(pins).where(*_this(pins, account, post)))


def _this(table: sa.Table, account: int, post: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.account == account, table.c.post == post


def favourited_by(
    connection: Connection, viewer: int | None, post: int, page: Page
) -> list[tuple[int, int]]:
    """Who favourited a post, the newest first: `(id for paging, account)`. Errors: `post_unknown`."""
    whole = original(connection, viewer, post).id
    asked = sa.select(favourites.c.id, favourites.c.account).where(
        favourites.c.post == whole, visibility.is_here(favourites.c.account)
    )
    return _pairs(connection, asked, favourites.c.id, page)


def reposted_by(
    connection: Connection, viewer: int | None, post: int, page: Page
) -> list[tuple[int, int]]:
    """Whose reposts of a post the viewer may see. Errors: `post_unknown`."""
    whole = original(connection, viewer, post).id
    asked = sa.select(posts.c.id, posts.c.account).where(
        posts.c.reblog_of == whole, visibility.may_see(viewer)
    )
    return _pairs(connection, asked, posts.c.id, page)


def _pairs(
    connection: Connection, asked: sa.Select[Any], id: sa.ColumnElement[int], page: Page
) -> list[tuple[int, int]]:
    rows = [(row[0], row[1]) for row in connection.execute(page.cut(asked, id))]
    return page.newest_first(rows)
