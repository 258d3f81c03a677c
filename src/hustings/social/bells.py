"""The bell on a profile: whoever follows an account and asked for it hears of each of its posts.

As Mastodon's `status` notification: not of reposts, of answers to others, or of what goes to those mentioned alone. Few hear in
the transaction that publishes the post; many by a job, in batches. Who is mentioned in it hears of that, and once.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import jobs, notify
from hustings.social.lanes import BELLS
from hustings.store.follows import follows
from hustings.store.posts import posts

AT_ONCE_MAX = 50
BATCH = 500


def publish(connection: Connection, post: int, author: int, now_ms: int) -> None:
    """A new post rings. Errors: `work_full`."""
    some = _listening(author, 0).limit(AT_ONCE_MAX + 1)
    ears = list(connection.execute(some).scalars())
    if len(ears) <= AT_ONCE_MAX:
        notify.tell(connection, notify.STATUS, post, author, ears, post)
        return
    # the job of the post's own id is its fan-out's
    jobs.add(connection, BELLS, -post, {"post": post, "author": author}, now_ms)


def spread(connection: Connection, post: int, author: int, after: int = 0) -> int | None:
    """The next `BATCH` hear of it: the last one, to go on after; None when all did. May be done again."""
    there = sa.select(posts.c.id).where(posts.c.id == post, posts.c.deleted_at_ms.is_(None))
    if connection.execute(there).first() is None:
        return None
    ears = list(connection.execute(_listening(author, after).limit(BATCH)).scalars())
    notify.tell(connection, notify.STATUS, post, author, ears, post)
    return ears[-1] if len(ears) == BATCH else None


def _listening(author: int, after: int) -> sa.Select[int]:
    return (
        sa.select(follows.c.account)
        .where(follows.c.target == author, follows.c.notify, follows.c.account > after)
        .order_by(follows.c.account)
    )
