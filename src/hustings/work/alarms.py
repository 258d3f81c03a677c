"""What is to happen at an hour of its own waits in its own table, as long as it likes; when the hour has come, it becomes a job.

So a lane is never filled by what is far away. Looked for once a second; a machine that was off makes up for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hustings.social.ids import Ids
from hustings.stopping import pause
from hustings.wire.errors import Refused
from hustings.work.ledger import Ledger

LOOK_S, AWAY_S = 1.0, 5.0
_log = logging.getLogger("hustings.work")


@dataclass(frozen=True, slots=True)
class Alarm:
    """`next_ms`: when the next one is due, None for never. `call(connection, id_at, now_ms)` makes jobs of some that are."""

    name: str
    next_ms: Callable[[Connection], int | None]
    call: Callable[[Connection, Callable[[int], int], int], None]


class Alarms:
    """`run` until it is told to stop. now_ms: the wall clock."""

    def __init__(
        self, alarms: Sequence[Alarm], ledger: Ledger, ids: Ids, now_ms: Callable[[], int]
    ) -> None:
        self._alarms = alarms
        self._ledger = ledger
        self._ids = ids
        self._now_ms = now_ms

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.step()
                wait_s = LOOK_S
            except SQLAlchemyError as error:
                _log.warning("alarms: no database: %s", type(error).__name__)
                wait_s = AWAY_S
            await pause(stop, wait_s)

    async def step(self) -> None:
        """Looks once for each. Looking locks nothing. Errors: `SQLAlchemyError`."""
        for alarm in self._alarms:
            now_ms = self._now_ms()
            due_ms = await self._ledger.read(alarm.next_ms)
            if due_ms is None or due_ms > now_ms:
                continue
            try:
                await self._ledger.write(lambda c: alarm.call(c, self._ids.at, now_ms))  # noqa: B023
            except Refused as refused:
                _log.warning("alarms: %s: %s", alarm.name, refused.code)
