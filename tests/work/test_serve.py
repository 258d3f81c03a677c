"""The process as it runs: killed in the middle of a letter, stopped, started before its database; on both databases."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from hustings import settings as tree
from hustings.social import accounts, drafts, jobs, letters, scheduled
from hustings.social.accounts import Newcomer
from hustings.social.jobs import Load
from hustings.social.lanes import MAIL, SCHEDULED
from hustings.social.paging import Page
from hustings.store.engine import Database, sqlite_url
from hustings.store.jobs import jobs as table
from hustings.store.posts import posts
from tests.conftest import KINDS
from tests.work.conftest import FROM
from tests.work.mail_server import MailServer

NOW = 1_700_000_000_000
ADA = 5 << 16


@pytest.fixture
def home_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hk"))  # short: a Unix socket's path holds 107 bytes
    (folder / "web").mkdir()
    yield folder
    shutil.rmtree(folder)


class Bench:
    """A data folder, a mail server, and processes `hustings work` on both."""

    def __init__(self, home_dir: Path, server: MailServer, url: str) -> None:
        self.home_dir, self.server = home_dir, server
        self.env = {name: v for name, v in os.environ.items() if not name.startswith("HUSTINGS_")}
        self.env |= {
            "HUSTINGS_DATA": str(home_dir),
            "HUSTINGS_MAIL__HOST": "127.0.0.1",
            "HUSTINGS_MAIL__PORT": str(server.port),
            "HUSTINGS_MAIL__TLS": "none",
            "HUSTINGS_MAIL__FROM_ADDRESS": FROM,
            **({"HUSTINGS_DATABASE__URL": url} if url.startswith("postgresql") else {}),
        }
        self.socket = tree.load(environ={"HUSTINGS_DATA": str(home_dir)}).work_socket
        self.database = Database(url)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[asyncio.subprocess.Process]:
        command = [sys.executable, "-m", "hustings", "work"]
        process = await asyncio.create_subprocess_exec(*command, env=self.env)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def ada_signs_up(self) -> None:
        new = Newcomer(ADA, "ada", "https://h/5", "kept", "ada@example.org", "", "", True, False)

        def join(connection: Any) -> None:
            accounts.add(connection, new, NOW)
            jobs.add(connection, MAIL, 1, {"letter": "confirm", "account": ADA}, self.now)

        self.database.write(join)

    @property
    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def load(self) -> Load:
        return self.database.read(lambda c: jobs.load(c, MAIL, self.now))

    def lease_is_over(self) -> None:
        self.database.write(lambda c: c.execute(table.update().values(due_at_ms=self.now)))

    async def health(self) -> tuple[int, dict[str, Any]]:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            connector = aiohttp.UnixConnector(str(self.socket))
            async with (
                aiohttp.ClientSession(connector=connector) as session,
                session.get("http://localhost/healthz") as answer,
            ):
                return answer.status, json.loads(await answer.text())
        return 0, {}


async def until(true: Callable[[], bool]) -> None:
    """Waits for another process; the test's own time limit ends a wait in vain."""
    while not true():
        await asyncio.sleep(0.02)


@pytest.fixture(params=KINDS)
async def bench(
    request: pytest.FixtureRequest, home_dir: Path, migrated_url: Callable[[str], str]
) -> AsyncIterator[Bench]:
    url = migrated_url(request.param)
    if request.param == "sqlite":
        place = home_dir / "web" / "hustings.sqlite3"
        shutil.move(url.removeprefix("sqlite:///"), place)
        url = sqlite_url(place)
    async with MailServer().running() as server:
        made = Bench(home_dir, server, url)
        yield made
        made.database.close()


async def test_a_letter_that_a_killed_worker_held_comes_back_after_the_lease(bench: Bench) -> None:
    bench.server.hold.add("END")
    bench.ada_signs_up()
    async with bench.working() as process:
        await bench.server.held.wait()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    (held,) = bench.database.read(lambda c: list(c.execute(table.select())))
    assert held.holder and held.takes == 1 and held.ended_at_ms is None
    assert bench.now < held.due_at_ms <= bench.now + MAIL.lease_s * 1000
    bench.server.hold.clear()
    bench.lease_is_over()
    async with bench.working() as process:
        await until(lambda: bench.load() == Load(0, 0, None))
        process.terminate()
        assert await process.wait() == 0
    # the first had arrived, and its sender died before he could know: at least once, and one letter by its name
    names = {taken.message["Message-ID"] for taken in bench.server.taken}
    assert len(bench.server.taken) == 2 and len(names) == 1
    body = bench.server.taken[-1].message.get_body(("plain",))
    assert body is not None and f"/confirm/{ADA}/" in body.get_content()
    assert letters.GOOD_MS["confirm"] > MAIL.lease_s * 1000


async def test_it_says_how_it_is_and_its_lanes(bench: Bench) -> None:
    bench.server.say["RCPT"] = "550 5.1.1 nobody of that name"
    bench.ada_signs_up()
    async with bench.working() as process:
        await until(lambda: bench.load().dead == 1)
        status, told = await bench.health()
        assert (status, told["ok"]) == (200, True)
        assert told["lanes"]["mail"] == {"waiting": 0, "dead": 1, "late_s": 0}
        process.send_signal(
            signal.SIGSTOP
        )  # half an hour or a moment: whatever comes meanwhile waits
        bench.server.say.clear()
        bench.database.write(lambda c: accounts.confirm(c, 0, NOW))  # the database is nobody's
        process.send_signal(signal.SIGCONT)
        process.terminate()
        assert await process.wait() == 0


async def test_it_waits_for_its_database_and_finds_it_again(
    home_dir: Path, migrated_sqlite: Path
) -> None:
    place, away = home_dir / "web", home_dir / "away"
    away.mkdir()
    shutil.copy(migrated_sqlite, away / "hustings.sqlite3")
    async with MailServer().running() as server:
        bench = Bench(home_dir, server, sqlite_url(home_dir / "none.sqlite3"))

        async def says(wanted: int) -> None:
            while (await bench.health())[0] != wanted:
                await asyncio.sleep(0.02)

        async with bench.working() as process:
            await says(
                503
            )  # the folder is there, and what lies in it by now is no database of ours
            shutil.rmtree(place)
            away.rename(place)
            await says(200)
            process.terminate()
            assert await process.wait() == 0
        bench.database.close()


async def test_a_post_whose_worker_is_killed_at_its_hour_appears_once(bench: Bench) -> None:
    bench.ada_signs_up()
    bench.database.write(lambda c: accounts.confirm(c, ADA, NOW))
    wanted = drafts.read({"status": "Later."}, "h")
    past = bench.now - scheduled.AHEAD_MS
    for n in range(30):
        id, due_ms = (past + n << 16), past + scheduled.AHEAD_MS + n % 2 * scheduled.DAY_MS
        bench.database.write(lambda c: scheduled.add(c, id, ADA, wanted, due_ms, past))  # noqa: B023

    def appeared() -> int:
        return bench.database.read(lambda c: int(c.execute(many).scalar_one()))

    many = sa.select(sa.func.count()).select_from(posts)
    async with bench.working() as process:
        await until(lambda: appeared() >= 3)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    bench.lease_is_over()
    async with bench.working() as process:
        await until(lambda: appeared() == 15)
        await until(
            lambda: not bench.database.read(lambda c: jobs.load(c, SCHEDULED, bench.now)).waiting
        )
        process.terminate()
        assert await process.wait() == 0
    assert appeared() == 15
    left = bench.database.read(lambda c: scheduled.page(c, ADA, Page(limit=40)))
    assert len(left) == 15 and not any(one.fault for one in left)
