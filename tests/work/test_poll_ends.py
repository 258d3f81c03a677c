"""Alarms, and the lane `polls`, on both databases: the hour comes once, whoever dies on the way."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from hustings.social import notify, voting
from hustings.social.ids import Ids
from hustings.social.lanes import POLLS
from hustings.store.engine import Database
from hustings.work.alarms import Alarm, Alarms
from hustings.work.ledger import Ledger
from hustings.work.poll_ends import PollEnds
from hustings.work.runner import Runner
from tests.social.conftest import joins as joins
from tests.social.square import Joins, Square
from tests.social.test_notifications import heard
from tests.social.test_polls import HOUR_MS, asks, vote
from tests.work.test_fan_out import Failing


async def test_the_end_of_a_poll_is_told_though_a_worker_dies(
    database: Database, joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voting, "BATCH", 1)
    square = Square(database, joins)
    ada, *voters = square.people("ada", "bob", "eve", "kim")
    post = asks(square, ada)
    for one in voters:
        vote(square, one, post, 1)
    plain, ledger = Ledger(database), Failing(database)
    alarm = Alarm("polls", voting.next_end_ms, voting.call)
    alarms = Alarms([alarm], plain, Ids(), lambda: square.now_ms)
    runner = Runner(POLLS, PollEnds(ledger), ledger, lambda: square.now_ms, lambda: 0.0)
    await alarms.step()
    await runner.step()
    assert ledger.writes == 0 and heard(square, ada) == []
    square.tick(HOUR_MS)
    await alarms.step()
    await alarms.step()
    await runner.step()
    await runner.settle()
    assert heard(square, voters[-1]) == [] and len(heard(square, ada)) == 1
    square.tick(60_000)
    await runner.step()
    await runner.settle()
    for one in (ada, *voters):
        assert heard(square, one) == [(notify.POLL, ada, post)]
    plain.close()
    ledger.close()


async def test_alarms_outlive_a_database_that_is_away() -> None:
    looked = asyncio.Event()

    class Away(Ledger):
        def __init__(self) -> None:
            pass

        async def read(self, work):  # type: ignore[no-untyped-def]
            looked.set()
            raise OperationalError("", {}, Exception("away"))

    stop = asyncio.Event()
    alarm = Alarm("polls", voting.next_end_ms, voting.call)
    running = asyncio.create_task(Alarms([alarm], Away(), Ids(), lambda: 0).run(stop))
    await looked.wait()
    stop.set()
    await running
