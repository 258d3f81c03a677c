"""What is done in the lane `fan_out`: a post is written into the home feeds of those who follow its author, in batches.

Each batch is a short transaction of its own, so that nobody who posts or reads waits for a famous author's post.
"""

from __future__ import annotations

from hustings.social import feeds
from hustings.social.jobs import Job
from hustings.work.ledger import Ledger


class FanOut:
    """`await fan_out(job)`. A worker that dies begins anew: what is in a feed already is not written twice."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def __call__(self, job: Job) -> None:
        post, author = int(job.body["post"]), int(job.body["author"])
        after: int | None = 0
        while after is not None:
            at = after
            after = await self._ledger.write(lambda c: feeds.spread(c, post, author, at))  # noqa: B023
