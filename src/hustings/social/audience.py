"""Who of those that listen just now is to hear of something: one question for all of them at once."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import interest
from hustings.social.visibility import may_see, reaches, wants_to_see
from hustings.store.apps import tokens
from hustings.store.follows import follows
from hustings.store.people import accounts
from hustings.store.posts import posts


def still_good(connection: Connection, held: Collection[int]) -> set[int]:
    """Those of the tokens that were not taken back, of accounts that are here."""
    asked = (
        sa.select(tokens.c.id)
        .join(accounts, accounts.c.id == tokens.c.account)
        .where(
            tokens.c.id.in_(held),
            tokens.c.revoked_at_ms.is_(None),
            accounts.c.suspended_at_ms.is_(None),
            accounts.c.deleted_at_ms.is_(None),
        )
    )
    return set(connection.execute(asked).scalars())


def followers(connection: Connection, author: int, readers: Collection[int]) -> set[int]:
    """Who of the readers follows the author, and the author himself."""
    asked = sa.select(follows.c.account).where(
        follows.c.target == author, follows.c.account.in_(readers)
    )
    return {*connection.execute(asked).scalars(), author}


def home(connection: Connection, post: int, readers: Collection[int], now_ms: int) -> set[int]:
    """Into whose home the post belongs."""
    reader = accounts.alias("reader")
    return _who(connection, reader, post, readers, interest.home(reader.c.id, now_ms, posts))


def seeing(connection: Connection, post: int, readers: Collection[int], now_ms: int) -> set[int]:
    """Who may see it, wants to, and comes upon it without having looked for its author."""
    reader = accounts.alias("reader")
    meant = sa.and_(may_see(reader.c.id), reaches(reader.c.id))
    rule = sa.and_(meant, wants_to_see(reader.c.id, now_ms))
    return _who(connection, reader, post, readers, rule)


def _who(
    connection: Connection,
    reader: sa.FromClause,
    post: int,
    readers: Collection[int],
    rule: sa.ColumnElement[bool],
) -> set[int]:
    asked = (
        sa.select(reader.c.id)
        .select_from(reader.join(posts, posts.c.id == post))
        .where(reader.c.id.in_(readers), rule)
    )
    return set(connection.execute(asked).scalars())
