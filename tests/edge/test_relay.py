"""An edge behind an edge: the same objects one step on, no journal, limits, and the secret between two machines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from hustings.edge import relay as relays
from hustings.edge.follow import Follower
from hustings.edge.objects import Rooms
from hustings.edge.relay import Relay, Relayed, Tap
from hustings.edge.upstream import Upstream
from hustings.wire.feed import BEAT, JOURNAL, LIVE, SNAPSHOT, Decoder, Frame
from tests.edge.feeding import FIRST_MSN as M
from tests.edge.feeding import Program, Studio
from tests.edge.test_follow import has, until
from tests.ports import free_port


@asynccontextmanager
async def running(*works: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


def start(relay: Relay, where: str) -> asyncio.Task[None]:
    return asyncio.create_task(relay.run(where))


@contextmanager
def second(upstream: Upstream) -> Iterator[tuple[Rooms, asyncio.Task[None]]]:
    rooms = Rooms()
    yield rooms, asyncio.create_task(Follower(upstream, rooms).run())


async def test_the_second_edge_has_what_the_first_has(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    program = Program(studio, "talk")
    program.part(M, 0)
    first = start(Relay(Upstream(studio.socket), ""), f"unix:{tmp_path}/feed")
    with second(Upstream(tmp_path / "feed")) as (rooms, task):
        async with running(task, first):
            await until(lambda: has(rooms, f"aac/s{M}.0.m4s"))
            program.part(M, 1)
            studio.say("talk", Frame(9, 1, JOURNAL, {}, b"who did what"))
            await until(lambda: has(rooms, f"aac/s{M}.1.m4s"))
            room = rooms.by_key["talk"]
            playlist = room.objects["aac/live.m3u8"].playlist
            assert playlist is not None and playlist.last == (M, 1)
            studio.rooms()
            studio.end("talk")
            await until(lambda: "talk" not in rooms.by_key)
    await studio.close()


async def test_studio_dies_and_the_second_edge_serves_on(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    Program(studio, "talk").part(M, 0)
    first = start(Relay(Upstream(studio.socket), ""), f"unix:{tmp_path}/feed")
    with second(Upstream(tmp_path / "feed")) as (rooms, task):
        async with running(task, first):
            await until(lambda: has(rooms, f"aac/s{M}.0.m4s"))
            await studio.close()
            again = Studio(studio.socket, term=2)
            again.rooms("talk")
            program = Program(again, "talk")
            program.part(M, 0)
            program.part(M, 1)
            await again.open()
            await until(lambda: has(rooms, f"aac/s{M}.1.m4s"))
            assert rooms.by_key["talk"].term == 2
            await again.close()


@pytest.mark.parametrize(("secret", "let_in"), [("right", True), ("wrong", False), ("", False)])
async def test_the_secret_between_two_machines(tmp_path: Path, secret: str, let_in: bool) -> None:
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    port = free_port()
    first = start(Relay(Upstream(studio.socket), "right"), f"127.0.0.1:{port}")
    upstream = Upstream(None, "127.0.0.1", port, secret)
    async with running(first):
        await until(lambda: "/feed/talk" in studio.asked)
        reader, writer = await upstream.ask("GET", "/feed/_")
        status = await reader.readline()
        writer.close()
        assert (b" 200 " in status) is let_in and (b" 401 " in status) is not let_in
    await studio.close()


async def test_counts_go_on_to_where_the_feed_comes_from(tmp_path: Path) -> None:
    told: list[tuple[bytes, bytes]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"POST"):
            told.append((head.split(b" ")[1], await reader.read(100)))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    server = await asyncio.start_unix_server(take, str(tmp_path / "s"))
    first = start(Relay(Upstream(tmp_path / "s"), ""), f"unix:{tmp_path}/feed")
    async with running(first), server:
        await until((tmp_path / "feed").exists)
        await Upstream(tmp_path / "feed").tell("/edges/one", {"rooms": {}})
        assert told == [(b"/edges/one", b'{"rooms": {}}')]
        for size in (0, relays.REPORT_MAX + 1):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "feed"))
            writer.write(f"POST /edges/one HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode())
            assert await reader.read() == b""
            writer.close()


async def test_followers_at_the_limit_and_one_past_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "FOLLOWERS_MAX", 1)
    studio = Studio(tmp_path / "s")
    await studio.open()
    studio.rooms("talk")
    first = start(Relay(Upstream(studio.socket), ""), f"unix:{tmp_path}/feed")
    async with running(first):
        await until(lambda: "/feed/talk" in studio.asked)
        await until((tmp_path / "feed").exists)
        inside, writer = await Upstream(tmp_path / "feed").ask("GET", "/feed/_")
        assert b" 200 " in await inside.readline()
        past, other = await Upstream(tmp_path / "feed").ask("GET", "/feed/_")
        async with asyncio.timeout(20):
            with suppress(ConnectionResetError):  # cut with its question unread
                assert await past.read() == b""
        for one in (writer, other):
            one.close()
    await studio.close()


class TestTap:
    def test_at_the_limit_and_one_past_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(relays, "QUEUE_BYTES_MAX", 10)
        tap = Tap(b"")
        tap.push(bytes(10))
        assert not tap.cut
        tap.push(b"x")
        assert tap.cut

    async def test_a_beat_when_nothing_comes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(relays, "BEAT_S", 0.001)
        tap = Tap(b"all")
        assert await tap.take(b"beat") == b"all"
        assert await tap.take(b"beat") == b"beat"


def test_what_has_grown_old_is_in_no_snapshot() -> None:
    room = Relayed("r")
    rows = json.dumps({}).encode()
    for frame in (Frame(1, 1, SNAPSHOT), Frame(2, 1, "live/r/aac/s1.m4s", {}, b"old"), Frame(3, 1, LIVE),
                  Frame(4, 1, BEAT), Frame(5, 1, "live/r/pulse.json", {}, rows),
                  Frame(6, 1, "live/r/aac/live.m3u8", {"Hustings-Last": "99.0"}, b"#EXTM3U")):  # fmt: skip
        room.apply(frame)
    paths = [frame.path for frame in Decoder().push(room.snapshot())]
    assert paths == [SNAPSHOT, "live/r/pulse.json", "live/r/aac/live.m3u8", LIVE]
