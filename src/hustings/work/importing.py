"""What is done in the lane `imports`: an archive is read by a child with limits, and its posts are taken in, some at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from hustings.social import archives, imports
from hustings.social.ids import Ids
from hustings.social.jobs import Job
from hustings.wire.errors import Refused
from hustings.work import child
from hustings.work.child import Bounds, Broke, TooHard
from hustings.work.ledger import Ledger

MODULE = "hustings.work.making.archive"
BOUNDS = Bounds(memory_bytes=1_000_000_000, cpu_s=30, wall_s=120.0)
FAULTS = ("archive_malformed", "archive_too_large")
ANSWER_MAX = 4 * archives.BYTES_MAX
"""A letter of two bytes is six of JSON."""


class Importing:
    """`await importing(job)`. One that is done again takes what is there already for what it is: there already."""

    def __init__(
        self,
        ledger: Ledger,
        ids: Ids,
        web_url: str,
        now_ms: Callable[[], int],
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._ledger = ledger
        self._bounds = bounds
        self._ids = ids
        self._web_url = web_url
        self._now_ms = now_ms

    async def __call__(self, job: Job) -> None:
        id = int(job.body["import"])
        found = await self._ledger.read(lambda c: imports.waiting(c, id))
        if found is None:
            return
        account, archive = found
        taken, passed, fault = 0, 0, None
        try:
            claimed, passed = await self._read(archive)
        except Refused as refused:
            claimed, fault = [], refused.code
        for start in range(0, len(claimed), imports.BATCH):
            batch = claimed[start : start + imports.BATCH]
            new = await self._take_in(account, batch)
            taken, passed = taken + new, passed + len(batch) - new
        now_ms = self._now_ms()
        await self._ledger.write(lambda c: imports.end(c, id, taken, passed, fault, now_ms))

    async def _read(self, archive: bytes) -> tuple[list[archives.Claimed], int]:
        """As `archives.read`, by a child, of which nothing is believed. Errors: `Refused`."""
        now_ms, bounds = self._now_ms(), self._bounds
        wanted = {"now_ms": now_ms, "memory_bytes": bounds.memory_bytes, "cpu_s": bounds.cpu_s}
        said = json.dumps(wanted).encode() + b"\n" + archive
        try:
            answer = await child.ask(MODULE, said, bounds.wall_s, ANSWER_MAX)
            # Twenty thousand posts take a second, in which the other lanes would wait.
            return await asyncio.to_thread(_posts, answer, now_ms)
        except (TooHard, Broke, ValueError, TypeError, KeyError, AttributeError):
            raise Refused("archive_malformed") from None

    async def _take_in(self, account: int, batch: list[archives.Claimed]) -> int:
        now_ms = self._now_ms()
        return await self._ledger.write(
            lambda c: imports.take_in(c, account, batch, self._ids.at, self._web_url, now_ms)
        )


def _posts(answer: bytes, now_ms: int) -> tuple[list[archives.Claimed], int]:
    """What the child says. Errors: `Refused`; `ValueError`, `TypeError`, `KeyError`, `AttributeError`: none of ours says that."""
    *posts, last = map(json.loads, answer.splitlines())
    if fault := last.get("fault"):
        raise Refused(fault if fault in FAULTS else "archive_malformed")
    return [archives.claimed(one, now_ms) for one in posts], int(last["passed"])
