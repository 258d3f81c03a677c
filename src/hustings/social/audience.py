"""Who of those that listen just now is to hear of something: one question for all of them at once."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import interest
from hustings.social.visibility import Condition, may_see, reaches, wants_to_see
from hustings.store.apps import tokens
from hustings.store.bound import NOW
from hustings.store.follows import follows
from hustings.store.people import accounts
from hustings.store.posts import posts
from hustings.store.questions import Question, among


def still_good(connection: Connection, held: Collection[int]) -> set[int]:
    """Those of the tokens that were not taken back, of accounts that are here."""
    return set(_GOOD.column(connection, {"ids": list(held)}))


_GOOD = Question(
    sa.select(tokens.c.id)
    .join(accounts, accounts.c.id == tokens.c.account)
    .where(
        among(tokens.c.id),
        tokens.c.revoked_at_ms.is_(None),
        accounts.c.suspended_at_ms.is_(None),
        accounts.c.deleted_at_ms.is_(None),
    )
)


def followers(connection: Connection, author: int, readers: Collection[int]) -> set[int]:
    """Who of the readers follows the author, and the author himself."""
    asked = sa.select(follows.c.account).where(
        follows.c.target == author, follows.c.account.in_(readers)
    )
    return {*connection.execute(asked).scalars(), author}


def home(connection: Connection, post: int, readers: Collection[int], now_ms: int) -> set[int]:
    """Into whose home the post belongs."""
    return _who(connection, _HOME, post, readers, now_ms)


def seeing(connection: Connection, post: int, readers: Collection[int], now_ms: int) -> set[int]:
    """Who may see it, wants to, and comes upon it without having looked for its author."""
    return _who(connection, _SEEING, post, readers, now_ms)


def _readers(rule: Condition) -> Question:
    """Asked for every post: so each is built once."""
    post: sa.BindParameter[int] = sa.bindparam("post", type_=sa.BigInteger)
    together = _reader.join(posts, posts.c.id == post)
    return Question(sa.select(_reader.c.id).select_from(together).where(among(_reader.c.id), rule))


_reader = accounts.alias("reader")
_him = _reader.c.id
_HOME = _readers(interest.home(_him, NOW, posts))
_SEEING = _readers(sa.and_(may_see(_him), reaches(_him), wants_to_see(_him, NOW)))


def _who(
    connection: Connection,
    question: Question,
    post: int,
    readers: Collection[int],
    now_ms: int,
) -> set[int]:
    asked = {"post": post, "ids": list(readers), NOW.key: now_ms}
    return set(question.column(connection, asked))
