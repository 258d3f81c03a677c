"""What a viewer is shown of quotes, and who may quote what. Nothing of it is kept: it is asked whenever a quote is read, so a
block, a deletion or a suspension takes the quoted words out of every quote at once.

A quote post stays whatever becomes of what it quotes; it is the words of the other that go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social.visibility import DIRECT, OPEN, Condition, may_see, some
from hustings.store.bound import VIEWER
from hustings.store.follows import blocks, follows, mutes
from hustings.store.posts import posts
from hustings.store.questions import Question, among
from hustings.store.quotes import quotes

EVERYBODY, FOLLOWERS, NOBODY = "public", "followers", "nobody"
POLICIES = (EVERYBODY, FOLLOWERS, NOBODY)
"""Who may quote a post, besides its author, as Mastodon calls it."""
ACCEPTED, REVOKED = "accepted", "revoked"
DELETED, UNAUTHORIZED = "deleted", "unauthorized"
BLOCKED, MUTED = "blocked_account", "muted_account"
ALWAYS_MS = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Bond:
    """A quote as a viewer is shown it. `quoted`: the id of what is quoted, None where not even that is his to know."""

    state: str
    quoted: int | None = None
    muted_until_ms: int = 0

    def at(self, now_ms: int) -> str:
        """Its state; a mute of the quoted one may have ended."""
        return MUTED if self.state == ACCEPTED and self.muted_until_ms > now_ms else self.state


WITHHELD = Bond(UNAUTHORIZED)


def closed(bond: Bond) -> Bond:
    """The quote for somebody who is not shown it."""
    return WITHHELD if bond.quoted is not None else bond


def of_posts(connection: Connection, viewer: int | None, ids: Collection[int]) -> dict[int, Bond]:
    """Of those of the posts that quote."""
    if not ids:
        return {}
    asked = {"ids": list(ids), VIEWER.key: viewer}
    return {row["post"]: _bond(row) for row in _bonds(viewer is None).trees(connection, asked)}


@lru_cache
def _bonds(stranger: bool) -> Question:
    said, mute = posts.alias("said"), mutes.alias("mute")
    source: sa.FromClause = quotes.join(said, said.c.id == quotes.c.quoted)
    muted: sa.ColumnElement[int] = sa.literal(0)
    blocked: Condition = sa.false()
    if not stranger:
        target = mute.c.target == quotes.c.quoted_account
        source = source.outerjoin(mute, sa.and_(mute.c.account == VIEWER, target))
        for_ever = sa.literal(ALWAYS_MS, sa.BigInteger)
        muted = sa.case(
            (mute.c.account.is_(None), 0), else_=sa.func.coalesce(mute.c.until_ms, for_ever)
        )
        blocked = _blocks(VIEWER, quotes.c.quoted_account)
    return Question(
        sa.select(
            quotes.c.post,
            quotes.c.quoted,
            quotes.c.state,
            said.c.deleted_at_ms,
            sa.and_(may_see(None if stranger else VIEWER, said), consents()).label("open"),
            blocked.label("blocked"),
            muted.label("muted_until_ms"),
        )
        .select_from(source)
        .where(among(quotes.c.post))
    )


def consents() -> Condition:
    """Whether who is quoted has not blocked, by now, who quotes him: a condition on `quotes`."""
    return ~_blocks(quotes.c.quoted_account, quotes.c.account)


_BLOCKED = Question(
    sa.select(blocks.c.target).where(blocks.c.account == VIEWER, among(blocks.c.target))
)
_FOLLOWED = Question(
    sa.select(follows.c.target).where(follows.c.account == VIEWER, among(follows.c.target))
)


def quotable(
    connection: Connection, viewer: int | None, rows: Collection[Mapping[Any, Any]]
) -> set[int]:
    """The ids of those of the posts, all of which the viewer may see, that he may quote."""
    if viewer is None:
        return set()
    others = {row["account"] for row in rows if row["account"] != viewer}

    def among_these(question: Question, targets: set[int]) -> set[int]:
        asked = {VIEWER.key: viewer, "ids": list(targets)}
        return set(question.column(connection, asked)) if targets else set()

    blocked = among_these(_BLOCKED, others)
    limited = {row["account"] for row in rows if row["quote_policy"] == FOLLOWERS} & others
    followed = among_these(_FOLLOWED, limited)

    def may(author: int, seen_by: str, policy: str) -> bool:
        if author == viewer:
            return seen_by != DIRECT
        let = policy == EVERYBODY or (policy == FOLLOWERS and author in followed)
        return let and seen_by in OPEN and author not in blocked

    return {
        row["id"]
        for row in rows
        if row["deleted_at_ms"] is None
        and may(row["account"], row["visibility"], row["quote_policy"])
    }


def _bond(row: Mapping[str, Any]) -> Bond:
    if row["state"] != ACCEPTED:
        return Bond(row["state"])
    if row["deleted_at_ms"] is not None:
        return Bond(DELETED)
    if not row["open"]:
        return WITHHELD
    return Bond(BLOCKED if row["blocked"] else ACCEPTED, row["quoted"], row["muted_until_ms"])


def _blocks(account: sa.ColumnElement[int], target: sa.ColumnElement[int]) -> Condition:
    return some(blocks, blocks.c.account == account, blocks.c.target == target)
