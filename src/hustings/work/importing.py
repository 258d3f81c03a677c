"""What is done in the lane `imports`: an archive is read in a thread, and its posts are taken in, some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hustings.social import archives, imports
from hustings.social.ids import Ids
from hustings.social.jobs import Job
from hustings.wire.errors import Refused
from hustings.work.ledger import Ledger


class Importing:
    """`await importing(job)`. One that is done again takes what is there already for what it is: there already."""

    def __init__(self, ledger: Ledger, ids: Ids, web_url: str, now_ms: Callable[[], int]) -> None:
        self._ledger = ledger
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
            claimed, passed = await asyncio.to_thread(archives.read, archive, self._now_ms())
        except Refused as refused:
            claimed, fault = [], refused.code
        for start in range(0, len(claimed), imports.BATCH):
            batch = claimed[start : start + imports.BATCH]
            new = await self._take_in(account, batch)
            taken, passed = taken + new, passed + len(batch) - new
        now_ms = self._now_ms()
        await self._ledger.write(lambda c: imports.end(c, id, taken, passed, fault, now_ms))

    async def _take_in(self, account: int, batch: list[archives.Claimed]) -> int:
        now_ms = self._now_ms()
        return await self._ledger.write(
            lambda c: imports.take_in(c, account, batch, self._ids.at, self._web_url, now_ms)
        )
