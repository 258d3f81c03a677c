"""Notifications come and go in the transaction of what they tell of. What is read of them is `notifications`.

Nobody hears of himself, of whom he blocked or muted, of who blocked him, or of who is limited and whom he does not follow;
nor does anybody who is not here.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import happenings
from hustings.social.ids import moment
from hustings.social.visibility import comes_upon, is_here
from hustings.store.follows import blocks, mutes
from hustings.store.notifications import notifications
from hustings.store.people import accounts
from hustings.store.posts import posts
from hustings.store.upsert import add_missing

MENTION, REBLOG, FAVOURITE, UPDATE = "mention", "reblog", "favourite", "update"
FOLLOW, FOLLOW_REQUEST, POLL = "follow", "follow_request", "poll"
QUOTE, QUOTED_UPDATE, STATUS = "quote", "quoted_update", "status"
KINDS = (
    MENTION,
    STATUS,
    REBLOG,
    FAVOURITE,
    UPDATE,
    FOLLOW,
    FOLLOW_REQUEST,
    POLL,
    QUOTE,
    QUOTED_UPDATE,
)
KEPT_MAX = 1_000
"""Of one account; the oldest give way."""
UPDATES_TOLD_MAX = 500
"""So many of those who reposted a post, and of those who quoted it, the last ones, hear that it was changed."""


def tell(
    connection: Connection, kind: str, id: int, by: int, to: Collection[int], post: int = 0
) -> None:
    """`id` is of what they hear of, and its moment. Told twice is once."""
    _write(connection, kind, id, by, _who_hears(connection, by, to, moment(id)), post)


def tell_of_edit(connection: Connection, id: int, by: int, post: int) -> None:
    """Those who reposted or quoted it; the newer edit takes the place of one before. Who did both hears of it once."""
    take_back(connection, by, UPDATE, QUOTED_UPDATE, post=post)
    told: set[int] = set()
    for kind, pointer in ((UPDATE, posts.c.reblog_of), (QUOTED_UPDATE, posts.c.quote_of)):
        last = sa.select(posts.c.account).where(pointer == post).order_by(posts.c.id.desc())
        to = set(connection.execute(last.limit(UPDATES_TOLD_MAX)).scalars()) - told
        tell(connection, kind, id, by, to, post)
        told |= to


def tell_of_end(connection: Connection, id: int, by: int, to: Collection[int], post: int) -> None:
    """A poll of `by` is over. Of his own he hears too, when he is among `to`."""
    himself = [by] if by in to else []
    ears = [*himself, *_who_hears(connection, by, to, moment(id))]
    _write(connection, POLL, id, by, ears, post)


def take_back(
    connection: Connection, by: int, *kinds: str, to: int | None = None, post: int | None = None
) -> None:
    """What they tell of is undone."""
    which = [notifications.c.sender == by, notifications.c.kind.in_(kinds)]
    if to is not None:
        which.append(notifications.c.account == to)
    if post is not None:
        which.append(notifications.c.post == post)
    connection.execute(sa.delete(notifications).where(*which))


def take_back_all(connection: Connection, kind: str, post: int) -> None:
    """What everybody was told of a post in that kind is undone."""
    which = sa.and_(notifications.c.post == post, notifications.c.kind == kind)
    connection.execute(sa.delete(notifications).where(which))


def forget_post(connection: Connection, post: int) -> None:
    connection.execute(sa.delete(notifications).where(notifications.c.post == post))


def part(connection: Connection, one: int, other: int) -> None:
    """Neither hears of the other any more: there is a block between them."""
    for account, sender in ((one, other), (other, one)):
        connection.execute(
            sa.delete(notifications).where(
                notifications.c.account == account, notifications.c.sender == sender
            )
        )


def hears(
    account: sa.ColumnElement[int], sender: sa.ColumnElement[int], now_ms: int
) -> sa.ColumnElement[bool]:
    """Whether an account wants to hear of a sender, and that one is here."""
    block, mute = blocks.alias(), mutes.alias()
    apart = sa.exists(
        sa.select(sa.literal(1))
        .select_from(block)
        .where(
            sa.or_(
                sa.and_(block.c.account == account, block.c.target == sender),
                sa.and_(block.c.account == sender, block.c.target == account),
            )
        )
    ).correlate_except(block)
    muted = sa.exists(
        sa.select(sa.literal(1))
        .select_from(mute)
        .where(
            mute.c.account == account,
            mute.c.target == sender,
            mute.c.notifications.is_(True),
            sa.or_(mute.c.until_ms.is_(None), mute.c.until_ms > now_ms),
        )
    ).correlate_except(mute)
    return sa.and_(~apart, ~muted, is_here(sender), comes_upon(account, sender))


def _write(
    connection: Connection, kind: str, id: int, by: int, ears: Collection[int], post: int
) -> None:
    row = {"kind": kind, "sender": by, "post": post, "id": id}
    add_missing(connection, notifications, [{"account": account, **row} for account in ears])
    for account in ears:
        happenings.tell(connection, happenings.NOTIFICATION, account, id)
    _cut(connection, ears)


def _who_hears(connection: Connection, by: int, to: Collection[int], now_ms: int) -> list[int]:
    others = {account for account in to if account != by}
    if not others:
        return []
    asked = sa.select(accounts.c.id).where(
        accounts.c.id.in_(others),
        accounts.c.domain.is_(None),
        accounts.c.suspended_at_ms.is_(None),
        accounts.c.deleted_at_ms.is_(None),
        hears(accounts.c.id, sa.literal(by, sa.BigInteger), now_ms),
    )
    return list(connection.execute(asked).scalars())


def _cut(connection: Connection, ears: Collection[int]) -> None:
    if not ears:
        return
    newest = (
        sa.select(notifications.c.id)
        .where(notifications.c.account == accounts.c.id)
        .order_by(notifications.c.id.desc())
        .offset(KEPT_MAX)
        .limit(1)
        .scalar_subquery()
    )
    full = sa.select(accounts.c.id, newest.label("last")).where(
        accounts.c.id.in_(ears), newest.is_not(None)
    )
    for account, last in connection.execute(full).all():
        connection.execute(
            sa.delete(notifications).where(
                notifications.c.account == account, notifications.c.id <= last
            )
        )
