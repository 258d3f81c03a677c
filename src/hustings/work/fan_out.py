"""What is done in the lanes `fan_out` and `bells`: a post is written into the home feeds of those who follow its author, and
those hear of it who asked for that, in batches.

Each batch is a short transaction of its own, so that nobody who posts or reads waits for a famous author's post.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from hustings.social.jobs import Job
from hustings.work.ledger import Ledger

Spread = Callable[[Connection, int, int, int], int | None]
"""`spread(connection, post, author, after)`: the next batch of followers; the last one, None when all had it."""


class FanOut:
    """`await fan_out(job)`. A worker that dies begins anew: what somebody has already is not written twice."""

    def __init__(self, ledger: Ledger, spread: Spread) -> None:
        self._ledger = ledger
        self._spread = spread

    async def __call__(self, job: Job) -> None:
        post, author = int(job.body["post"]), int(job.body["author"])
        after: int | None = 0
        while after is not None:
            at = after
            after = await self._ledger.write(lambda c: self._spread(c, post, author, at))  # noqa: B023
