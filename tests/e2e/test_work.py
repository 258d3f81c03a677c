"""A whole server and a mail server: from the sign-up to the letter, while work dies and stands still. No browser is needed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.harness.waiting import until
from tests.e2e.house import House, started, state_of
from tests.work.mail_server import MailServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """On a loop of its own."""
    server, loop, over = MailServer(), asyncio.new_event_loop(), asyncio.Event()
    up = threading.Event()

    async def serve() -> None:
        async with server.running():
            up.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    up.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def signs_up(house: House, handle: str) -> None:
    """At the form, as a browser does."""
    wanted = {"handle": handle, "password": "a bridge in Kyoto", "email": f"{handle}@example.org"}
    answer = httpx.post(f"{house.web}/sign-up", data=wanted, headers={"Origin": house.web})
    assert answer.status_code == 303, answer.text


def is_seen(house: House, handle: str) -> bool:
    return httpx.get(f"{house.web}/@{handle}").status_code == 200


def letter_to(server: MailServer, handle: str) -> str:
    """The link in it; waits for it."""

    def found() -> list[str]:
        return [
            one.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            for one in server.taken
            if one.recipients == [f"{handle}@example.org"]
        ]

    until(lambda: bool(found()), 30, f"a letter to {handle}")
    link = re.search(r"http://\S+/confirm/\S+", found()[0])
    assert link
    return link[0]


def stands_still(house: House) -> int:
    """Stops work where it holds nothing: SQLite has one writer, and who stands still in its middle keeps all others waiting."""
    pid = house.pid("work")

    def stopped() -> bool:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: state_of(pid) == "T", 5, "work to stand still", 0.005)
        free = may_write(house.folder / "web/hustings.sqlite3")
        if not free:
            os.kill(pid, signal.SIGCONT)
        return free

    until(stopped, 20, "work at rest", 0.05)
    return pid


def may_write(database: Path) -> bool:
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


def test_letters_arrive_while_work_dies_and_stands_still(tmp_path: Path) -> None:
    with mail_server() as server:
        mail = {
            "MAIL__HOST": "127.0.0.1",
            "MAIL__PORT": str(server.port),
            "MAIL__TLS": "none",
            "MAIL__FROM_ADDRESS": "noreply@h.example",
        }
        with started(tmp_path / "data", **mail) as house:
            room = house.plan("hour")
            house.on_air(room)
            signs_up(house, "ada")
            link = letter_to(server, "ada")
            assert not is_seen(house, "ada")
            assert httpx.post(link).status_code == 303 and is_seen(house, "ada")

            house.came_back("work", house.kill("work"))
            signs_up(house, "bob")
            assert "/confirm/" in letter_to(server, "bob")

            still = stands_still(house)
            signs_up(house, "cy")
            assert house.state(room) == "on_air" and house.playlist(room)
            os.kill(still, signal.SIGCONT)
            assert "/confirm/" in letter_to(server, "cy")
            assert "work died" in house.log
            assert house.stop() == 0
