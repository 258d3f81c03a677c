"""What somebody is to hear of: as a list, or in groups of what is alike (as Mastodon groups them).

Who is suspended, blocked or muted by now, and what may no longer be seen, is not among it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import markers
from hustings.social.ids import moment
from hustings.social.notify import FAVOURITE, FOLLOW, KINDS, REBLOG, hears
from hustings.social.paging import Page
from hustings.social.visibility import may_see
from hustings.store.notifications import notifications
from hustings.store.posts import posts
from hustings.wire.errors import Refused

GROUPED = (FAVOURITE, REBLOG, FOLLOW)
GROUP_MS = 12 * 3_600_000
GROUP_KEY_MAX = 80
UNREAD_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Notification:
    """`post` 0: about none."""

    id: int
    kind: str
    sender: int
    post: int

    @property
    def group_key(self) -> str:
        """The same for what is alike and happened within the same half of a day."""
        if self.kind not in GROUPED:
            return self.lone_key
        about = f"{self.kind}-{self.post}" if self.post else self.kind
        return f"{about}-{moment(self.id) // GROUP_MS}"

    @property
    def at_ms(self) -> int:
        return moment(self.id)

    @property
    def lone_key(self) -> str:
        return f"ungrouped-{self.id}"


@dataclass(frozen=True, slots=True)
class Group:
    """The newest first."""

    key: str
    all: list[Notification]

    @property
    def newest(self) -> Notification:
        return self.all[0]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which ones are asked for: `kinds` () for all of them, `sender` None for anybody's."""

    kinds: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    sender: int | None = None
    grouped: tuple[str, ...] = field(default=GROUPED)

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = []
        if self.kinds:
            found.append(notifications.c.kind.in_(self.kinds))
        if self.without:
            found.append(notifications.c.kind.not_in(self.without))
        if self.sender is not None:
            found.append(notifications.c.sender == self.sender)
        return found

    def key_of(self, one: Notification) -> str:
        return one.group_key if one.kind in self.grouped else one.lone_key


def wish(
    kinds: Collection[object],
    without: Collection[object],
    sender: int | None = None,
    grouped: Collection[object] | None = None,
) -> Wish:
    """As apps ask. A kind that we do not know matches nothing, alone or beside others."""
    wanted = tuple(str(one)[:16] for one in kinds)[: len(KINDS) * 4]
    unwanted = tuple(str(one)[:16] for one in without)[: len(KINDS) * 4]
    alike = GROUPED if grouped is None else tuple(one for one in GROUPED if one in grouped)
    return Wish(wanted, unwanted, sender, alike)


def page(
    connection: Connection, account: int, wanted: Wish, asked: Page, now_ms: int
) -> list[Notification]:
    """A page of them, the newest first."""
    question = _all(account, now_ms).where(*wanted.conditions())
    rows = connection.execute(asked.cut(question, notifications.c.id))
    found = [Notification(*row) for row in rows]
    return found[::-1] if asked.upwards else found


def one(connection: Connection, account: int, id: int, now_ms: int) -> Notification:
    """Errors: `notification_unknown`, for another's too."""
    row = connection.execute(_all(account, now_ms).where(notifications.c.id == id)).first()
    if row is None:
        raise Refused("notification_unknown")
    return Notification(*row)


def groups(
    connection: Connection, account: int, wanted: Wish, asked: Page, now_ms: int
) -> list[Group]:
    """A page of groups. A group stands where its newest one does, and holds what lies within the page's borders.

    An account has `KEPT_MAX` notifications at the most, and all of them are looked at.
    """
    borders = asked.borders(notifications.c.id)
    question = _all(account, now_ms).where(*wanted.conditions(), *borders)
    rows = connection.execute(question.order_by(notifications.c.id.desc()))
    found: dict[str, list[Notification]] = {}
    for row in rows:
        each = Notification(*row)
        found.setdefault(wanted.key_of(each), []).append(each)
    made = [Group(key, some) for key, some in found.items()]
    return made[-asked.limit :] if asked.upwards else made[: asked.limit]


def group(connection: Connection, account: int, key: str, now_ms: int) -> Group:
    """Errors: `notification_unknown`."""
    rows = connection.execute(_all(account, now_ms).order_by(notifications.c.id.desc()))
    found = [each for each in (Notification(*row) for row in rows) if key in _keys(each)]
    if not found or len(key) > GROUP_KEY_MAX:
        raise Refused("notification_unknown")
    return Group(key, found)


def dismiss(connection: Connection, account: int, ids: Collection[int]) -> None:
    mine = sa.and_(notifications.c.account == account, notifications.c.id.in_(ids))
    connection.execute(sa.delete(notifications).where(mine))


def clear(connection: Connection, account: int) -> None:
    connection.execute(sa.delete(notifications).where(notifications.c.account == account))


def read_up_to(connection: Connection, account: int) -> int:
    """The id of the last one that he has read; 0 for none."""
    found = markers.of(connection, account, ["notifications"])
    return found["notifications"].last_read if found else 0


def unread(
    connection: Connection, account: int, wanted: Wish, now_ms: int, most: int = UNREAD_MAX
) -> int:
    """How many are newer than what he has read, `most` at the most."""
    question = _all(account, now_ms).where(
        *wanted.conditions(), notifications.c.id > read_up_to(connection, account)
    )
    many = sa.select(sa.func.count()).select_from(question.limit(most).subquery())
    return int(connection.execute(many).scalar_one())


def unread_groups(
    connection: Connection, account: int, wanted: Wish, now_ms: int, most: int = UNREAD_MAX
) -> int:
    newer = Page(min_id=read_up_to(connection, account), limit=most)
    return len(groups(connection, account, wanted, newer, now_ms))


def _keys(one: Notification) -> tuple[str, str]:
    return one.group_key, one.lone_key


def _all(account: int, now_ms: int) -> sa.Select[Any]:
    there = sa.exists(
        sa.select(sa.literal(1))
        .select_from(posts)
        .where(posts.c.id == notifications.c.post, may_see(account))
    ).correlate(notifications)
    return sa.select(
        notifications.c.id, notifications.c.kind, notifications.c.sender, notifications.c.post
    ).where(
        notifications.c.account == account,
        hears(notifications.c.account, notifications.c.sender, now_ms),
        sa.or_(notifications.c.post == 0, there),
    )
