"""Going live is a post: of the member who planned the room, at the moment when it goes on the air, beside the room.

He says so when he plans it. Work looks for rooms that are on the air (`next_ms`, `call`) and makes a job of each; `publish`
writes the post and notes it in one transaction, so that a job done twice is one post. A room that is over by then has none.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.rooms.room import ON_AIR
from hustings.social import drafts, jobs, posts, preferences
from hustings.social.lanes import GOING_LIVE
from hustings.social.visibility import DIRECT, PRIVATE
from hustings.store.going_live import going_live as table
from hustings.store.tables import rooms

CALLED_AT_ONCE = 50
Says = Callable[[str, str], str]
"""The words of the post, from the room's title and key."""


def promise(connection: Connection, plan: str, account: int) -> None:
    """When this room goes on the air, he says so."""
    connection.execute(table.insert().values(room=plan, account=account, fault=""))


def next_ms(connection: Connection) -> int | None:
    """Since when the first one is on the air that is no job yet; None when none is."""
    asked = sa.select(sa.func.min(rooms.c.on_air_since_ms)).select_from(_on_air)
    return connection.execute(asked.where(table.c.called_at_ms.is_(None))).scalar()


def call(connection: Connection, id_at: Callable[[int], int], now_ms: int) -> None:
    """Those on the air, some at a time, become jobs. Errors: `work_full`."""
    due = sa.select(table.c.room).select_from(_on_air).where(table.c.called_at_ms.is_(None))
    first = due.order_by(rooms.c.on_air_since_ms, table.c.room).limit(CALLED_AT_ONCE)
    for plan in connection.execute(first).scalars().all():
        jobs.add(connection, GOING_LIVE, id_at(now_ms), {"room": plan}, now_ms, plan)
        connection.execute(table.update().where(table.c.room == plan).values(called_at_ms=now_ms))


def publish(
    connection: Connection,
    plan: str,
    id: int,
    says: Says,
    our_domain: str,
    length_max: int,
    web_url: str,
    now_ms: int,
) -> int | None:
    """The post, as `id`, seen by whom his posts are for; where that is those mentioned alone, by his followers.

    None when there is nothing to do: it is said, or the room is over.
    Errors: those of `drafts.read` and `posts.publish`.
    """
    asked = sa.select(table.c.account, rooms.c.title, rooms.c.key).select_from(_on_air)
    row = connection.execute(asked.where(table.c.room == plan, table.c.post.is_(None))).first()
    if row is None:
        return None
    seen_by = preferences.of(connection, row.account).visibility
    said = {
        "status": says(row.title, row.key),
        "room": row.key,
        "visibility": PRIVATE if seen_by == DIRECT else seen_by,
    }
    wanted = drafts.read(said, our_domain, length_max)
    posts.publish(connection, id, row.account, wanted, web_url, now_ms)
    connection.execute(table.update().where(table.c.room == plan).values(post=id))
    return id


def fail(connection: Connection, plan: str, code: str) -> None:
    """Nothing was said, and why."""
    connection.execute(table.update().where(table.c.room == plan).values(fault=code))


_on_air = table.join(
    rooms,
    sa.and_(
        rooms.c.plan == table.c.room,
        rooms.c.state == ON_AIR,
        rooms.c.deleted_at_ms.is_(None),
    ),
)
