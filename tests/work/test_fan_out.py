"""The lane `fan_out` on both databases: a post gets into the feeds of many, once, whatever becomes of who carries it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.social import feeds
from hustings.social.lanes import FAN_OUT
from hustings.store.engine import Database
from hustings.store.follows import feed_entries
from hustings.work.fan_out import FanOut
from hustings.work.ledger import Ledger
from hustings.work.runner import Runner
from tests.social.conftest import joins as joins
from tests.social.square import Joins, Square


class Dies(Exception):
    pass


class Failing(Ledger):
    """Its database goes away at the second batch, once."""

    writes = 0

    async def write(self, work):  # type: ignore[no-untyped-def]
        self.writes += 1
        if self.writes == 2:
            raise Dies("gone")
        return await super().write(work)


async def test_a_post_of_somebody_whom_many_follow(
    database: Database, joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "AT_ONCE_MAX", 0)
    monkeypatch.setattr(feeds, "BATCH", 2)
    square = Square(database, joins)
    ada, *readers = square.people("ada", *(f"r{n}" for n in range(5)))
    for reader in readers:
        square.follow(reader, ada)
        square.care(reader)
    post = square.say(ada)
    assert all(square.home(reader) == [] for reader in readers)
    ledger = Failing(database)
    runner = Runner(
        FAN_OUT, FanOut(ledger, feeds.spread), ledger, lambda: square.now_ms, lambda: 0.0
    )
    await runner.step()
    await runner.settle()
    rows = sa.select(feed_entries.c.account).where(feed_entries.c.post == post)
    assert len(square.read(lambda c: c.execute(rows).all())) == 2
    square.tick(60_000)
    await runner.step()
    await runner.settle()
    assert sorted(square.read(lambda c: list(c.execute(rows).scalars()))) == sorted(readers)
    assert all(square.home(reader) == [post] for reader in readers)
    assert ledger.writes == 2 + 3
    await runner.step()
    await runner.settle()
    assert ledger.writes == 5
    ledger.close()
