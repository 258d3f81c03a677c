"""What is done in the lane `scheduled`: a post whose hour has come appears, or its author is left the reason why not."""

from __future__ import annotations

from collections.abc import Callable

from hustings.settings import Settings
from hustings.social import scheduled
from hustings.social.ids import Ids
from hustings.social.jobs import Job
from hustings.social.lanes import SCHEDULED
from hustings.wire.errors import Refused
from hustings.work.ledger import Ledger
from hustings.work.runner import NotNow

PASSING = (429, 503)
"""What another hour may mend: he wrote too much just now, or there is too much to do."""


class Appearing:
    """`await appearing(job)`. A worker that dies begins anew: what appeared is not there any more. Errors: `NotNow`."""

    def __init__(
        self, settings: Settings, ledger: Ledger, ids: Ids, now_ms: Callable[[], int]
    ) -> None:
        self._domain = settings.handle_domain
        self._longest = settings.square.post_characters_max
        self._web = settings.public.web
        self._ledger = ledger
        self._ids = ids
        self._now_ms = now_ms

    async def __call__(self, job: Job) -> None:
        id, due_at_ms = int(job.body["scheduled"]), int(job.body["due_at_ms"])
        now_ms = self._now_ms()
        post = self._ids.at(now_ms)
        rules = (self._domain, self._longest, self._web, now_ms)
        try:
            await self._ledger.write(lambda c: scheduled.publish(c, id, due_at_ms, post, *rules))
        except Refused as refused:
            if refused.status in PASSING and job.takes < SCHEDULED.takes_max:
                raise NotNow(refused.code) from None
            code = refused.code
            await self._ledger.write(lambda c: scheduled.fail(c, id, due_at_ms, code))
