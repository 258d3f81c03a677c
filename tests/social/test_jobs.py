"""Jobs, on both databases: nothing is lost, nothing is held for ever, and no lane waits for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from hustings.social import jobs
from hustings.social.ids import Ids
from hustings.social.jobs import Job, Load
from hustings.social.lanes import Lane
from hustings.store.engine import Database
from hustings.store.jobs import jobs as table
from hustings.wire.errors import Refused

NOW = 1_800_000_000_000
LANE = Lane("letters", waiting_max=3, takes_max=3, at_once=2, patience_s=1.0, lease_s=10.0)
OTHER = replace(LANE, name="pictures")
WIDE = replace(LANE, name="wide", waiting_max=1_000)
LEASE_MS = 10_000


class Bench:
    """A database and somebody who adds to it and takes from it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ids = Ids()
        self._takes = 0

    def add(self, n: int = 0, lane: Lane = LANE, at: int = NOW, **more: Any) -> bool:
        id = self.ids.at(at)
        return self.database.write(lambda c: jobs.add(c, lane, id, {"n": n}, at, **more))

    def take(self, at: int = NOW, most: int = 1, lane: Lane = LANE) -> list[Job]:
        self._takes += 1
        holder = f"h{self._takes}"
        return self.database.claim(lambda c: jobs.take(c, lane, holder, most, at))

    def one(self, at: int = NOW) -> Job:
        (job,) = self.take(at)
        return job

    def done(self, job: Job, at: int = NOW) -> bool:
        return self.database.claim(lambda c: jobs.done(c, job, at))

    def fail(self, job: Job, fault: str, at: int = NOW, hopeless: bool = False) -> None:
        self.database.claim(lambda c: jobs.failed(c, LANE, job, fault, hopeless, 1.0, at))

    def load(self, at: int = NOW, lane: Lane = LANE) -> Load:
        return self.database.read(lambda c: jobs.load(c, lane, at))

    def rows(self) -> list[Any]:
        return self.database.read(lambda c: list(c.execute(sa.select(table).order_by(table.c.id))))


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


def test_the_first_to_come_is_the_first_to_be_taken_and_once(bench: Bench) -> None:
    assert [bench.add(n, at=NOW + n) for n in range(3)] == [True] * 3
    taken = bench.take(NOW + 5, most=2) + bench.take(NOW + 5, most=2)
    assert [job.body["n"] for job in taken] == [0, 1, 2]
    assert bench.take(NOW + 5) == []
    assert all(bench.done(job) for job in taken)
    assert bench.load() == Load(0, 0, None)


def test_a_job_of_later_is_not_due_before(bench: Bench) -> None:
    bench.add(due_at_ms=NOW + 500)
    assert bench.database.read(lambda c: jobs.next_due_ms(c, LANE)) == NOW + 500
    assert bench.take(NOW + 499) == []
    assert len(bench.take(NOW + 500)) == 1


def test_what_is_asked_in_a_transaction_that_fails_was_not_asked(bench: Bench) -> None:
    with pytest.raises(KeyError), bench.database.writing() as connection:
        jobs.add(connection, LANE, 1, {}, NOW)
        raise KeyError
    assert bench.load() == Load(0, 0, None)


def test_a_job_whose_holder_died_comes_back_after_its_lease(bench: Bench) -> None:
    bench.add()
    first = bench.one()
    assert bench.take(NOW + LEASE_MS - 1) == []
    again = bench.one(NOW + LEASE_MS)
    assert (again.id, first.takes, again.takes) == (first.id, 1, 2)


def test_who_lost_his_lease_ends_nothing(bench: Bench) -> None:
    bench.add()
    late = bench.one()
    again = bench.one(NOW + LEASE_MS)
    assert bench.done(late, NOW + LEASE_MS) is False
    bench.fail(late, "late", NOW + LEASE_MS)
    bench.database.claim(lambda c: jobs.give_back(c, late, NOW + LEASE_MS))
    assert bench.rows()[0].holder == again.holder
    assert bench.done(again, NOW + LEASE_MS) is True
    assert bench.done(again, NOW + LEASE_MS) is False


def test_a_failed_job_waits_and_then_dies_with_its_reason(bench: Bench) -> None:
    bench.add()
    now = NOW
    for takes, wait_ms in ((1, 15_000), (2, 30_000)):
        job = bench.one(now)
        assert job.takes == takes
        bench.fail(job, f"no {takes}", now)
        assert bench.take(now + wait_ms - 1) == []
        now += wait_ms
    bench.fail(bench.one(now), "no 3", now)
    assert bench.take(now + 10**9) == []
    assert bench.load(now) == Load(0, 1, None)
    (row,) = bench.rows()
    assert (row.fault, row.ended_at_ms, row.body) == ("no 3", now, {"n": 0})


def test_a_hopeless_job_is_not_tried_again(bench: Bench) -> None:
    bench.add()
    bench.fail(bench.one(), "never" * 200, hopeless=True)
    assert bench.load() == Load(0, 1, None)
    assert len(bench.rows()[0].fault) == jobs.FAULT_MAX


def test_what_kills_its_worker_does_so_a_few_times_only(bench: Bench) -> None:
    bench.add()
    for n in range(LANE.takes_max):
        assert bench.one(NOW + n * LEASE_MS).takes == n + 1
    assert bench.take(NOW + 3 * LEASE_MS) == []
    assert bench.load() == Load(0, 1, None)
    assert bench.rows()[0].fault == jobs.LOST


def test_what_is_given_back_is_due_at_once_and_no_try(bench: Bench) -> None:
    bench.add()
    job = bench.one()
    bench.database.claim(lambda c: jobs.give_back(c, job, NOW + 1))
    assert bench.one(NOW + 1).takes == 1


def test_as_many_as_a_lane_holds_and_one_more_is_told_so(bench: Bench) -> None:
    for n in range(LANE.waiting_max):
        bench.add(n)
    with pytest.raises(Refused, match="work_full"):
        bench.add(9)
    bench.add(0, OTHER)  # another lane is another queue
    job = bench.one()
    with pytest.raises(Refused, match="work_full"):
        bench.add(9)  # one that is held is not gone
    bench.done(job)
    bench.add(9)


def test_a_key_is_one_job_until_a_day_after_it_was_done(bench: Bench) -> None:
    assert bench.add(1, key="k") is True
    assert bench.add(2, key="k") is False
    assert bench.add(3, OTHER, key="k") is True
    bench.done(bench.one())
    assert bench.add(4, key="k") is False
    day = jobs.DONE_KEPT_MS
    for at, added in ((NOW + day, False), (NOW + day + 1, True)):
        bench.database.write(lambda c, at=at: jobs.sweep(c, LANE, at))  # type: ignore[misc]
        assert bench.add(5, at=at, key="k") is added


def test_nothing_stays_of_what_a_done_job_said(bench: Bench) -> None:
    bench.add(7)
    bench.done(bench.one())
    assert bench.rows()[0].body == {}


@pytest.mark.parametrize("more", [0, 1])
def test_a_body_has_its_limit(bench: Bench, more: int) -> None:
    body = {"n": "x" * (jobs.BODY_BYTES_MAX - len('{"n": ""}') + more)}

    def add(connection: sa.Connection) -> bool:
        return jobs.add(connection, LANE, 1, body, NOW)

    if more:
        with pytest.raises(ValueError, match="too long"):
            bench.database.write(add)
    else:
        assert bench.database.write(add)


@pytest.mark.parametrize(("size", "right"), [(200, True), (201, False)])
def test_a_key_has_its_limit(bench: Bench, size: int, right: bool) -> None:
    if right:
        assert bench.add(key="k" * size)
    else:
        with pytest.raises(ValueError, match="too long"):
            bench.add(key="k" * size)


def test_a_lane_that_is_stuck_holds_up_no_other(bench: Bench) -> None:
    for n in range(3):
        bench.add(n)
    bench.add(0, OTHER)
    stuck = bench.take(most=3)
    assert len(stuck) == 3
    assert [job.lane for job in bench.take(lane=OTHER, most=3)] == ["pictures"]


def test_many_who_take_at_once_never_take_the_same(bench: Bench) -> None:
    for n in range(40):
        bench.add(n, WIDE)

    def take(_: int) -> list[int]:
        return [job.body["n"] for job in bench.take(most=2, lane=WIDE)]

    with ThreadPoolExecutor(4) as threads:
        taken = [n for some in threads.map(take, range(30)) for n in some]
    assert sorted(taken) == list(range(40))


def test_many_who_add_at_once_stay_within_the_limit(bench: Bench) -> None:
    def add(n: int) -> bool:
        try:
            return bench.add(n)
        except Refused as refused:
            assert refused.code == "work_full"
            return False

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(add, range(9))) == LANE.waiting_max
    assert bench.load().waiting == LANE.waiting_max


def test_on_postgresql_who_takes_waits_for_nobody_who_takes(bench: Bench) -> None:
    if bench.database.kind != "postgresql":
        pytest.skip("SQLite has one writer")
    bench.add(0)
    bench.add(1, at=NOW + 1)
    with bench.database.claiming() as connection:
        held = jobs.take(connection, LANE, "first", 1, NOW + 1)
        other = bench.take(NOW + 1, most=2)
    assert [job.body["n"] for job in held + other] == [0, 1]


def test_dead_letters_are_kept_a_month_and_the_newest_only(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DEAD_KEPT_MAX", 2)
    for n in range(3):
        bench.add(n)
        bench.fail(bench.one(NOW + n), "no", NOW + n, hopeless=True)

    def swept(at: int) -> list[int]:
        bench.database.write(lambda c: jobs.sweep(c, LANE, at))
        return [row.body["n"] for row in bench.rows()]

    assert swept(NOW) == [1, 2]
    assert swept(NOW + 2 + jobs.DEAD_KEPT_MS) == [2]
    assert swept(NOW + 3 + jobs.DEAD_KEPT_MS) == []


def test_the_load_of_a_lane(bench: Bench) -> None:
    assert bench.load() == Load(0, 0, None)
    bench.add(0)
    bench.add(1, at=NOW + 5)
    assert bench.load(NOW - 1) == Load(2, 0, None)
    assert bench.load(NOW + 9) == Load(2, 0, NOW)
