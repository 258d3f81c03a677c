"""The page's own way for a voice, at a real door: who may come in, what is told, what is kept, who is cut."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from hustings.door import inward, sockets
from hustings.wire.relay import END, Hello, frame, read_hello
from tests.door.conftest import Outside, ticket

SESSION = "s" * 22
FIRST = {"ticket": ticket(), "device": "d" * 22}


class Inner:
    """Studio's end of the relay. `made` are the connections that door made; each has said hello."""

    def __init__(self, door: Outside) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(door.socket.with_name("voices.sock")))
        self.listener.listen(8)
        self.listener.setblocking(False)
        self.made: list[socket.socket] = []

    async def accept(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        made, _ = await loop.sock_accept(self.listener)
        made.setblocking(False)
        self.made.append(made)
        assert read_hello(await self.read(made)) == Hello("socket", SESSION)
        return made

    async def read(self, made: socket.socket) -> bytes:
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(made, 4_096)

    def close(self) -> None:
        for one in (self.listener, *self.made):
            one.close()


@pytest.fixture
async def inner(door: Outside) -> AsyncIterator[Inner]:
    door.studio.status = 201
    door.studio.answer = json.dumps({"session": SESSION}).encode()
    made = Inner(door)
    yield made
    made.close()


async def entered(door: Outside, first: object = FIRST) -> aiohttp.ClientWebSocketResponse:
    ws = await door.http.ws_connect("/session/demo/socket")
    await ws.send_json(first)
    return ws


async def refused(door: Outside, first: object) -> str:
    ws = await entered(door, first)
    code = str((await ws.receive_json(timeout=5))["code"])
    assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert ws.close_code == sockets.POLICY
    return code


async def test_packets_both_ways(door: Outside, inner: Inner) -> None:
    ws = await entered(door)
    assert await ws.receive_json(timeout=5) == {"session": SESSION}
    [asked] = door.studio.asked
    assert (asked["method"], asked["path"]) == ("POST", "/rooms/demo/socket")
    assert (asked["claims"]["n"], asked["device"]) == ("Änn", "d" * 22)
    studio = await inner.accept()
    await ws.send_bytes(b"in")
    assert await inner.read(studio) == frame(b"in")
    studio.send(frame(b"out"))
    assert await ws.receive_bytes(timeout=5) == b"out"
    await ws.close()
    assert await inner.read(studio) == b"", "the page is gone"


async def test_nothing_is_deflated(door: Outside, inner: Inner) -> None:
    ws = await door.http.ws_connect("/session/demo/socket", compress=15)
    assert ws.compress == 0
    await ws.close()


async def test_studio_ends_it(door: Outside, inner: Inner) -> None:
    ws = await entered(door)
    await ws.receive_json(timeout=5)
    studio = await inner.accept()
    studio.send(END)
    assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert ws.close_code == sockets.AGAIN


async def test_studio_dies_and_the_page_is_brought_to_the_next(door: Outside, inner: Inner) -> None:
    ws = await entered(door)
    await ws.receive_json(timeout=5)
    for n in range(3):
        studio = await inner.accept()
        await ws.send_bytes(b"in")
        assert await inner.read(studio) == frame(b"in")
        studio.send(frame(b"out %d" % n))
        assert await ws.receive_bytes(timeout=5) == b"out %d" % n
        studio.close()
    await ws.close()


async def test_studio_stays_away(
    door: Outside, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inward, "CUT_OFF_S", 0.1)
    ws = await entered(door)
    await ws.receive_json(timeout=5)
    studio = await inner.accept()
    inner.listener.close()
    studio.close()
    assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert ws.close_code == sockets.AGAIN


async def test_the_page_goes_while_studio_is_away(door: Outside) -> None:
    """Nobody looks for the next studio any more."""
    line = inward.Inward(door.socket.with_name("none.sock"), Hello("socket", SESSION), print, print)
    line.come_back(print)
    seeking = line._seeking
    assert seeking is not None
    line.close()
    assert seeking.cancelled()


async def test_tickets_are_checked_before_studio_hears_of_it(door: Outside, inner: Inner) -> None:
    device = "d" * 22
    assert await refused(door, {"ticket": "v1.x", "device": device}) == "ticket_malformed"
    assert await refused(door, {"ticket": ticket("other"), "device": device}) == "ticket_wrong_room"
    for odd in ([], 7, {}, {"ticket": 7, "device": device}, {"ticket": ticket()}):
        assert await refused(door, odd) == "bad_request"
    assert door.studio.asked == []


async def test_the_rooms_own_no(door: Outside, inner: Inner) -> None:
    door.studio.status, door.studio.answer = 409, b'{"code": "stage_full"}'
    assert await refused(door, FIRST) == "stage_full"


async def test_studio_is_away(door: Outside) -> None:
    """Once it does not answer, once it is gone after it did."""
    door.studio.status, door.studio.answer = 201, json.dumps({"session": SESSION}).encode()
    ws = await entered(door)
    assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert ws.close_code == sockets.AGAIN
    await door.stop_studio()
    assert await refused(door, FIRST) == "studio_away"


async def test_a_silent_page(door: Outside, inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "FIRST_S", 0.05)
    ws = await door.http.ws_connect("/session/demo/socket")
    assert (await ws.receive_json(timeout=5))["code"] == "too_slow"
    await ws.close()


async def test_a_page_that_does_not_answer_a_ping(
    door: Outside, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PING_S", 0.1)
    ws = await door.http.ws_connect("/session/demo/socket", autoping=False)
    await ws.send_json(FIRST)
    studio = await inner.accept()
    assert await inner.read(studio) == b""
    await ws.close()


@pytest.mark.parametrize("text", [True, False])
async def test_anything_but_packets_ends_it(door: Outside, inner: Inner, text: bool) -> None:
    ws = await entered(door)
    await ws.receive_json(timeout=5)
    studio = await inner.accept()
    await (ws.send_str("hello") if text else ws.send_bytes(bytes(sockets.MESSAGE_MAX + 1)))
    assert await inner.read(studio) == b""
    assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def test_the_longest_message(door: Outside, inner: Inner) -> None:
    ws = await entered(door)
    studio = await inner.accept()
    await ws.send_bytes(bytes(sockets.MESSAGE_MAX - 1))
    assert len(await inner.read(studio)) == sockets.MESSAGE_MAX
    await ws.close()


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8001", 101),
        ("SELF", 101),
        ("https://elsewhere.example", 403),
        ("null", 403),
    ],
)
async def test_origins(door: Outside, inner: Inner, origin: str, status: int) -> None:
    base = str(door.http._base_url).rstrip("/")
    try:
        ws = await door.http.ws_connect(
            "/session/demo/socket", origin=base if origin == "SELF" else origin
        )
        await ws.close()
        assert status == 101
    except aiohttp.WSServerHandshakeError as error:
        assert error.status == status


async def test_sockets_from_one_place_at_the_limit_and_one_past_it(
    door: Outside, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SOCKETS_PER_PLACE_MAX", 2)
    held = [await door.http.ws_connect("/session/demo/socket") for _ in range(2)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await door.http.ws_connect("/session/demo/socket")
    assert caught.value.status == 429
    other = {"X-Real-IP": "203.0.113.9"}
    await (await door.http.ws_connect("/session/demo/socket", headers=other)).close()
    for one in held:
        await one.close()
    await (await door.http.ws_connect("/session/demo/socket")).close()


class Road:
    """A transport that has taken so many bytes and no more."""

    def __init__(self) -> None:
        self.unsent = 0
        self.is_cut = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.is_cut = True
        self.unsent = 0


class Paper:
    """A WebSocket that notes what it is given."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def send_bytes(self, message: bytes) -> None:
        self.sent.append(message)

    async def close(self, code: int) -> None:
        self.sent.append(b"closed")


async def test_a_slow_reader_loses_the_oldest_and_then_its_place(
    door: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "TICK_S", 0.001)
    monkeypatch.setattr(sockets, "SLOW_S", 0.05)
    road, paper = Road(), Paper()
    line = sockets.Line(paper, road, door.socket, SESSION)  # type: ignore[arg-type]
    road.unsent = sockets.UNSENT_MAX + 1
    for n in range(sockets.QUEUE_MAX + 5):
        line._waits(b"%d" % n)
    sending = asyncio.create_task(line._send())
    await asyncio.sleep(0.005)
    assert paper.sent == []
    road.unsent = 0
    async with asyncio.timeout(5):
        while len(paper.sent) < sockets.QUEUE_MAX:
            await asyncio.sleep(0.001)
    assert paper.sent[0] == b"5", "the oldest made room"
    road.unsent = sockets.UNSENT_MAX + 1
    line._waits(b"x")
    async with asyncio.timeout(5):
        while not road.is_cut:
            await asyncio.sleep(0.001)
    line._ended(False)
    await sending
    assert paper.sent[-1] == b"closed"
