"""What is done in the lane `polls`: that a poll is over is told to its author and to those who voted, in batches."""

from __future__ import annotations

from hustings.social import voting
from hustings.social.jobs import Job
from hustings.work.ledger import Ledger


class PollEnds:
    """`await poll_ends(job)`. A worker that dies begins anew: who has heard hears nothing twice."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def __call__(self, job: Job) -> None:
        post, ended_at_ms = int(job.body["post"]), int(job.body["ended_at_ms"])
        after: int | None = 0
        while after is not None:
            at = after
            after = await self._ledger.write(lambda c: voting.tell(c, post, ended_at_ms, at))  # noqa: B023
