"""Reposts: another's post or one's own, of any age, with a date of its own beside the original's.

A repost of a repost is one of the original; a second one by the same account is the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, feeds, happenings, notify
from hustings.social.posts import check_rate, erase_repost, plan_of, uri_of, written
from hustings.social.shown import Original, original
from hustings.social.visibility import DIRECT, OPEN, PRIVATE, PUBLIC, VISIBILITIES
from hustings.store.follows import blocks
from hustings.store.posts import post_counts, posts
from hustings.store.upsert import add_once, count
from hustings.wire.errors import Refused


def repost(
    connection: Connection,
    id: int,
    account: int,
    of: int,
    web_url: str,
    now_ms: int,
    seen_by: str = PUBLIC,
    room: str = "",
) -> int:
    """The repost's id. `room`: the key of a room that it is about. What was for followers only stays for followers only.

    Errors: `post_unknown`, `repost_forbidden`, `visibility_unknown`, `room_unknown`, `posts_many`, `account_suspended`,
    `not_let_in`, `work_full`.
    """
    accounts.check_may_speak(connection, account)
    if seen_by not in VISIBILITIES or seen_by == DIRECT:
        raise Refused("visibility_unknown", field="visibility")
    whole = original(connection, account, of)
    _check_allowed(connection, account, whole)
    first = _mine(connection, account, whole.id)
    if first is not None:
        return first
    check_rate(connection, account, now_ms)
    row = {
        "id": id,
        "account": account,
        "uri": uri_of(web_url, id),
        "text": "",
        "spoiler": "",
        "sensitive": False,
        "visibility": whole.visibility if whole.visibility == PRIVATE else seen_by,
        "thread": id,
        "reblog_of": whole.id,
        "room": plan_of(connection, room),
    }
    if not add_once(connection, posts, row):
        raise Refused("busy")  # the same one, by another request of the same moment
    count(connection, post_counts, "post", whole.id, {"reblogs": 1})
    written(connection, id, account)
    notify.tell(connection, notify.REBLOG, id, account, [whole.account], whole.id)
    feeds.publish(connection, id, account, now_ms)
    happenings.tell(connection, happenings.UPDATE, account, id)
    return id


def undo(connection: Connection, account: int, of: int) -> int:
    """One's repost of a post, named by either id, is gone, without a trace. The original's id. Errors: `post_unknown`."""
    named = connection.execute(sa.select(posts.c.reblog_of).where(posts.c.id == of)).first()
    if named is None:
        raise Refused("post_unknown")
    whole = int(of if named.reblog_of is None else named.reblog_of)
    id = _mine(connection, account, whole)
    if id is not None:
        erase_repost(connection, id, account)
        count(connection, post_counts, "post", whole, {"reblogs": -1})
        notify.take_back(connection, account, notify.REBLOG, post=whole)
    return whole


def _check_allowed(connection: Connection, account: int, original: Original) -> None:
    own_private = original.visibility == PRIVATE and original.account == account
    blocked = sa.select(blocks.c.id).where(
        blocks.c.account == account, blocks.c.target == original.account
    )
    if original.visibility not in OPEN and not own_private:
        raise Refused("repost_forbidden")
    if connection.execute(blocked).first() is not None:
        raise Refused("repost_forbidden")


def _mine(connection: Connection, account: int, original: int) -> int | None:
    asked = sa.select(posts.c.id).where(posts.c.reblog_of == original, posts.c.account == account)
    return connection.execute(asked).scalar()
