"""The lane `scheduled`, on both databases: one post at its hour, whoever dies on the way; what cannot be says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hustings.settings import load
from hustings.social import posts, scheduled
from hustings.social.ids import Ids
from hustings.social.lanes import LONGEST_WAIT_MS, SCHEDULED
from hustings.social.paging import Page
from hustings.store.engine import Database
from hustings.store.posts import posts as post_table
from hustings.work.alarms import Alarm, Alarms
from hustings.work.appearing import Appearing
from hustings.work.ledger import Ledger
from hustings.work.runner import Runner
from tests.social.conftest import joins as joins
from tests.social.square import Joins, Square
from tests.social.test_scheduled import HOUR_MS, later

ALARM = Alarm("scheduled", scheduled.next_due_ms, scheduled.call)


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
    def __init__(self, database: Database, joins: Joins, ledger: type[Ledger] = Ledger) -> None:
        self.square = Square(database, joins)
        self.ledger = ledger(database)
        self.plain = Ledger(database)
        ids = Ids()
        self.alarms = Alarms([ALARM], self.plain, ids, lambda: self.square.now_ms)
        appearing = Appearing(load(environ={}), self.ledger, ids, lambda: self.square.now_ms)
        self.runner = Runner(SCHEDULED, appearing, self.plain, lambda: self.square.now_ms, lambda: 0.0)  # fmt: skip

    async def step(self) -> None:
        await self.alarms.step()
        await self.runner.step()
        await self.runner.settle()

    def close(self) -> None:
        self.plain.close()
        self.ledger.close()


@pytest.fixture
def bench(database: Database, joins: Joins) -> Iterator[Bench]:
    made = Bench(database, joins)
    yield made
    made.close()


async def test_a_worker_that_dies_after_the_deed_makes_no_second_post(
    database: Database, joins: Joins
) -> None:
    bench = Bench(database, joins, Dying)
    (ada,) = bench.square.people("ada")
    later(bench.square, ada)
    await bench.step()
    assert bench.square.count(post_table) == 0
    bench.square.tick(HOUR_MS)
    await bench.step()
    assert bench.square.count(post_table) == 1
    bench.square.tick(HOUR_MS)
    await bench.step()
    await bench.step()
    assert bench.square.count(post_table) == 1
    assert bench.square.read(scheduled.page, ada, Page()) == []
    bench.close()


async def test_who_wrote_too_much_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts, "MANY", 1)
    (ada,) = bench.square.people("ada")
    later(bench.square, ada)
    bench.square.tick(HOUR_MS)
    bench.square.say(ada)
    await bench.step()
    assert bench.square.count(post_table) == 1
    assert bench.square.read(scheduled.failed, ada) == 0
    bench.square.tick(posts.MANY_MS + 1)
    await bench.step()
    assert bench.square.count(post_table) == 2


async def test_who_writes_too_much_for_ever_hears_of_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts, "MANY", 1)
    monkeypatch.setattr(posts, "MANY_MS", 10**9)
    (ada,) = bench.square.people("ada")
    later(bench.square, ada)
    bench.square.tick(HOUR_MS)
    bench.square.say(ada)
    for _ in range(SCHEDULED.takes_max):
        assert bench.square.read(scheduled.failed, ada) == 0
        await bench.step()
        bench.square.tick(LONGEST_WAIT_MS)
    (kept,) = bench.square.read(scheduled.page, ada, Page())
    assert kept.fault == "posts_many" and bench.square.count(post_table) == 1


async def test_a_suspended_author_s_never_appears(bench: Bench) -> None:
    (ada,) = bench.square.people("ada")
    later(bench.square, ada)
    bench.square.suspend(ada)
    bench.square.tick(HOUR_MS)
    await bench.step()
    bench.square.suspend(ada, on=False)
    bench.square.tick(HOUR_MS)
    await bench.step()
    (kept,) = bench.square.read(scheduled.page, ada, Page())
    assert kept.fault == "account_suspended" and bench.square.count(post_table) == 0
