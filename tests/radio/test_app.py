"""`live.mp3` asked of a real radio process that follows a real feed of real AAC; heard by FFmpeg's decoder."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from hustings.audio.encoder import AacEncoder
from hustings.hls.profile import DEFAULT, RATE
from hustings.hls.variant import aac
from hustings.radio import app
from hustings.radio.app import Radio
from tests.edge.feeding import FIRST_MSN, Program, Studio
from tests.line.speaking import strength
from tests.ports import free_port

PATH = "/live/talk/live.mp3"


@dataclass
class Air:
    """A room with a tone of 440 Hz, and a radio."""

    studio: Studio
    program: Program
    port: int
    clock: int
    encoder: AacEncoder

    def play(self, parts: int) -> None:
        """So many parts more."""
        end = self.clock + parts * DEFAULT.part_samples
        while self.clock < end:
            at = np.arange(self.clock, self.clock + 1_024) % (RATE * 60)
            tone = (0.25 * np.sin(2 * np.pi * 440 * at / RATE)).astype(np.float32)
            for unit in self.encoder.push(self.clock, np.repeat(tone[:, None], 2, axis=1)):
                self.program.push(unit.clock, unit.payload)
            self.clock += 1_024

    async def ask(self, request: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{request} HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n\r\n".encode())
        async with asyncio.timeout(30):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        return reader, writer, head


@pytest.fixture
async def air(tmp_path: Path) -> AsyncIterator[Air]:
    studio = Studio(tmp_path / "run" / "studio.sock")
    await studio.open()
    studio.rooms("talk")
    first = DEFAULT.clock_at(FIRST_MSN)
    encoder = AacEncoder(first)
    program = Program(studio, "talk", DEFAULT, aac(encoder.config))
    port = free_port()
    environ = dict(os.environ, HUSTINGS_DATA=str(tmp_path), HUSTINGS_RADIO__PORT=str(port))
    environ["HUSTINGS_RADIO__LISTENERS_MAX"] = "2"
    command = [sys.executable, "-m", "hustings", "radio"]
    process = await asyncio.to_thread(subprocess.Popen, command, env=environ)
    made = Air(studio, program, port, first, encoder)
    made.play(6)
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer, _ = await made.ask("GET /healthz")
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
    yield made
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 15) == 0
    await studio.close()


async def heard(reader: asyncio.StreamReader, size: int) -> bytes:
    async with asyncio.timeout(30):
        return await reader.readexactly(size)


async def test_a_radio_plays_it(air: Air) -> None:
    reader, writer, head = await air.ask(f"GET {PATH}?x=1")
    assert " 200 " in head and "audio/mpeg" in head and "set-cookie" not in head.lower()
    air.play(8)
    sound = await heard(reader, 100_000)
    writer.close()
    with av.open(io.BytesIO(sound), format="mp3") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    mono = np.concatenate(frames, axis=1)[0]
    assert len(mono) > 7 * RATE
    for second in range(1, 7):
        assert strength(mono[second * RATE : (second + 1) * RATE], 440) == pytest.approx(
            0.25, rel=0.1
        )


async def test_it_is_followed_only_while_somebody_listens(air: Air) -> None:
    assert "/feed/talk" not in air.studio.asked
    reader, writer, _ = await air.ask(f"GET {PATH}")
    await heard(reader, 1_000)
    assert air.studio._followers["talk"]
    writer.close()
    async with asyncio.timeout(30):
        while air.studio._followers["talk"]:
            await asyncio.sleep(0.02)


async def test_listeners_at_the_limit_and_one_past_it(air: Air) -> None:
    writers = []
    for _ in range(2):
        _reader, writer, head = await air.ask(f"GET {PATH}")
        assert " 200 " in head
        writers.append(writer)
    _, writer, head = await air.ask(f"GET {PATH}")
    assert " 503 " in head and "Retry-After" in head
    for one in (*writers, writer):
        one.close()


async def test_what_else_is_asked(air: Air) -> None:
    for request, status in (
        (f"HEAD {PATH}", 200), (f"POST {PATH}", 405), ("GET /live/nobody/live.mp3", 404), ("GET /", 404),
        ("GET /live/talk/aac/live.m3u8", 404), ("GET /live/../talk/live.mp3", 404),
    ):  # fmt: skip
        _, writer, head = await air.ask(request)
        assert f" {status} " in head, request
        assert "Access-Control-Allow-Origin: *" in head
        writer.close()


async def test_in_a_brownout_it_is_the_first_to_go(air: Air) -> None:
    reader, writer, _ = await air.ask(f"GET {PATH}")
    await heard(reader, 1_000)
    air.studio.put("talk", "pulse.json", b'{"v":1,"brownout":{"step":1,"since_ms":5}}')
    async with asyncio.timeout(30):
        await reader.read()
    writer.close()
    _, writer, head = await air.ask(f"GET {PATH}")
    assert " 503 " in head and "Retry-After" in head
    writer.close()


async def test_the_room_ends(air: Air) -> None:
    reader, writer, _ = await air.ask(f"GET {PATH}")
    await heard(reader, 1_000)
    air.program.end()
    async with asyncio.timeout(30):
        await reader.read()
    writer.close()


async def test_a_head_that_never_ends_and_one_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "HEAD_S", 0.1)
    radio = Radio(tmp_path / "none", lambda init: None, 96_000, 2)  # type: ignore[arg-type,return-value]
    server = await asyncio.start_server(radio.serve, "127.0.0.1", 0, limit=app.HEAD_MAX)
    port = server.sockets[0].getsockname()[1]
    async with server:
        for sent in (
            b"GET / HTTP/1.1\r\nX: ",
            b"GET / HTTP/1.1\r\nX: " + bytes(app.HEAD_MAX + 1) + b"\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            async with asyncio.timeout(30):
                assert await reader.read() == b""
            writer.close()
    assert radio._open == 0
