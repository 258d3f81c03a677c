"""Strangers at the TCP port of voices: bad frames, slow bytes, floods of connections, half-open ones; a talk beside each.

What they are met with is silence: not one byte goes to whom studio has not answered.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hustings.door import callers, inward, voices
from hustings.door.voices import VoicePort
from hustings.rtc.framing import FRAME_MAX, framed
from tests.rtc.checks import check
from tests.studio.calling import OPUS
from tests.studio.calling_by_tcp import Browser, Road, Stage, stranger


class Talk:
    """Ann talks by TCP; strangers come to the same port."""

    def __init__(self, stage: Stage, ann: Browser, road: Road) -> None:
        self.stage, self.ann, self.road = stage, ann, road
        self.strangers: list[socket.socket] = []

    def stranger(self) -> socket.socket:
        self.strangers.append(stranger(self.stage.tcp))
        return self.strangers[-1]

    async def goes_on(self) -> None:
        before = len(self.stage.packets)
        self.ann.say(self.road, 5)
        await self.stage.until(lambda: len(self.stage.packets) >= before + 5)
        heard = len(self.ann.heard)
        self.stage.sessions.send("ann", OPUS)
        await self.stage.until(lambda: len(self.ann.heard) > heard)
        assert self.stage.links == [("ann", True)]
        assert {person for person, _ in self.stage.packets} == {"ann"}

    async def is_cut(self, one: socket.socket) -> None:
        """The connection ends without a byte."""
        async with asyncio.timeout(5):
            while True:
                try:
                    assert one.recv(100) == b""
                    return
                except BlockingIOError:
                    await asyncio.sleep(0.005)
                except ConnectionResetError:
                    return

    @property
    def callers(self) -> int:
        return len(self.stage.door._lines)


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    stage = await Stage(tmp_path).open()
    ann = Browser(stage)
    made = Talk(stage, ann, await ann.join("ann"))
    ann.say(made.road)
    await stage.until(lambda: stage.links)
    yield made
    ann.leave()
    for one in made.strangers:
        one.close()
    await stage.shut()


BAD = {
    "an oversize length": (FRAME_MAX + 1).to_bytes(2, "big"),
    "rtp": framed(b"\x80\x6f" + bytes(60)),
    "dtls": framed(b"\x16\xfe\xfd" + bytes(60)),
    "http": b"GET / HTTP/1.1\r\nHost: stage\r\n\r\n" * 100,
    "tls": b"\x16\x03\x01\x02\x00\x01" + bytes(600),
    "zero lengths": bytes(callers.BYTES_BEFORE_PROOF_MAX + 2),
    "an unsigned check": framed(check()[:20]),
    "too many checks": framed(check()) * (callers.FRAMES_BEFORE_PROOF_MAX + 1),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_what_ends_a_connection(
    talk: Talk, bad: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        one = talk.stranger()
        one.send(bad)
        await talk.is_cut(one)
        await talk.goes_on()
    assert caplog.records == [], "a stranger costs no line"
    assert talk.callers == 1


async def test_a_strangers_frames_never_reach_a_session(talk: Talk) -> None:
    """Checks that name a living session and lack its password: silence, then the deadline; what follows them is dropped."""
    one = talk.stranger()
    forged = check(talk.ann.ufrag, "abcd", "w" * 24)
    one.send(framed(forged) * 3)
    await talk.goes_on()
    assert len(talk.stage.board._demux._pairs) == 1
    with pytest.raises(BlockingIOError):
        one.recv(100)
    one.send(framed(b"\x80\x6f" + bytes(60)))
    await talk.is_cut(one)
    await talk.goes_on()


async def test_slow_bytes_and_silence_end_at_the_deadline(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "PROOF_S", 0.3)
    silent, slow = talk.stranger(), talk.stranger()
    for byte in framed(check())[:6]:
        slow.send(bytes((byte,)))
        await asyncio.sleep(0.01)
    await talk.is_cut(silent)
    await talk.is_cut(slow)
    await talk.goes_on()
    assert talk.callers == 1


async def test_a_flood_of_connections_at_the_limit_and_one_past_it(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "STRANGERS_PER_PLACE_MAX", 5)
    flood = [talk.stranger() for _ in range(5)]
    await talk.stage.until(lambda: talk.callers == 6)
    await talk.is_cut(talk.stranger())
    await talk.goes_on()
    flood[0].close()
    await talk.stage.until(lambda: talk.callers == 5)
    talk.stranger()
    await talk.stage.until(lambda: talk.callers == 6)


async def test_half_open(talk: Talk) -> None:
    one = talk.stranger()
    one.shutdown(socket.SHUT_WR)
    await talk.is_cut(one)
    await talk.goes_on()


async def test_a_slow_reader_loses_frames_and_nothing_is_queued(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    [line] = talk.stage.door._lines
    talk.road.transport.pause_reading()
    most = 0
    for n in range(4_000):
        talk.stage.sessions.send("ann", OPUS + bytes(200))
        if n % 20 == 0:
            await asyncio.sleep(0)
            most = max(most, line._transport.get_write_buffer_size())
    assert most <= voices.UNSENT_MAX + FRAME_MAX
    talk.road.transport.resume_reading()
    heard = len(talk.ann.heard)
    await talk.stage.until(lambda: len(talk.ann.heard) > heard)
    await talk.goes_on()


async def test_who_sends_more_than_a_voice_is_read_at_a_voices_pace(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voices, "TICK_S", 0.05)
    [line] = talk.stage.door._lines
    talk.ann.say(talk.road, voices.FRAMES_PER_TICK_MAX + 8)
    await talk.stage.until(lambda: line._resting is not None)
    await talk.stage.until(lambda: line._resting is None)
    await talk.goes_on()


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "voices.sock"


async def test_studio_is_away(nobody: Path) -> None:
    """Who is not proved is not kept waiting."""
    door = VoicePort(nobody)
    one = stranger(await door.open(0))
    one.send(framed(check()))
    async with asyncio.timeout(5):
        while True:
            try:
                assert one.recv(10) == b""
                break
            except ConnectionResetError:
                break
            except BlockingIOError:
                await asyncio.sleep(0.005)
    one.close()
    door.close()


async def test_studio_stays_away(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inward, "CUT_OFF_S", 0.2)
    await talk.stage.stop()
    async with asyncio.timeout(5):
        await talk.road.is_over.wait()
    talk.stage.again()


async def test_a_port_that_is_taken(nobody: Path) -> None:
    with (
        socket.create_server(("0.0.0.0", 0)) as taken,
        pytest.raises(OSError, match=r"can't be had"),
    ):
        await VoicePort(nobody).open(taken.getsockname()[1])
