"""Who may see which post: the one place that says so, as a condition for every query.

A post is gone when it, its author, or what it reposts is gone, for everybody and at once: nothing of that is kept elsewhere.
`viewer` is an account's id, None for a stranger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import FromClause

from hustings.store.follows import blocks, follows, mutes
from hustings.store.people import accounts, domain_blocks
from hustings.store.posts import post_mentions, posts

PUBLIC, UNLISTED, PRIVATE, DIRECT = "public", "unlisted", "private", "direct"
VISIBILITIES = (PUBLIC, UNLISTED, PRIVATE, DIRECT)
OPEN = (PUBLIC, UNLISTED)
Condition = sa.ColumnElement[bool]
Viewer = int | sa.ColumnElement[int]
"""An account's id, or the column of a question that asks for many at once."""
Moment = int | sa.ColumnElement[int]
"""Milliseconds since 1970, the same way."""
Rows = FromClause
"""The table `posts`, or an alias of it."""


def may_see(viewer: Viewer | None, post: Rows = posts, tombstones: bool = False) -> Condition:
    """Whether the viewer may see a post, and of a repost the original too. `tombstones`: what is left of deleted ones as well."""
    original = posts.alias("original")
    of = sa.exists(
        sa.select(sa.literal(1))
        .select_from(original)
        .where(original.c.id == post.c.reblog_of, _this_one(viewer, original, False))
    )
    return sa.and_(_this_one(viewer, post, tombstones), sa.or_(post.c.reblog_of.is_(None), of))


def wants_to_see(viewer: Viewer, now_ms: Moment, post: Rows = posts) -> Condition:
    """Whether a post belongs into a timeline of the viewer: nobody he blocked or muted wrote it, or what it reposts."""
    return _throughout(post, lambda one: _wanted(viewer, now_ms, one))


def reaches(viewer: Viewer | None, post: Rows = posts) -> Condition:
    """Whether a post is shown to who did not ask for its author: neither he nor whom he reposts is limited."""
    return _throughout(post, lambda one: comes_upon(viewer, one.c.account))


def comes_upon(viewer: Viewer | None, account: sa.ColumnElement[Any]) -> Condition:
    """Whether the viewer meets an account without looking for it: it is not limited, or he follows it, or it is his own."""
    them = accounts.alias("them")
    free = ~sa.exists(
        sa.select(sa.literal(1)).where(
            them.c.id == account, sa.or_(them.c.limited_at_ms.is_not(None), of_blocked(them, False))
        )
    ).correlate_except(them)
    if viewer is None:
        return free
    followed = some(follows, follows.c.account == viewer, follows.c.target == account)
    return sa.or_(free, account == viewer, followed)


def is_here(account: sa.ColumnElement[Any]) -> Condition:
    """Whether an account is neither suspended nor deleted, nor of a server that is."""
    them = accounts.alias("them")  # `account` may be a column of `accounts` itself
    return sa.exists(
        sa.select(sa.literal(1)).where(
            them.c.id == account,
            them.c.suspended_at_ms.is_(None),
            them.c.deleted_at_ms.is_(None),
            ~of_blocked(them, True),
        )
    ).correlate_except(them)


def of_blocked(account: FromClause, suspends: bool) -> Condition:
    """Whether a row of `accounts` is of another server that is suspended, or limited, here; ours are not even asked about."""
    below = account.c.domain.endswith(sa.literal(".") + domain_blocks.c.domain)
    blocked = some(
        domain_blocks,
        domain_blocks.c.suspends.is_(suspends),
        sa.or_(account.c.domain == domain_blocks.c.domain, below),
    )
    return sa.and_(account.c.domain.is_not(None), blocked)


def _this_one(viewer: Viewer | None, post: Rows, tombstones: bool) -> Condition:
    there = is_here(post.c.account)
    if not tombstones:
        there = sa.and_(post.c.deleted_at_ms.is_(None), there)
    if viewer is None:
        return sa.and_(there, post.c.visibility.in_(OPEN))
    mentioned = some(
        post_mentions, post_mentions.c.post == post.c.id, post_mentions.c.account == viewer
    )
    followed = some(follows, follows.c.account == viewer, follows.c.target == post.c.account)
    meant = sa.or_(
        post.c.visibility.in_(OPEN), mentioned, sa.and_(post.c.visibility == PRIVATE, followed)
    )
    blocked = some(blocks, blocks.c.account == post.c.account, blocks.c.target == viewer)
    return sa.and_(there, sa.or_(post.c.account == viewer, sa.and_(meant, ~blocked)))


def _wanted(viewer: Viewer, now_ms: Moment, post: Rows) -> Condition:
    blocked = some(blocks, blocks.c.account == viewer, blocks.c.target == post.c.account)
    still = sa.or_(mutes.c.until_ms.is_(None), mutes.c.until_ms > now_ms)
    muted = some(mutes, mutes.c.account == viewer, mutes.c.target == post.c.account, still)
    return sa.and_(~blocked, ~muted)


def _throughout(post: Rows, rule: Callable[[Rows], Condition]) -> Condition:
    """Whether a rule holds for a post, and of a repost for the original too."""
    original = posts.alias("original")
    broken = sa.exists(
        sa.select(sa.literal(1))
        .select_from(original)
        .where(original.c.id == post.c.reblog_of, sa.not_(rule(original)))
    )
    return sa.and_(rule(post), sa.or_(post.c.reblog_of.is_(None), ~broken))


def some(table: sa.Table, *conditions: Condition) -> Condition:
    """Whether a table has a row like that. Of the question around it, that table alone cannot be named."""
    return sa.exists(
        sa.select(sa.literal(1)).select_from(table).where(*conditions)
    ).correlate_except(table)
