"""What is done in the lane `going_live`: whoever planned a room that is on the air says so, in a post beside it."""

from __future__ import annotations

from collections.abc import Callable

from hustings.copy import say
from hustings.settings import Settings
from hustings.social import going_live
from hustings.social.ids import Ids
from hustings.social.jobs import Job
from hustings.social.lanes import GOING_LIVE
from hustings.work.appearing import appears
from hustings.work.ledger import Ledger

BESIDES = 60
"""Characters that the words and the link take, of which an installation may allow no more than fifty: then it has no title."""


class GoingLive:
    """`await going_live(job)`. A worker that dies begins anew: what was said is not said again. Errors: `NotNow`."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        ids: Ids,
        words: dict[str, str],
        lang: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._domain = settings.handle_domain
        self._longest = settings.square.post_characters_max
        self._web, self._live = settings.public.web, settings.public.live
        self._ledger = ledger
        self._ids = ids
        self._words, self._lang = words, lang
        self._now_ms = now_ms

    async def __call__(self, job: Job) -> None:
        plan, now_ms = str(job.body["room"]), self._now_ms()
        id = self._ids.at(now_ms)
        rules = (self._says, self._domain, self._longest, self._web, now_ms)
        await appears(
            self._ledger,
            may_wait=job.takes < GOING_LIVE.takes_max,
            publish=lambda c: going_live.publish(c, plan, id, *rules),
            fail=lambda c, code: going_live.fail(c, plan, code),
        )

    def _says(self, title: str, key: str) -> str:
        most = max(0, self._longest - BESIDES)
        title = title if len(title) <= most else f"{title[: max(0, most - 1)].rstrip()}…"
        link = f"{self._live}/{key}"
        return say(self._words, "live.said", lang=self._lang, title=title, link=link)
