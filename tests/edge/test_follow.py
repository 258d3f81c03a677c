"""The follower on a real Unix socket, with a studio that dies and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from hustings.edge.follow import Follower
from hustings.edge.objects import Rooms
from hustings.edge.upstream import Upstream
from tests.edge.feeding import FIRST_MSN, Program, Studio


@asynccontextmanager
async def following(studio: Studio) -> AsyncIterator[Rooms]:
    rooms = Rooms()
    task = asyncio.create_task(Follower(Upstream(studio.socket), rooms).run())
    try:
        yield rooms
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    """Waits for what the other end of a real socket does; the limit only ends a test that fails."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def has(rooms: Rooms, name: str) -> bool:
    room = rooms.by_key.get("talk")
    return room is not None and name in room.objects


async def test_the_directory_and_then_its_rooms(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    studio.put("talk", "pulse.json", b"{}")
    async with following(studio) as rooms:
        await until(lambda: has(rooms, "pulse.json"))
        studio.put("talk", "more.json", b"{}")
        await until(lambda: has(rooms, "more.json"))
        studio.rooms("talk", "next")
        await until(lambda: "next" in rooms.by_key)
    await studio.close()


async def test_studio_dies_and_what_there_is_stays(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    Program(studio, "talk").part(FIRST_MSN, 0)
    name = f"aac/s{FIRST_MSN}.0.m4s"
    async with following(studio) as rooms:
        await until(lambda: has(rooms, name))
        await studio.close()
        again = Studio(studio.socket, term=2)
        again.rooms("talk")
        program = Program(again, "talk")
        program.part(FIRST_MSN, 0)
        program.part(FIRST_MSN, 1)
        assert has(rooms, name)
        await again.open()
        await until(lambda: has(rooms, f"aac/s{FIRST_MSN}.1.m4s"))
        assert has(rooms, name) and rooms.by_key["talk"].term == 2
        await again.close()


async def test_a_room_that_ends_is_followed_no_more(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    async with following(studio) as rooms:
        await until(lambda: "talk" in rooms.by_key and rooms.by_key["talk"].ready.is_set())
        studio.rooms()
        studio.end("talk")
        await until(lambda: "talk" not in rooms.by_key)
        assert studio.asked.count("/feed/talk") == 1
    await studio.close()


async def test_rubbish_in_a_feed_is_a_new_try(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    studio.put("talk", "pulse.json", b"{}")
    async with following(studio) as rooms:
        await until(lambda: has(rooms, "pulse.json"))
        for writer in studio._followers["talk"]:
            writer.write(b"4\r\n\xff\xff\xff\xff\r\n")
        await until(lambda: studio.asked.count("/feed/talk") == 2)
        assert has(rooms, "pulse.json")
    await studio.close()
