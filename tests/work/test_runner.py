"""A lane at work, on both databases, by a clock that the test sets."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from hustings.social import jobs
from hustings.social.ids import Ids
from hustings.social.jobs import Job, Load
from hustings.social.lanes import Lane
from hustings.store.engine import Database, sqlite_url
from hustings.work import runner as module
from hustings.work.ledger import Ledger
from hustings.work.runner import AWAY_S, POLL_S, Hopeless, NotNow, Runner

NOW = 1_800_000_000_000
LANE = Lane("letters", waiting_max=100, takes_max=2, at_once=2, patience_s=30.0, lease_s=60.0)
OTHER = replace(LANE, name="pictures")


class Bench:
    """A lane, and what its jobs do: `does[n]` for the job with that number, else nothing."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger = Ledger(database)
        self.now = NOW
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.does: dict[int, Callable[[], Awaitable[None]]] = {}
        self._ids = Ids()
        self.runner = self.of(LANE)

    def of(self, lane: Lane) -> Runner:
        return Runner(lane, self.perform, self.ledger, lambda: self.now, lambda: 1.0)

    async def perform(self, job: Job) -> None:
        self.begun.append(job.body["n"])
        act = self.does.get(job.body["n"])
        if act is not None:
            await act()
        self.ended.append(job.body["n"])

    def add(self, *numbers: int, lane: Lane = LANE, due_at_ms: int = 0) -> None:
        for n in numbers:
            id = self._ids.at(self.now)
            self.database.write(
                lambda c: jobs.add(c, lane, id, {"n": n}, self.now, None, due_at_ms)  # noqa: B023
            )

    def load(self, lane: Lane = LANE) -> Load:
        return self.database.read(lambda c: jobs.load(c, lane, self.now))

    async def once(self) -> float:
        wait_s = await self.runner.step()
        await self.runner.settle()
        return wait_s


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    made = Bench(database)
    yield made
    made.ledger.close()


async def until(true: Callable[[], bool]) -> None:
    """Waits for what another task does; the test's own time limit ends a wait in vain."""
    while not true():
        await asyncio.sleep(0.001)


def fails(error: Exception) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        raise error

    return act


async def test_what_is_due_is_done_and_no_more_at_once_than_there_is_room(bench: Bench) -> None:
    bench.add(0, 1, 2)
    assert await bench.once() == POLL_S  # both places are taken: whoever ends first wakes it
    assert sorted(bench.ended) == [0, 1]
    assert await bench.once() == 0.0  # there is room: look again at once
    assert bench.ended[2:] == [2] and bench.load() == Load(0, 0, None)
    assert await bench.once() == POLL_S


async def test_it_looks_again_when_the_next_is_due(bench: Bench) -> None:
    bench.add(0, due_at_ms=NOW + 300)
    assert await bench.once() == 0.3 and bench.begun == []
    bench.now += 300
    await bench.once()
    assert bench.ended == [0]


async def test_a_failure_waits_and_the_last_one_is_a_dead_letter(bench: Bench) -> None:
    bench.does[0] = fails(NotNow("greylisted"))
    bench.add(0)
    await bench.once()
    bench.now += 14_999
    await bench.once()
    assert bench.begun == [0]
    bench.now += 1
    await bench.once()
    assert bench.begun == [0, 0] and bench.load() == Load(0, 1, None)


@pytest.mark.parametrize(
    ("error", "dead"), [(Hopeless("never"), 1), (NotNow("later"), 0), (KeyError("a bug"), 0)]
)
async def test_what_a_job_raises(bench: Bench, error: Exception, dead: int) -> None:
    bench.does[0] = fails(error)
    bench.add(0, 1)
    await bench.once()
    assert bench.ended == [1]  # a bug in one job ends neither the lane nor its neighbour
    assert bench.load() == Load(1 - dead, dead, None)


async def test_a_job_that_takes_too_long_is_given_up(database: Database) -> None:
    bench = Bench(database)
    bench.runner = bench.of(replace(LANE, patience_s=0.0))
    bench.does[0] = asyncio.Event().wait  # type: ignore[assignment]
    bench.add(0)
    await bench.once()
    assert bench.ended == [] and bench.load() == Load(1, 0, None)
    bench.ledger.close()


async def test_a_lane_that_is_stuck_holds_up_no_other(bench: Bench) -> None:
    stuck = asyncio.Event()
    bench.does |= dict.fromkeys((0, 1), stuck.wait)  # type: ignore[misc]
    bench.add(0, 1, 2)
    bench.add(10, 11, 12, lane=OTHER)
    stop = asyncio.Event()
    lanes = [asyncio.create_task(bench.of(lane).run(stop)) for lane in (LANE, OTHER)]
    await until(lambda: len(bench.ended) == 3)
    assert sorted(bench.ended) == [10, 11, 12] and sorted(bench.begun)[:2] == [0, 1]
    stuck.set()
    await until(lambda: len(bench.ended) == 6)
    stop.set()
    await asyncio.gather(*lanes)


async def test_two_workers_share_a_lane_and_do_nothing_twice(bench: Bench) -> None:
    bench.add(*range(20))
    stop = asyncio.Event()
    both = [asyncio.create_task(bench.of(LANE).run(stop)) for _ in range(2)]
    await until(lambda: len(bench.ended) == 20)
    stop.set()
    await asyncio.gather(*both)
    assert sorted(bench.ended) == list(range(20)) and bench.load() == Load(0, 0, None)


async def test_a_worker_that_stops_finishes_what_it_has(bench: Bench) -> None:
    finish = asyncio.Event()
    bench.does[0] = finish.wait  # type: ignore[assignment]
    bench.add(0)
    stop = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(stop))
    await until(lambda: bench.begun == [0])
    stop.set()
    finish.set()
    await running
    assert bench.ended == [0] and bench.load() == Load(0, 0, None)


async def test_or_gives_it_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.0)
    bench.does[0] = asyncio.Event().wait  # type: ignore[assignment]
    bench.add(0)
    stop = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(stop))
    await until(lambda: bench.begun == [0])
    stop.set()
    await running
    assert bench.load() == Load(1, 0, NOW)  # due at once, for the next worker
    bench.does.clear()
    bench.runner = bench.of(LANE)
    await bench.once()
    assert bench.ended == [0]


async def test_a_worker_that_lost_its_lease_ends_nothing(bench: Bench) -> None:
    """As after half an hour of SIGSTOP: another has the job, and has done it."""
    held = asyncio.Event()
    bench.does[0] = held.wait  # type: ignore[assignment]
    bench.add(0)
    await bench.runner.step()
    await until(lambda: bench.begun == [0])
    bench.does.clear()
    bench.now += 60_000
    other = bench.of(LANE)
    await other.step()
    await other.settle()
    assert bench.load() == Load(0, 0, None)
    held.set()
    await bench.runner.settle()
    assert bench.ended == [0, 0] and bench.load() == Load(0, 0, None)


async def test_a_database_that_is_away_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(Database(sqlite_url(tmp_path / "none" / "x.sqlite3")))
    assert await ledger.ready() is False
    looked = asyncio.Event()

    async def perform(job: Job) -> None:
        raise AssertionError("there is none")

    def now_ms() -> int:
        looked.set()
        return NOW

    stop = asyncio.Event()
    running = asyncio.create_task(Runner(LANE, perform, ledger, now_ms, lambda: 0.0).run(stop))
    await looked.wait()
    await until(lambda: "no database" in caplog.text)
    assert not running.done() and AWAY_S > POLL_S
    stop.set()
    await running
    ledger.close()


async def test_a_database_that_was_another_file_is_found_again(
    tmp_path: Path, migrated_sqlite: Path
) -> None:
    """Moved away and back while it was looked for: what lay there meanwhile is not looked at again."""
    place = tmp_path / "web"
    place.mkdir()
    ledger = Ledger(Database(sqlite_url(place / "x.sqlite3")))

    def lies(whole: bool) -> None:
        shutil.rmtree(place)
        place.mkdir()
        if whole:
            shutil.copy(migrated_sqlite, place / "x.sqlite3")

    assert await ledger.ready() is False and (place / "x.sqlite3").exists()
    lies(whole=True)
    assert await ledger.ready() is True
    ledger._database.close()
    lies(whole=False)
    with pytest.raises(OperationalError):
        await ledger.read(lambda c: jobs.load(c, LANE, NOW))
    lies(whole=True)
    assert await ledger.read(lambda c: jobs.load(c, LANE, NOW)) == Load(0, 0, None)
    ledger.close()
