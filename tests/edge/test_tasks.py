"""What cannot be answered at once goes to the loop: so many tasks and no more, and a page that is kept is served all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hustings.edge import app
from hustings.edge.app import Edge
from hustings.edge.files import Files
from hustings.edge.objects import Rooms
from tests.edge.test_objects import Caller


async def until(callers: list[Caller]) -> None:
    async with asyncio.timeout(20):
        while not all(caller.got for caller in callers):
            await asyncio.sleep(0.005)


@pytest.fixture
async def edge(tmp_path: Path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "talk.html").write_bytes(b"<!doctype html>")
    made = Edge(Rooms(), (), Files(tmp_path, 10_000), "http://localhost:8000", "", b"nothing")
    made.begin(asyncio.get_running_loop())
    yield made
    made.end()


async def tasks(edge: Edge, many: int) -> None:
    async with asyncio.timeout(20):
        while len(edge._tasks) != many:
            await asyncio.sleep(0)


def ask(edge: Edge, path: str) -> Caller:
    caller = Caller(path)
    edge._take(caller, caller)
    return caller


async def test_at_the_limit_and_one_past_it(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ask(edge, "/talk")
    await until([kept])
    assert kept.status == 200
    await tasks(edge, 1)  # the sweep's own
    monkeypatch.setattr(app, "TASKS_MAX", 2)
    waiting = ask(edge, "/live/nobody/index.m3u8")  # waits for the directory
    await tasks(edge, 2)
    past = ask(edge, "/elsewhere")
    assert not waiting.got and (past.status, past.got[0][1]["retry-after"]) == (503, "1")
    edge._files._looked.clear()
    assert ask(edge, "/talk").status == 200, "a page in memory needs no task"
    edge.rooms.directory.live = True
    edge.rooms.directory.ready.set()
    await until([waiting])
    assert waiting.status == 404


async def test_of_many_who_ask_when_a_look_has_grown_old_one_looks(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until([ask(edge, "/talk")])
    edge._files._looked["pages/talk.html"] = 0.0
    first, *others = [ask(edge, "/talk") for _ in range(10)]
    assert not first.got and all(other.status == 200 for other in others)
    await until([first])
    assert first.status == 200
