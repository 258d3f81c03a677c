"""Pages and replays of rooms whose host is suspended or gone: there for nobody, until a suspension is lifted.

The database says which these are, the disk which of them are withdrawn; whatever differs is made even, at once after an
act and every few seconds: web may die in between, and a replay may come after the act.
"""

from __future__ import annotations

import asyncio
import logging

from hustings.social import stages
from hustings.web.publish import Publisher
from hustings.web.rounds import Rounds
from hustings.web.sql import Sql
from hustings.wire.errors import Refused

_log = logging.getLogger("hustings.web")


class Withdrawing(Rounds):
    """`ring`: somebody was suspended, or is no longer."""

    every_s = 5.0

    def __init__(self, sql: Sql, publisher: Publisher) -> None:
        super().__init__()
        self._sql = sql
        self._publisher = publisher

    async def once(self) -> None:
        """One round. What cannot be done now is done in another."""
        try:
            hidden = await self._sql.read(stages.over)
            others = await asyncio.to_thread(self._publisher.withdrawn) - hidden
            back = await self._sql.read(stages.known, others) if others else set()
            await asyncio.to_thread(self._even, hidden, others, back)
        except Refused as refused:
            _log.debug("no replay is withdrawn: %s", refused.code)
        except OSError as error:
            _log.error("a replay can be neither withdrawn nor restored: %s", error)

    def _even(self, hidden: set[str], others: set[str], back: set[str]) -> None:
        """Errors: `OSError`."""
        for key in hidden:
            self._publisher.withdraw(key)
        for key in others & back:
            self._publisher.restore(key)
        for key in others - back:  # deleted meanwhile
            self._publisher.destroy(key)
