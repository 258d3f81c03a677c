"""The lane `links` on both databases, with a real server of somebody's: whose page names a profile, and whose does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from hustings.social import fields, preferences
from hustings.social.fields import SLOT_MS
from hustings.social.lanes import LINKS
from hustings.store.engine import Database
from hustings.store.jobs import jobs as waiting
from hustings.work.ledger import Ledger
from hustings.work.links import Links
from hustings.work.runner import Runner
from tests.social.conftest import joins as joins
from tests.social.square import WEB, Joins, Square
from tests.work.page_server import HANGS, PageServer, page, turn


@dataclass
class Street:
    """A square with somebody in it, and a server that holds her pages."""

    square: Square
    server: PageServer
    runner: Runner
    ada: int

    async def says(self, *paths: str) -> None:
        rows = [{"name": "Web", "value": self.server.url(path)} for path in paths]
        before = self.square.read(preferences.of, self.ada)
        after = preferences.changed(before, {"fields": rows})
        self.square.write(preferences.keep, self.ada, after)
        now_ms = self.square.tick()
        self.square.write(fields.ask, self.square.id(), self.ada, after.fields, now_ms)
        await self.passes(SLOT_MS)

    async def passes(self, ms: int) -> None:
        self.square.tick(ms)
        await self.runner.step()
        await self.runner.settle()

    def proven(self) -> list[bool]:
        return [
            one.verified_at_ms is not None
            for one in self.square.read(preferences.of, self.ada).fields
        ]

    def left(self) -> int:
        return self.square.count(waiting)


@pytest.fixture
async def street(
    database: Database, joins: Joins, page_server: PageServer
) -> AsyncIterator[Street]:
    square = Square(database, joins)
    ledger = Ledger(database)
    links = Links(ledger, page_server.fetching(1.0), WEB, lambda: square.now_ms)
    runner = Runner(LINKS, links, ledger, lambda: square.now_ms, lambda: 0.0)
    (ada,) = square.people("ada")
    yield Street(square, page_server, runner, ada)
    ledger.close()


def naming(where: str) -> bytes:
    return page(f'<p>Me, elsewhere: <a rel="me" href="{where}">here</a>')


async def test_pages_that_name_the_profile_and_pages_that_do_not(street: Street) -> None:
    street.server.say |= {
        "/page": naming(f"{WEB}/@ada"),
        "/id": naming(f"{WEB}/people/{street.ada}"),
        "/other": naming(f"{WEB}/@eve"),
    }
    await street.says("/page", "/other", "/id")
    assert street.proven() == [True, False, True]


async def test_a_page_that_names_it_later_and_then_no_more(street: Street) -> None:
    street.server.say["/"] = page("Nothing yet")
    await street.says("/")
    assert street.proven() == [False]
    street.server.say["/"] = naming(f"{WEB}/@ada")
    await street.says("/")
    assert street.proven() == [True]
    street.server.say["/"] = page("Somebody else lives here now")
    await street.says("/")
    assert street.proven() == [False]


async def test_one_that_is_away_is_asked_again_and_what_was_proven_stays(street: Street) -> None:
    street.server.say["/"] = naming(f"{WEB}/@ada")
    street.server.say["/slow"] = HANGS
    await street.says("/", "/slow")
    assert street.proven() == [True, False]
    street.server.say |= {"/": page("x", status="503 Busy"), "/slow": naming(f"{WEB}/@ada")}
    await street.passes(60_000)
    assert street.proven() == [True, True]
    heard = len(street.server.heard)
    for _ in range(4):
        await street.passes(7_200_000)
    assert len(street.server.heard) == heard + 2, "three times, and no more"


async def test_one_that_leads_elsewhere_proves_nothing(street: Street) -> None:
    street.server.say["/"] = turn(f"{WEB}/@ada")
    street.server.say["/within"] = turn("/there")
    street.server.say["/there"] = naming(f"{WEB}/@ada")
    await street.says("/", "/within")
    assert street.proven() == [False, True]


async def test_nobody_is_asked_for_who_is_not_here(street: Street) -> None:
    street.square.suspend(street.ada)
    await street.says("/")
    assert street.server.heard == []
