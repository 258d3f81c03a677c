"""Home feeds: which posts stand at the top of whose home timeline, written down when they are published.

A feed is never the truth. It names candidates; whether one may be seen, and is wanted, is asked again whenever it is read, so a
block, a deletion or a suspension need touch no feed, and home reads the same with a feed as without one. Few followers get a
post in the transaction that publishes it; many by a job, in batches; of a whale it is merged in when read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import jobs
from hustings.social.lanes import FAN_OUT
from hustings.social.paging import Page, Shape, of_shape
from hustings.store.follows import account_counts, feed_entries, feeds, follows
from hustings.store.posts import posts
from hustings.store.questions import Question, among
from hustings.store.upsert import add_missing, add_once

Rule = Callable[[sa.FromClause], sa.ColumnElement[bool]]
FEED_MAX, FEED_SLACK = 400, 100
"""A feed is cut to `FEED_MAX` once it holds more than both."""
AT_ONCE_MAX = 50
BATCH = 500
UNREAD_KEPT_MS = 30 * 86_400_000
TOUCHED_EVERY_MS = 86_400_000
SWEPT_MAX = 200
CUT_EVERY = 16
QUESTIONS_KEPT = 64
READER = sa.bindparam("reader", type_=sa.BigInteger)
"""Whose home is asked for, in a question that is built once for everybody."""


def publish(connection: Connection, post: int, author: int, now_ms: int) -> None:
    """A new post on its way to those who follow its author. Errors: `work_full`."""
    row = connection.execute(
        sa.select(account_counts.c.followers, account_counts.c.whale).where(
            account_counts.c.account == author
        )
    ).first()
    followers, whale = (row.followers, row.whale) if row else (0, False)
    own = sa.select(feeds.c.account).where(feeds.c.account == author)
    _write(connection, post, list(connection.execute(own).scalars()))
    if whale or not followers:
        return
    if followers <= AT_ONCE_MAX:
        spread(connection, post, author)
        return
    # a post has one job: its id is the job's
    jobs.add(connection, FAN_OUT, post, {"post": post, "author": author}, now_ms)


def spread(connection: Connection, post: int, author: int, after: int = 0) -> int | None:
    """Writes a post into the next `BATCH` feeds of followers: the last one, to go on after; None when all have it.

    May be done again. In a serializable transaction: a feed that is being built meanwhile must not miss it.
    """
    asked = (
        sa.select(feeds.c.account)
        .join(follows, follows.c.account == feeds.c.account)
        .where(follows.c.target == author, follows.c.account > after)
        .order_by(follows.c.account)
        .limit(BATCH)
    )
    readers = list(connection.execute(asked).scalars())
    _write(connection, post, readers)
    if post % CUT_EVERY == 0:
        cut(connection, readers)
    return readers[-1] if len(readers) == BATCH else None


def cut(connection: Connection, readers: Sequence[int]) -> None:
    """Feeds that are too long are cut; below the cut, the posts themselves are asked."""
    entries = feed_entries.alias("entries")
    nth = (
        sa.select(entries.c.post)
        .where(entries.c.account == feeds.c.account)
        .order_by(entries.c.post.desc())
        .limit(1)
    )
    over = nth.offset(FEED_MAX + FEED_SLACK).scalar_subquery()
    floor = nth.offset(FEED_MAX - 1).scalar_subquery()
    asked = sa.select(feeds.c.account, floor.label("floor")).where(
        feeds.c.account.in_(readers), over.is_not(None)
    )
    for row in connection.execute(asked).all():
        connection.execute(
            feeds.update().where(feeds.c.account == row.account).values(floor=row.floor)
        )
        connection.execute(
            sa.delete(feed_entries).where(
                feed_entries.c.account == row.account, feed_entries.c.post < row.floor
            )
        )


_FLOOR = Question(sa.select(feeds.c.floor).where(feeds.c.account == READER))
_READ_AT = Question(sa.select(feeds.c.read_at_ms).where(feeds.c.account == READER))


def floor_of(connection: Connection, account: int) -> int | None:
    """The id from which on the account's feed is whole; None when it has none."""
    floor: int | None = _FLOOR.value(connection, {READER.key: account})
    return floor


def wants_care(connection: Connection, account: int, now_ms: int) -> bool:
    """Whether `care_for` has something to do: asked in the reading transaction, so that a page writes once a day only."""
    read_at = _READ_AT.value(connection, {READER.key: account})
    return read_at is None or read_at <= now_ms - TOUCHED_EVERY_MS


def care_for(connection: Connection, account: int, now_ms: int) -> None:
    """The account reads its home timeline: its feed is kept, or built anew from the posts."""
    touched = connection.execute(
        feeds.update().where(feeds.c.account == account).values(read_at_ms=now_ms)
    )
    if touched.rowcount:
        return
    newest, floor = _newest(connection, account)
    if add_once(connection, feeds, {"account": account, "floor": floor, "read_at_ms": now_ms}):
        rows = [{"account": account, "post": id} for id in newest]
        add_missing(connection, feed_entries, rows)


def forget(connection: Connection, account: int) -> None:
    """The feed is no longer what home begins with (somebody more is followed): it is built anew when it is read next."""
    connection.execute(sa.delete(feeds).where(feeds.c.account == account))
    connection.execute(sa.delete(feed_entries).where(feed_entries.c.account == account))


def sweep(connection: Connection, now_ms: int) -> None:
    """Feeds that nobody read for a month go."""
    unread = (
        sa.select(feeds.c.account)
        .where(feeds.c.read_at_ms <= now_ms - UNREAD_KEPT_MS)
        .order_by(feeds.c.read_at_ms)
        .limit(SWEPT_MAX)
    )
    for account in connection.execute(unread).scalars().all():
        forget(connection, account)


def tops(
    connection: Connection,
    asked: Mapping[str, Any],
    page: Page,
    rule: Rule,
    whales_only: bool = False,
    authors: Sequence[int] | None = None,
) -> list[int]:
    """The ids of a page, from the posts themselves: the first ones of each who is followed (and of oneself), merged.

    `rule` says which posts count, `asked` whose home it is (`READER`) and what else the rule wants to know; `authors`: these
    alone of those who are followed.
    """
    question = _tops(connection.dialect.name, page.shape, rule, whales_only, authors is not None)
    values = {**asked, **page.values, "ids": authors}
    merged = [id for one in question for id in one.column(connection, values)]
    return sorted(set(merged), reverse=not page.upwards)[: page.limit]


@lru_cache(QUESTIONS_KEPT)
def _tops(dialect: str, shape: Shape, rule: Rule, whales_only: bool, some: bool) -> list[Question]:
    """Building these takes longer than answering them, so each is built once."""
    page, theirs = of_shape(shape), posts.alias("theirs")
    first = page.cut(sa.select(theirs.c.id).where(rule(theirs)), theirs.c.id)
    of_each = first.where(theirs.c.account == follows.c.target)
    followed = [follows.c.account == READER]
    if some:
        followed.append(among(follows.c.target))
    source: sa.FromClause = follows
    if whales_only:
        source = follows.join(account_counts, account_counts.c.account == follows.c.target)
        followed.append(account_counts.c.whale.is_(True))
    if dialect == "sqlite":
        # no LATERAL there, and this is how it walks the same way
        found = posts.alias("found")
        ids = sa.select(found.c.id).select_from(
            source.join(found, found.c.id.in_(of_each.correlate(follows)))
        )
    else:
        each = of_each.correlate(follows).lateral("each_one")
        ids = sa.select(each.c.id).select_from(source.join(each, sa.true()))
    one = ids.where(*followed).subquery()
    merged = page.cut(sa.select(one.c.id), one.c.id)
    own = first.where(theirs.c.account == READER)
    return [Question(merged)] if whales_only else [Question(merged), Question(own)]


def lives(post: sa.FromClause) -> sa.ColumnElement[bool]:
    """Posts that a feed may name: imported ones never come into anybody's home."""
    return sa.and_(post.c.imported_at_ms.is_(None), post.c.deleted_at_ms.is_(None))


def _newest(connection: Connection, reader: int) -> tuple[list[int], int]:
    """What a new feed names, and its floor. Of many who are followed, those who wrote last are enough."""
    last = (
        sa.select(account_counts.c.last_post, follows.c.target)
        .join(follows, follows.c.target == account_counts.c.account)
        .where(follows.c.account == reader, account_counts.c.last_post.is_not(None))
        .order_by(account_counts.c.last_post.desc())
        .limit(FEED_MAX)
    )
    rows = connection.execute(last).all()
    authors = [row.target for row in rows]
    asked = {READER.key: reader}
    newest = tops(connection, asked, Page(limit=FEED_MAX), lives, authors=authors)
    floor = newest[-1] if len(newest) == FEED_MAX else 0
    return newest, max(floor, rows[-1].last_post if len(rows) == FEED_MAX else 0)


def _write(connection: Connection, post: int, readers: Sequence[int]) -> None:
    add_missing(connection, feed_entries, [{"account": reader, "post": post} for reader in readers])
