"""What a post answers, and what answers it. Deleted posts stand in between as tombstones, so that nobody answers the air."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import shown
from hustings.social.shown import Post
from hustings.social.visibility import may_see, wants_to_see
from hustings.store.posts import posts

ANCESTORS_MAX, DESCENDANTS_MAX, DEPTH_MAX = 40, 400, 30


@dataclass(frozen=True, slots=True)
class Context:
    """Both in the order of reading: what was said first comes first, an answer right below what it answers."""

    ancestors: list[Post]
    descendants: list[Post]


def context(
    connection: Connection, reader: int | None, id: int, now_ms: int, tombstones: bool = False
) -> Context:
    """Around a post that the reader was found to be allowed to see."""
    above = _ancestors(connection, id)
    below = _descendants(connection, reader, id, now_ms)
    return Context(
        shown.of_ids(connection, reader, above[::-1], tombstones),
        shown.of_ids(connection, reader, below, tombstones),
    )


def _ancestors(connection: Connection, id: int) -> list[int]:
    """The nearest first. One that the reader may not see does not hide those above it."""
    found: list[int] = []
    at: int | None = id
    while at is not None and len(found) <= ANCESTORS_MAX:
        at = connection.execute(sa.select(posts.c.in_reply_to).where(posts.c.id == at)).scalar()
        if at is not None:
            found.append(at)
    return found[:ANCESTORS_MAX]


def _descendants(connection: Connection, reader: int | None, id: int, now_ms: int) -> list[int]:
    """By levels, each with one question; then in the order of reading."""
    children: dict[int, list[int]] = {}
    level, many = [id], 0
    for _ in range(DEPTH_MAX):
        if not level or many >= DESCENDANTS_MAX:
            break
        asked = sa.select(posts.c.id, posts.c.in_reply_to).where(
            posts.c.in_reply_to.in_(level), may_see(reader, tombstones=True)
        )
        if reader is not None:
            asked = asked.where(wants_to_see(reader, now_ms))
        asked = asked.order_by(posts.c.id).limit(DESCENDANTS_MAX - many)
        level = []
        for child, parent in connection.execute(asked):
            children.setdefault(parent, []).append(child)
            level.append(child)
        many += len(level)
    return _in_order(children, id)


def _in_order(children: dict[int, list[int]], root: int) -> list[int]:
    found: list[int] = []
    waiting = list(reversed(children.get(root, [])))
    while waiting:
        id = waiting.pop()
        found.append(id)
        waiting.extend(reversed(children.get(id, [])))
    return found
