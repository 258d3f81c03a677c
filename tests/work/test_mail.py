"""From a sign-up to the letter, on both databases: what is sent, to whom, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hustings import settings as tree
from hustings.copy import catalogue
from hustings.social import accounts, jobs, letters
from hustings.social.accounts import Newcomer
from hustings.social.ids import Ids
from hustings.social.jobs import Load
from hustings.social.lanes import MAIL
from hustings.social.seal import Seal
from hustings.store.engine import Database
from hustings.work.ledger import Ledger
from hustings.work.mail import Letters
from hustings.work.post import Post
from hustings.work.runner import Runner
from tests.work.conftest import FROM
from tests.work.mail_server import MailServer

NOW = 1_800_000_000_000
DAY_MS = 86_400_000


class Bench:
    """A database with ada in it, a mail server, and the lane between them."""

    def __init__(self, database: Database, server: MailServer) -> None:
        self.database, self.server = database, server
        self.now = NOW
        self.ids = Ids()
        self.seal = Seal("secret")
        named = {"HOST": "127.0.0.1", "PORT": str(server.port), "TLS": "none", "FROM_ADDRESS": FROM}
        settings = tree.load(environ={f"HUSTINGS_MAIL__{n}": text for n, text in named.items()})
        self.post = Post(settings.mail, "localhost", MAIL.at_once)
        self.ledger = Ledger(database)
        words = catalogue("en", "mail")
        perform = Letters(settings, self.ledger, self.post, self.seal, words, "en", self.clock)
        self.runner = Runner(MAIL, perform, self.ledger, self.clock, lambda: 1.0)

    def clock(self) -> int:
        return self.now

    def joins(self, handle: str = "ada", **more: Any) -> int:
        id = self.ids.at(self.now)
        wanted = {"email": f"{handle}@example.org", "confirmed": False, "approved": True, **more}
        new = Newcomer(id, handle, f"https://h/{id}", "kept", reason="", invite="", **wanted)

        def join(connection: Any) -> None:
            accounts.add(connection, new, self.now)
            letters.ask_to_confirm(connection, self.ids.at(self.now), id, self.now)

        self.database.write(join)
        return id

    def forgets(self, typed: str) -> None:
        id = self.ids.at(self.now)
        self.database.write(lambda c: letters.ask_to_reset(c, id, typed, self.now))

    async def works(self) -> list[str]:
        """Whom letters went to."""
        before = len(self.server.taken)
        while await self.runner.step() == 0.0 or self.runner._going:
            await self.runner.settle()
        return [one.recipients[0] for one in self.server.taken[before:]]

    def load(self) -> Load:
        return self.database.read(lambda c: jobs.load(c, MAIL, self.now))


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    async with MailServer().running() as server:
        made = Bench(database, server)
        yield made
        made.post.close()
        made.ledger.close()


async def test_who_signs_up_is_asked_to_confirm_and_once(bench: Bench) -> None:
    bench.joins()
    assert await bench.works() == ["ada@example.org"] and await bench.works() == []
    assert bench.load() == Load(0, 0, None)
    (taken,) = bench.server.taken
    assert taken.sender == FROM
    assert "http://localhost:8000/confirm/" in taken.message.get_body(("plain",)).get_content()


async def test_a_letter_whose_end_was_not_written_down_comes_again_as_the_same(
    bench: Bench,
) -> None:
    """`kill -9` between the server's yes and ours: at least once, and under one Message-ID."""
    bench.joins()
    (job,) = bench.database.claim(lambda c: jobs.take(c, MAIL, "dead", 1, NOW))
    await bench.runner._perform(job)
    bench.now += int(MAIL.lease_s * 1000)
    await bench.works()
    first, second = (one.message for one in bench.server.taken)
    assert first["Message-ID"] == second["Message-ID"] and first["Date"] == second["Date"]
    bodies = [one.get_body(("plain",)).get_content() for one in (first, second)]
    assert bodies[0] == bodies[1]
    assert bench.load() == Load(0, 0, None)


async def test_no_letter_goes_to_whom_it_no_longer_concerns(bench: Bench) -> None:
    confirmed, gone, late = bench.joins("ada"), bench.joins("bob"), bench.joins("cy")
    bench.database.write(lambda c: accounts.confirm(c, confirmed, NOW))
    bench.database.write(lambda c: accounts._forget(c, gone))
    assert late and await bench.works() == ["cy@example.org"]
    bench.joins("dan")
    bench.now += letters.GOOD_MS["confirm"]
    assert await bench.works() == [] and bench.load() == Load(0, 0, None)


@pytest.mark.parametrize("typed", ["ada", "@ADA", "Ada@example.org", " ada "])
async def test_who_forgot_a_password_gets_a_letter(bench: Bench, typed: str) -> None:
    bench.joins(confirmed=True)
    await bench.works()
    bench.forgets(typed)
    assert await bench.works() == ["ada@example.org"]
    body = bench.server.taken[-1].message.get_body(("plain",)).get_content()
    assert "http://localhost:8000/reset/" in body


@pytest.mark.parametrize("typed", ["nobody", "nobody@example.org", "", "   ", "a\x00b", "\ud800"])
async def test_nobody_else_does(bench: Bench, typed: str) -> None:
    bench.joins("ada", confirmed=True)
    bench.joins("eve", confirmed=True, email=None)
    await bench.works()
    bench.forgets(typed)
    bench.forgets("eve")
    assert await bench.works() == [] and bench.load() == Load(0, 0, None)


async def test_one_letter_in_ten_minutes_however_often_it_is_asked_for(bench: Bench) -> None:
    bench.joins(confirmed=True)
    await bench.works()
    for _ in range(5):
        bench.forgets("ada")
    assert len(await bench.works()) == 1
    bench.forgets("ada")
    assert await bench.works() == []
    bench.now += letters.AGAIN_MS
    bench.forgets("ada")
    assert len(await bench.works()) == 1


async def test_an_address_that_is_refused_is_a_dead_letter_and_a_busy_server_is_not(
    bench: Bench,
) -> None:
    bench.server.say["RCPT"] = "550 5.1.1 nobody"
    bench.joins("ada")
    await bench.works()
    assert bench.load() == Load(0, 1, None)
    bench.server.say["RCPT"] = "450 later"
    bench.joins("bob")
    assert await bench.works() == [] and bench.load().waiting == 1
    del bench.server.say["RCPT"]
    bench.now += 15_000
    assert await bench.works() == ["bob@example.org"]
