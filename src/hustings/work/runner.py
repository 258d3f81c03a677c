"""One lane at work: takes what is due, performs it, says how it ended. Each lane has a runner of its own and shares nothing."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from hustings.social import jobs
from hustings.social.jobs import Job
from hustings.social.lanes import Lane
from hustings.work.ledger import Ledger

POLL_S, AWAY_S = 1.0, 5.0
STOP_S = 3.0
"""What is at work when the process is told to stop has this long; then it is given back. (The supervisor waits five.)"""

Perform = Callable[[Job], Awaitable[None]]
_log = logging.getLogger("hustings.work")


class Hopeless(Exception):
    """It did not work and never will. The text is the reason, and may stand in a log."""


class NotNow(Exception):
    """It did not work this time. The text is the reason, and may stand in a log."""


class Runner:
    """`perform(job)` does it, at least once: a job whose end could not be written down comes again.

    now_ms: the wall clock. roll: between 0 and 1, for the wait after a failure.
    """

    def __init__(
        self,
        lane: Lane,
        perform: Perform,
        ledger: Ledger,
        now_ms: Callable[[], int],
        roll: Callable[[], float],
    ) -> None:
        self.lane = lane
        self._perform = perform
        self._ledger = ledger
        self._now_ms = now_ms
        self._roll = roll
        self._going: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then what is at work is finished or given back."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    wait_s = await self.step()
                except SQLAlchemyError as error:
                    _log.warning("lane %s: no database: %s", self.lane.name, type(error).__name__)
                    wait_s = AWAY_S
                await asyncio.wait(
                    {stopping, *self._going}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            stopping.cancel()
            await self._wind_up()

    async def step(self) -> float:
        """Begins as many jobs as there is room for; in how many seconds to look again."""
        free = self.lane.at_once - len(self._going)
        if free <= 0:
            return POLL_S
        now_ms = self._now_ms()
        due_ms = await self._ledger.read(lambda c: jobs.next_due_ms(c, self.lane))
        if due_ms is None or due_ms > now_ms:
            return POLL_S if due_ms is None else min(POLL_S, (due_ms - now_ms) / 1000)
        holder = secrets.token_urlsafe(16)
        taken = await self._ledger.claim(lambda c: jobs.take(c, self.lane, holder, free, now_ms))
        for job in taken:
            task = asyncio.create_task(self._one(job), name=f"{self.lane.name} {job.id}")
            self._going.add(task)
            task.add_done_callback(self._going.discard)
        return 0.0 if len(taken) < free else POLL_S

    async def settle(self) -> None:
        """Until nothing is at work."""
        while self._going:
            await asyncio.wait(self._going)

    async def _one(self, job: Job) -> None:
        fault, hopeless = "", False
        try:
            async with asyncio.timeout(self.lane.patience_s):
                await self._perform(job)
        except asyncio.CancelledError:
            await self._write_down(lambda: self._give_back(job))
            raise
        except Hopeless as error:
            fault, hopeless = str(error), True
        except NotNow as error:
            fault = str(error)
        except TimeoutError:
            fault = f"not done in {self.lane.patience_s:g} s"
        except Exception as error:
            _log.exception("lane %s: job %d broke", self.lane.name, job.id)
            fault = f"{type(error).__name__}: {error}"
        await self._write_down(lambda: self._end(job, fault, hopeless))

    async def _end(self, job: Job, fault: str, hopeless: bool) -> None:
        now_ms = self._now_ms()
        if not fault:
            if not await self._ledger.claim(lambda c: jobs.done(c, job, now_ms)):
                _log.warning("lane %s: job %d was done too late", self.lane.name, job.id)
            return
        roll = self._roll()
        _log.warning("lane %s: job %d, try %d: %s", self.lane.name, job.id, job.takes, fault)
        await self._ledger.claim(
            lambda c: jobs.failed(c, self.lane, job, fault, hopeless, roll, now_ms)
        )

    async def _give_back(self, job: Job) -> None:
        now_ms = self._now_ms()
        await self._ledger.claim(lambda c: jobs.give_back(c, job, now_ms))

    async def _write_down(self, end: Callable[[], Awaitable[None]]) -> None:
        """A database that is away loses nothing: the job comes back when its lease is over."""
        try:
            await end()
        except SQLAlchemyError as error:
            _log.warning(
                "lane %s: the end of a job is lost: %s", self.lane.name, type(error).__name__
            )

    async def _wind_up(self) -> None:
        going = set(self._going)
        if going:
            _, late = await asyncio.wait(going, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
