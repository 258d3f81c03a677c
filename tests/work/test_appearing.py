"""The lane `scheduled`, on both databases: one post at its hour, whoever dies on the way; what cannot be says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hustings.settings import load
from hustings.social import posts, scheduled
from hustings.social.lanes import LONGEST_WAIT_MS, SCHEDULED
from hustings.social.paging import Page
from hustings.store.engine import Database
from hustings.store.posts import posts as post_table
from hustings.work.alarms import Alarm
from hustings.work.appearing import Appearing
from hustings.work.ledger import Ledger
from tests.social.conftest import joins as joins
from tests.social.square import Joins
from tests.social.test_scheduled import HOUR_MS, later
from tests.work.bench import Bench, Dying

ALARM = Alarm("scheduled", scheduled.next_due_ms, scheduled.call)


def opened(database: Database, joins: Joins, ledger: type[Ledger] = Ledger) -> Bench:
    settings = load(environ={})
    return Bench(
        database, joins, ALARM, SCHEDULED, lambda *parts: Appearing(settings, *parts), ledger
    )


@pytest.fixture
def bench(database: Database, joins: Joins) -> Iterator[Bench]:
    made = opened(database, joins)
    yield made
    made.close()


async def test_a_worker_that_dies_after_the_deed_makes_no_second_post(
    database: Database, joins: Joins
) -> None:
    bench = opened(database, joins, Dying)
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
