"""What is done in the lane `links`: the pages that a profile names are asked whether they name it too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hustings.social import accounts, fields
from hustings.social.accounts import Account
from hustings.social.jobs import Job
from hustings.work import rel_me
from hustings.work.fetching import Forbidden, Page, Unreachable
from hustings.work.ledger import Ledger
from hustings.work.runner import NotNow


class Links:
    """`await links(job)`. What one page says does not depend on another. Errors: `NotNow` when one could not be had."""

    def __init__(
        self,
        ledger: Ledger,
        fetch: Callable[[str], Awaitable[Page]],
        web_url: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._fetch = fetch
        self._web_url = web_url
        self._now_ms = now_ms

    async def __call__(self, job: Job) -> None:
        id = int(job.body["account"])
        account = await self._ledger.read(lambda c: accounts.of_id(c, id))
        if account is None:
            return
        ours = self._addresses(account)
        asked = await self._ledger.read(lambda c: fields.links(c, id))
        answers = await asyncio.gather(*(self._says(link, ours) for link in asked))
        said = {
            link: answer
            for link, answer in zip(asked, answers, strict=True)
            if not isinstance(answer, Unreachable)
        }
        now_ms = self._now_ms()
        await self._ledger.write(lambda c: fields.prove(c, id, said, now_ms))
        late = [str(answer) for answer in answers if isinstance(answer, Unreachable)]
        if late:
            raise NotNow("; ".join(late))

    async def _says(self, link: str, ours: frozenset[str]) -> bool | Unreachable:
        try:
            page = await self._fetch(link)
        except Forbidden:
            return False
        except Unreachable as away:
            return away
        return await asyncio.to_thread(rel_me.names, page.text, ours)

    def _addresses(self, account: Account) -> frozenset[str]:
        page, lasting = f"/@{account.handle}", f"/people/{account.id}"
        return frozenset((account.uri, self._web_url + page, self._web_url + lasting))
