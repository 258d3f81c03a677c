"""A lane whose work comes by an alarm, on a square of its own: what a test of it steps through."""

from __future__ import annotations

from collections.abc import Callable

from hustings.social.ids import Ids
from hustings.social.lanes import Lane
from hustings.store.engine import Database
from hustings.work.alarms import Alarm, Alarms
from hustings.work.ledger import Ledger
from hustings.work.runner import Perform, Runner
from tests.social.square import Joins, Square

Made = Callable[[Ledger, Ids, Callable[[], int]], Perform]


class Dying(Ledger):
    """Its first write is done, and nobody hears of it; the end of that job is not written down."""

    deaths = 0

    async def write(self, work):  # type: ignore[no-untyped-def]
        done = await super().write(work)
        self.deaths += 1
        if self.deaths == 1:
            raise RuntimeError("killed")
        return done


class Bench:
    """`made`: who performs the lane. `ledger`: through which he writes."""

    def __init__(
        self,
        database: Database,
        joins: Joins,
        alarm: Alarm,
        lane: Lane,
        made: Made,
        ledger: type[Ledger] = Ledger,
    ) -> None:
        self.square = Square(database, joins)
        self.ledger, self.plain, ids = ledger(database), Ledger(database), Ids()
        self.alarms = Alarms([alarm], self.plain, ids, self._now_ms)
        performs = made(self.ledger, ids, self._now_ms)
        self.runner = Runner(lane, performs, self.plain, self._now_ms, lambda: 0.0)

    def _now_ms(self) -> int:
        return self.square.now_ms

    async def step(self) -> None:
        await self.alarms.step()
        await self.runner.step()
        await self.runner.settle()

    def close(self) -> None:
        self.plain.close()
        self.ledger.close()
