"""What of those whom somebody follows he is interested in: conditions that home and lists are made of."""

from __future__ import annotations

import sqlalchemy as sa

from hustings.social import feeds
from hustings.social.visibility import Condition, Moment, Rows, Viewer, may_see, some, wants_to_see
from hustings.store.follows import follows
from hustings.store.lists import list_members, lists

FOLLOWED, MEMBERS, NOBODY = "followed", "list", "none"
REPLIES = (FOLLOWED, MEMBERS, NOBODY)
"""Whose answers to whom are in a list, as Mastodon calls it; answers to its owner, and to oneself, always."""


def home(reader: Viewer, now_ms: Moment, post: Rows) -> Condition:
    """What belongs into somebody's home: his own, and of those whom he follows, but for the members of exclusive lists."""
    theirs = sa.and_(
        _followed(reader, post),
        _of_interest(reader, post, _follows(reader, post.c.in_reply_to_account)),
        ~_apart(reader, post.c.account),
    )
    return sa.and_(
        feeds.lives(post),
        sa.or_(post.c.account == reader, theirs),
        may_see(reader, post),
        wants_to_see(reader, now_ms, post),
    )


def of_list(
    list: Viewer, reader: Viewer, replies: sa.ColumnElement[str], now_ms: Moment, post: Rows
) -> Condition:
    """What belongs into a list of the reader's, whose wish about answers is `replies`."""
    to = post.c.in_reply_to_account
    known = sa.or_(
        sa.and_(replies == FOLLOWED, _follows(reader, to)),
        sa.and_(replies == MEMBERS, _in(list, to)),
    )
    return sa.and_(
        feeds.lives(post),
        _in(list, post.c.account),
        _followed(reader, post),
        _of_interest(reader, post, known),
        may_see(reader, post),
        wants_to_see(reader, now_ms, post),
    )


def _followed(reader: Viewer, post: Rows) -> Condition:
    """By one whom he follows; a repost, if he wants those."""
    wants = sa.or_(post.c.reblog_of.is_(None), follows.c.reblogs.is_(True))
    return some(follows, follows.c.account == reader, follows.c.target == post.c.account, wants)


def _follows(reader: Viewer, account: sa.ColumnElement[int]) -> Condition:
    return some(follows, follows.c.account == reader, follows.c.target == account)


def _of_interest(reader: Viewer, post: Rows, to_known: Condition) -> Condition:
    return sa.or_(
        post.c.in_reply_to.is_(None),
        post.c.in_reply_to_account == post.c.account,
        post.c.in_reply_to_account == reader,
        to_known,
    )


def _in(list: Viewer, account: sa.ColumnElement[int]) -> Condition:
    return some(list_members, list_members.c.list == list, list_members.c.account == account)


def _apart(reader: Viewer, account: sa.ColumnElement[int]) -> Condition:
    """Whether an account is in an exclusive list of the reader's."""
    member, whole = list_members.alias("apart"), lists.alias("exclusive")
    return sa.exists(
        sa.select(sa.literal(1))
        .select_from(member.join(whole, whole.c.id == member.c.list))
        .where(member.c.owner == reader, member.c.account == account, whole.c.exclusive.is_(True))
    ).correlate_except(member, whole)
