"""The lane `going_live`, on both databases: one post when a room goes on the air, whoever dies on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hustings import copy
from hustings.settings import load
from hustings.social import going_live, posts
from hustings.social.ids import Ids
from hustings.social.lanes import GOING_LIVE, LONGEST_WAIT_MS
from hustings.store.engine import Database
from hustings.store.going_live import going_live as table
from hustings.store.posts import posts as post_table
from hustings.work.alarms import Alarm
from hustings.work.going_live import GoingLive
from hustings.work.ledger import Ledger
from tests.social.conftest import joins as joins
from tests.social.square import Joins
from tests.social.test_going_live import becomes, room
from tests.work.bench import Bench, Dying

ALARM = Alarm("going live", going_live.next_ms, going_live.call)


class Evening(Bench):
    """Ada's."""

    def __init__(
        self,
        database: Database,
        joins: Joins,
        ledger: type[Ledger] = Ledger,
        **environ: str,
    ) -> None:
        settings, words = load(environ=environ), copy.catalogue("en", "square")

        def made(ledger: Ledger, ids: Ids, now_ms: Callable[[], int]) -> GoingLive:
            return GoingLive(settings, ledger, ids, words, "en", now_ms)

        super().__init__(database, joins, ALARM, GOING_LIVE, made, ledger)
        (self.ada,) = self.square.people("ada")

    def said(self) -> list[str]:
        asked = sa.select(post_table.c.text).order_by(post_table.c.id)
        return self.square.read(lambda c: list(c.execute(asked).scalars()))


async def test_a_worker_that_dies_after_the_deed_says_it_once(
    database: Database, joins: Joins
) -> None:
    bench = Evening(database, joins, Dying)
    plan = room(bench.square, "p1", bench.ada)
    await bench.step()
    assert bench.said() == []
    becomes(bench.square, plan, "on_air")
    for _ in range(3):
        await bench.step()
        bench.square.tick(LONGEST_WAIT_MS)
    assert bench.said() == ["On the air now: A talk\nhttp://localhost:8001/p1"]
    bench.close()


async def test_who_wrote_too_much_is_tried_again(
    database: Database, joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Evening(database, joins)
    monkeypatch.setattr(posts, "MANY", 1)
    plan = room(bench.square, "p1", bench.ada)
    bench.square.say(bench.ada, "Soon.")
    becomes(bench.square, plan, "on_air")
    await bench.step()
    assert bench.said() == ["Soon."]
    bench.square.tick(posts.MANY_MS + 1)
    await bench.step()
    assert len(bench.said()) == 2
    bench.close()


async def test_who_is_suspended_says_nothing_and_why_is_kept(
    database: Database, joins: Joins
) -> None:
    bench = Evening(database, joins)
    plan = room(bench.square, "p1", bench.ada)
    becomes(bench.square, plan, "on_air")
    bench.square.suspend(bench.ada)
    await bench.step()
    assert bench.said() == []
    kept = bench.square.read(lambda c: c.execute(sa.select(table.c.fault)).scalar_one())
    assert kept == "account_suspended"
    bench.close()


@pytest.mark.parametrize(
    ("longest", "title", "said"),
    [
        (500, "T" * 200, f"On the air now: {'T' * 200}\n"),
        (100, "T" * 40, f"On the air now: {'T' * 40}\n"),
        (100, "T" * 41, f"On the air now: {'T' * 39}…\n"),
        (50, "T", "On the air now: …\n"),
    ],
)
async def test_a_title_that_leaves_no_room_is_cut(
    database: Database, joins: Joins, longest: int, title: str, said: str
) -> None:
    bench = Evening(database, joins, HUSTINGS_SQUARE__POST_CHARACTERS_MAX=str(longest))
    plan = room(bench.square, "p1", bench.ada, title)
    becomes(bench.square, plan, "on_air")
    await bench.step()
    assert bench.said() == [f"{said}http://localhost:8001/p1"]
    bench.close()
