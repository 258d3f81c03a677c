"""Timelines: home, the square (all that is public here), a tag's, an account's, a room's. Pages of posts, newest first.

Each asks `visibility` whether the reader may see a post and wants to; nothing is remembered of either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import feeds, interest, shown
from hustings.social.paging import ID_MAX, Page, Shape, of_shape
from hustings.social.shown import Post
from hustings.social.text import tag_key
from hustings.social.visibility import (
    PUBLIC,
    Condition,
    Rows,
    may_see,
    reaches,
    some,
    wants_to_see,
)
from hustings.store.bound import NOW, VIEWER
from hustings.store.follows import feed_entries
from hustings.store.media import attachments
from hustings.store.posts import bookmarks, favourites, pins, post_tags, posts, public
from hustings.store.questions import Question, plan_once

_TAG = sa.bindparam("tag", type_=sa.String)


def home(connection: Connection, reader: int, page: Page, now_ms: int) -> list[Post]:
    """What those whom he follows wrote and reposted, and he himself."""
    plan_once(connection)
    asked = {feeds.READER.key: reader, NOW.key: now_ms}
    floor = feeds.floor_of(connection, reader)
    lowest = page.min_id if page.min_id is not None else (page.since_id or 0)
    if floor is None or (page.upwards and lowest < floor):
        ids = feeds.tops(connection, asked, page, at_home)
    else:
        ids = _from_feed(connection, asked, page, floor)
        ids += feeds.tops(connection, asked, _between(page, ids), at_home, whales_only=True)
        above = sum(id >= floor for id in set(ids))  # of a whale's posts some may lie below
        if above < page.limit and not page.upwards and lowest < floor:
            below = Page(min(page.max_id or ID_MAX, floor), page.since_id, None, page.limit)
            ids += feeds.tops(connection, asked, below, at_home)
    return _shown(connection, reader, ids, page)


def square(
    connection: Connection,
    reader: int | None,
    page: Page,
    now_ms: int,
    only_media: bool = False,
) -> list[Post]:
    """What is public and was written here; neither reposts nor answers to others."""
    question = _square(page.shape, reader is None, only_media)
    return _page(connection, question, reader, page, now_ms=now_ms)


def tag(
    connection: Connection,
    reader: int | None,
    name: str,
    page: Page,
    now_ms: int,
    only_media: bool = False,
) -> list[Post]:
    """Public posts with a tag, however it is written."""
    question = _tag(page.shape, reader is None, only_media)
    return _page(connection, question, reader, page, tag=tag_key(name), now_ms=now_ms)


def account(
    connection: Connection,
    reader: int | None,
    author: int,
    page: Page,
    replies: bool = True,
    reblogs: bool = True,
    pinned: bool = False,
    tagged: str = "",
    only_media: bool = False,
) -> list[Post]:
    """What one account wrote, imported posts too. A mute does not count here: whoever looks wants to see."""
    wishes = (replies, reblogs, pinned, bool(tagged), only_media)
    question = _account(page.shape, reader is None, *wishes)
    return _page(connection, question, reader, page, author=author, tag=tag_key(tagged))


def room(
    connection: Connection, reader: int | None, plan: str, page: Page, now_ms: int
) -> list[Post]:
    """All that was posted and reposted around a room."""
    question = _room(page.shape, reader is None)
    return _page(connection, question, reader, page, room=plan, now_ms=now_ms)


def favourited(connection: Connection, reader: int, page: Page) -> list[tuple[int, Post]]:
    """What he favourited, with the id that such a page is bordered by."""
    return _marked(connection, favourites, reader, page)


def bookmarked(connection: Connection, reader: int, page: Page) -> list[tuple[int, Post]]:
    return _marked(connection, bookmarks, reader, page)


def at_home(post: Rows) -> Condition:
    """What belongs into the home of whoever is asked for later."""
    return interest.home(feeds.READER, NOW, post)


def _between(page: Page, found: list[int]) -> Page:
    """Where something more would change a page of which that was found: nowhere past the end of one that is full."""
    if len(found) < page.limit:
        return page
    return replace(page, max_id=max(found)) if page.upwards else replace(page, since_id=min(found))


def _from_feed(
    connection: Connection, asked: Mapping[str, Any], page: Page, floor: int
) -> list[int]:
    values = {**asked, **page.values, "floor": floor}
    return _feed(page.shape).column(connection, values)


@lru_cache(feeds.QUESTIONS_KEPT)
def _feed(shape: Shape) -> Question:
    entry = feed_entries.c.post
    found = (
        sa.select(entry)
        .join(posts, posts.c.id == entry)
        .where(
            feed_entries.c.account == feeds.READER,
            entry >= sa.bindparam("floor", type_=sa.BigInteger),
            at_home(posts),
        )
    )
    return Question(of_shape(shape).cut(found, entry))


@lru_cache(feeds.QUESTIONS_KEPT)
def _square(shape: Shape, stranger: bool, only_media: bool) -> Question:
    alone = sa.or_(posts.c.in_reply_to.is_(None), posts.c.in_reply_to_account == posts.c.account)
    return _cut(shape, stranger, public, alone, _met(stranger), *_seen(only_media))


@lru_cache(feeds.QUESTIONS_KEPT)
def _tag(shape: Shape, stranger: bool, only_media: bool) -> Question:
    has = some(post_tags, post_tags.c.tag == _TAG, post_tags.c.post == posts.c.id)
    here = (posts.c.visibility == PUBLIC, feeds.lives(posts))
    return _cut(shape, stranger, has, *here, _met(stranger), *_seen(only_media))


@lru_cache(feeds.QUESTIONS_KEPT)
def _room(shape: Shape, stranger: bool) -> Question:
    around = posts.c.room == sa.bindparam("room", type_=sa.String)
    return _cut(shape, stranger, around, _met(stranger))


@lru_cache(feeds.QUESTIONS_KEPT)
def _account(
    shape: Shape,
    stranger: bool,
    replies: bool,
    reblogs: bool,
    pinned: bool,
    tagged: bool,
    only_media: bool,
) -> Question:
    author: sa.BindParameter[int] = sa.bindparam("author", type_=sa.BigInteger)
    conditions = [posts.c.account == author, *_seen(only_media)]
    if not replies:
        conditions.append(
            sa.or_(posts.c.in_reply_to.is_(None), posts.c.in_reply_to_account == author)
        )
    if not reblogs:
        conditions.append(posts.c.reblog_of.is_(None))
    if pinned:
        of_his = sa.select(pins.c.post).where(pins.c.account == author)
        conditions.append(posts.c.id.in_(of_his))
    if tagged:
        tags = sa.select(post_tags.c.post).where(post_tags.c.tag == _TAG)
        conditions.append(posts.c.id.in_(tags))
    return _cut(shape, stranger, *conditions)


def _cut(shape: Shape, stranger: bool, *conditions: Condition | sa.TextClause) -> Question:
    """A page of the posts that whoever asks later may see."""
    asked = sa.select(posts.c.id).where(may_see(None if stranger else VIEWER), *conditions)
    return Question(of_shape(shape).cut(asked, posts.c.id))


def _met(stranger: bool) -> Condition:
    """Whether a post is for who did not ask for its author, and whether he wants to see it."""
    return reaches(None) if stranger else sa.and_(reaches(VIEWER), wants_to_see(VIEWER, NOW))


def _seen(only_media: bool) -> list[Condition]:
    """Whether a post has pictures or sound, where that is asked for."""
    if not only_media:
        return []
    return [some(attachments, attachments.c.post == posts.c.id, attachments.c.place.is_not(None))]


def _page(
    connection: Connection,
    question: Question,
    reader: int | None,
    page: Page,
    **asked: int | str,
) -> list[Post]:
    values = {**asked, **page.values, VIEWER.key: reader}
    return _shown(connection, reader, question.column(connection, values), page)


def _marked(
    connection: Connection, marks: sa.Table, reader: int, page: Page
) -> list[tuple[int, Post]]:
    asked = {**page.values, VIEWER.key: reader}
    rows = _marks(page.shape, marks).rows(connection, asked)
    found = {post.id: post for post in shown.found(connection, reader, [row[1] for row in rows])}
    kept = [(id, found[post]) for id, post in rows if post in found]
    return page.newest_first(kept)


@lru_cache(feeds.QUESTIONS_KEPT)
def _marks(shape: Shape, marks: sa.Table) -> Question:
    asked = (
        sa.select(marks.c.id, marks.c.post)
        .join(posts, posts.c.id == marks.c.post)
        .where(marks.c.account == VIEWER, may_see(VIEWER))
    )
    return Question(of_shape(shape).cut(asked, marks.c.id))


def _shown(connection: Connection, reader: int | None, ids: list[int], page: Page) -> list[Post]:
    """The page of these ids, the newest first whichever way it was read."""
    kept = sorted(set(ids), reverse=not page.upwards)[: page.limit]
    return shown.found(connection, reader, sorted(kept, reverse=True))
