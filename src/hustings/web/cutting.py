"""What a suspension takes from stages: tickets that are taken back are told to studio at once, and every second until it knows.

The rows that wait are the truth: web may die after the act and studio before it hears, and whoever comes first tells the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from hustings.social import stages
from hustings.social.stages import Cut
from hustings.web import programme
from hustings.web.live import Studio
from hustings.web.rounds import Rounds
from hustings.web.sql import Sql
from hustings.wire.errors import Refused

_log = logging.getLogger("hustings.web")


class Cutting(Rounds):
    """`ring`: there is something to tell."""

    every_s = 1.0

    def __init__(
        self, studio: Studio, sql: Sql, now_ms: Callable[[], int], forget: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._studio = studio
        self._sql = sql
        self._now_ms = now_ms
        self._forget = forget

    async def once(self) -> None:
        """One round. A studio that is away is told the next time."""
        try:
            for cut in await self._sql.read(stages.to_cut):
                await self._tell(cut)
        except Refused as refused:
            _log.debug("no ticket is taken back: %s", refused.code)

    async def _tell(self, cut: Cut) -> None:
        try:
            await self._studio.cut(cut.key, cut.tickets, cut.ends)
        except Refused as refused:
            if refused.code != "room_unknown":
                raise
            await self._unknown(cut)
        await self._sql.write(stages.done, cut.tickets, self._now_ms())

    async def _unknown(self, cut: Cut) -> None:
        """A room that studio never had: it is not handed over any more."""
        found = await self._sql.read(programme.find, cut.key)
        if cut.ends and found is not None and found.plan.plan == cut.plan and not found.handed:
            await self._sql.write(programme.delete, cut.plan, self._now_ms())
            self._forget(cut.key)
