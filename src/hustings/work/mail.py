"""What is done in the lane `mail`: the letter that a job asks for is made now, from what is true now, and sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hustings.settings import Settings
from hustings.social import letters
from hustings.social.jobs import Job
from hustings.social.seal import Seal
from hustings.work.compose import compose
from hustings.work.ledger import Ledger
from hustings.work.post import Post


class Letters:
    """`await letters(job)`. A worker that dies after the server took the letter and before that is written down sends it
    again: at least once, under the same Message-ID. Errors: `Hopeless`, `NotNow`."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        post: Post,
        seal: Seal,
        sentences: Mapping[str, str],
        lang: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._web_url = settings.public.web
        self._from = settings.mail.from_address
        self._ledger = ledger
        self._post = post
        self._seal = seal
        self._sentences = sentences
        self._lang = lang
        self._now_ms = now_ms

    async def __call__(self, job: Job) -> None:
        now_ms = self._now_ms()
        letter = await self._ledger.read(
            lambda c: letters.letter(c, self._seal, job.body, job.made_at_ms, now_ms)
        )
        if letter is None:
            return
        message = compose(
            letter,
            self._sentences,
            self._lang,
            self._web_url,
            self._from,
            job.id,
            job.made_at_ms,
        )
        await self._post.send(message, letter.to)
