"""What is done in the lane `scheduled`: a post whose hour has come appears, or its author is left the reason why not."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

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
        await appears(
            self._ledger,
            may_wait=job.takes < SCHEDULED.takes_max,
            publish=lambda c: scheduled.publish(c, id, due_at_ms, post, *rules),
            fail=lambda c, code: scheduled.fail(c, id, due_at_ms, code),
        )


async def appears(
    ledger: Ledger,
    *,
    may_wait: bool,
    publish: Callable[[Connection], object],
    fail: Callable[[Connection, str], None],
) -> None:
    """A post appears, or why it can't is kept. Errors: `NotNow` where that may pass, and there is another try."""
    try:
        await ledger.write(publish)
    except Refused as refused:
        if refused.status in PASSING and may_wait:
            raise NotNow(refused.code) from None
        code = refused.code
        await ledger.write(lambda c: fail(c, code))
