"""Who follows whom, who blocks or mutes whom, and what one account is to another. A locked account is asked first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, feeds, lists, notes
from hustings.social.notify import FOLLOW, FOLLOW_REQUEST, part, take_back, tell
from hustings.social.paging import Page
from hustings.social.visibility import is_here
from hustings.store.follows import account_counts, blocks, follow_requests, follows, mutes
from hustings.store.questions import Question, among
from hustings.store.upsert import add_once, count
from hustings.wire.errors import Refused

FOLLOWS_MAX = 7_500
WHALE_FOLLOWERS = 20_000
"""From so many followers on, posts are not written into feeds but merged when these are read."""


@dataclass(frozen=True, slots=True)
class Relationship:
    """What `target` is to one account, and the other way round."""

    target: int
    following: bool = False
    reblogs: bool = False
    notify: bool = False
    requested: bool = False
    followed_by: bool = False
    requested_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_until_ms: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    posts: int = 0
    followers: int = 0
    following: int = 0
    last_post: int | None = None


def follow(
    connection: Connection,
    id: int,
    account: int,
    target: int,
    reblogs: bool = True,
    notify: bool = False,
) -> bool:
    """True when the account follows from now on, False when the target is asked. Again: the wishes are changed.

    Errors: `account_unknown`, `follow_forbidden` (oneself, or a block between the two), `follows_full`, `not_let_in`.
    """
    wishes = {"reblogs": reblogs, "notify": notify}
    found = accounts.of_ids(connection, [target]).get(target)
    if found is None:
        raise Refused("account_unknown")
    if account == target or _any_block(connection, account, target):
        raise Refused("follow_forbidden")
    for table in (follows, follow_requests):
        changed = connection.execute(
            table.update().where(*_pair(table, account, target)).values(wishes)
        )
        if changed.rowcount:
            return table is follows
    accounts.check_may_speak(connection, account)
    if (
        _many(connection, follows, account) + _many(connection, follow_requests, account)
        >= FOLLOWS_MAX
    ):
        raise Refused("follows_full")
    if found.locked:
        add_once(
            connection, follow_requests, {"id": id, "account": account, "target": target, **wishes}
        )
        tell(connection, FOLLOW_REQUEST, id, account, [target])
        return False
    _begin(connection, id, account, target, **wishes)
    tell(connection, FOLLOW, id, account, [target])
    return True


def ring(connection: Connection, account: int, target: int, on: bool) -> None:
    """The account hears of each of the target's posts, or no more. Errors: `account_unknown` for one that it does not follow."""
    changed = [
        connection.execute(table.update().where(*_pair(table, account, target)).values(notify=on))
        for table in (follows, follow_requests)
    ]
    if not any(one.rowcount for one in changed):
        raise Refused("account_unknown")


def unfollow(connection: Connection, account: int, target: int) -> None:
    """A follow, or the question for one, is taken back."""
    connection.execute(sa.delete(follow_requests).where(*_pair(follow_requests, account, target)))
    gone = connection.execute(sa.delete(follows).where(*_pair(follows, account, target)))
    take_back(connection, account, FOLLOW, FOLLOW_REQUEST, to=target)
    lists.forget(connection, account, target)
    if gone.rowcount:
        count(connection, account_counts, "account", account, {"following": -1})
        count(connection, account_counts, "account", target, {"followers": -1})


def answer(connection: Connection, id: int, account: int, asker: int, yes: bool) -> None:
    """The account answers whoever asked to follow it. Errors: `account_unknown` when nobody did."""
    pair = _pair(follow_requests, asker, account)
    row = connection.execute(sa.select(follow_requests).where(*pair)).mappings().first()
    if row is None:
        raise Refused("account_unknown")
    connection.execute(sa.delete(follow_requests).where(*pair))
    take_back(connection, asker, FOLLOW_REQUEST, to=account)
    if yes:
        _begin(connection, id, asker, account, row["reblogs"], row["notify"])


def block(connection: Connection, id: int, account: int, target: int) -> None:
    """Neither follows the other any more; the target sees nothing of the account. Errors: `account_unknown`, `bad_request`."""
    _check_other(connection, account, target)
    unfollow(connection, account, target)
    unfollow(connection, target, account)
    part(connection, account, target)
    add_once(connection, blocks, {"id": id, "account": account, "target": target})


def unblock(connection: Connection, account: int, target: int) -> None:
    connection.execute(sa.delete(blocks).where(*_pair(blocks, account, target)))


def mute(
    connection: Connection,
    id: int,
    account: int,
    target: int,
    notifications: bool = True,
    until_ms: int | None = None,
) -> None:
    """Nothing of the target in the account's timelines, until then or for good. Errors: `account_unknown`, `bad_request`."""
    _check_other(connection, account, target)
    unmute(connection, account, target)
    row = {"id": id, "account": account, "target": target}
    add_once(connection, mutes, {**row, "notifications": notifications, "until_ms": until_ms})


def unmute(connection: Connection, account: int, target: int) -> None:
    connection.execute(sa.delete(mutes).where(*_pair(mutes, account, target)))


def relationships(
    connection: Connection, account: int, targets: Collection[int], now_ms: int
) -> list[Relationship]:
    """What each of the targets is to the account, in their order."""
    mine = {
        table: _mine(connection, table, account, targets)
        for table in (follows, follow_requests, blocks, mutes)
    }
    theirs = {
        table: _theirs(connection, table, account, targets)
        for table in (follows, follow_requests, blocks)
    }
    noted = notes.of(connection, account, targets)
    found = []
    for target in targets:
        followed = mine[follows].get(target)
        asked = followed or mine[follow_requests].get(target)
        muted = mine[mutes].get(target)
        if muted and muted["until_ms"] is not None and muted["until_ms"] <= now_ms:
            muted = None
        found.append(
            Relationship(
                target,
                following=followed is not None,
                reblogs=bool(asked and asked["reblogs"]),
                notify=bool(asked and asked["notify"]),
                requested=target in mine[follow_requests],
                followed_by=target in theirs[follows],
                requested_by=target in theirs[follow_requests],
                blocking=target in mine[blocks],
                blocked_by=target in theirs[blocks],
                muting=muted is not None,
                muting_notifications=bool(muted and muted["notifications"]),
                muting_until_ms=muted["until_ms"] if muted else None,
                note=noted.get(target, ""),
            )
        )
    return found


_COUNTS = Question(sa.select(account_counts).where(among(account_counts.c.account)))


def counts(connection: Connection, ids: Collection[int]) -> dict[int, Counts]:
    """Of each account; zeros for one that never did anything."""
    rows = _COUNTS.trees(connection, {"ids": list(ids)})
    known = {
        row["account"]: Counts(row["posts"], row["followers"], row["following"], row["last_post"])
        for row in rows
    }
    return {id: known.get(id, Counts()) for id in ids}


def following(connection: Connection, account: int, page: Page) -> list[tuple[int, int]]:
    """Whom the account follows, the newest first: `(id for paging, account)`."""
    return _listed(connection, follows, "account", "target", account, page)


def followers(connection: Connection, account: int, page: Page) -> list[tuple[int, int]]:
    return _listed(connection, follows, "target", "account", account, page)


def askers(connection: Connection, account: int, page: Page) -> list[tuple[int, int]]:
    """Who waits for the account's answer."""
    return _listed(connection, follow_requests, "target", "account", account, page)


def asked_by(connection: Connection, account: int) -> int:
    """How many wait for its answer."""
    many = sa.select(sa.func.count()).where(
        follow_requests.c.target == account, is_here(follow_requests.c.account)
    )
    return int(connection.execute(many).scalar_one())


def blocked(connection: Connection, account: int, page: Page) -> list[tuple[int, int]]:
    return _listed(connection, blocks, "account", "target", account, page)


def muted(connection: Connection, account: int, page: Page) -> list[tuple[int, int]]:
    return _listed(connection, mutes, "account", "target", account, page)


def _begin(
    connection: Connection, id: int, account: int, target: int, reblogs: bool, notify: bool
) -> None:
    row = {"id": id, "account": account, "target": target, "reblogs": reblogs, "notify": notify}
    if not add_once(connection, follows, row):
        return
    count(connection, account_counts, "account", account, {"following": 1})
    count(connection, account_counts, "account", target, {"followers": 1})
    connection.execute(
        account_counts.update()
        .where(account_counts.c.account == target, account_counts.c.followers >= WHALE_FOLLOWERS)
        .values(whale=True)
    )
    feeds.forget(connection, account)


def _check_other(connection: Connection, account: int, target: int) -> None:
    if account == target:
        raise Refused("bad_request")
    accounts.check_is_here(connection, target)


def _any_block(connection: Connection, one: int, other: int) -> bool:
    either = sa.or_(sa.and_(*_pair(blocks, one, other)), sa.and_(*_pair(blocks, other, one)))
    return connection.execute(sa.select(blocks.c.id).where(either)).first() is not None


def _many(connection: Connection, table: sa.Table, account: int) -> int:
    many = sa.select(sa.func.count()).select_from(table).where(table.c.account == account)
    return int(connection.execute(many).scalar_one())


def _pair(table: sa.Table, account: int, target: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.account == account, table.c.target == target


def _mine(
    connection: Connection, table: sa.Table, account: int, targets: Collection[int]
) -> dict[int, sa.RowMapping]:
    rows = connection.execute(
        sa.select(table).where(table.c.account == account, table.c.target.in_(targets))
    ).mappings()
    return {row["target"]: row for row in rows}


def _theirs(
    connection: Connection, table: sa.Table, account: int, targets: Collection[int]
) -> set[int]:
    asked = sa.select(table.c.account).where(
        table.c.target == account, table.c.account.in_(targets)
    )
    return set(connection.execute(asked).scalars())


def _listed(
    connection: Connection, table: sa.Table, of: str, shown: str, account: int, page: Page
) -> list[tuple[int, int]]:
    other = table.c[shown]
    question = sa.select(table.c.id, other).where(table.c[of] == account, is_here(other))
    rows = [(row[0], row[1]) for row in connection.execute(page.cut(question, table.c.id))]
    return page.newest_first(rows)
