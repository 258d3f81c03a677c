"""Hustings' end of the road, in a process of its own (`python -m bench.voice.ours`): the wire, a room's voices, their mix.

A line of standard input: `["call", name, offer]` gets the SDP answer; names that begin with "tap" are no voices, their packets
are decoded as they come (what was said, and when it left the browser). `["take", folder]` ends the calls, writes `NAME.npz`
(`sound`, `times_s`: when each tick of 20 ms was mixed, or each packet came) for all and gets what the jitter buffers counted.
Each voice has a mix of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import TICK
from hustings.audio.codec import OpusDecoder
from hustings.audio.encoder import AccessUnit
from hustings.hls import variant
from hustings.hls.profile import DEFAULT
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import check
from hustings.studio.encodings import OPUS_HEAD, Encoding
from hustings.studio.line import Line
from hustings.studio.switchboard import Call, Switchboard

TICK_S = 0.02
VOICE = "voice"
Sound = NDArray[np.float32]


@dataclass
class Track:
    """What one call came to."""

    call: Call | None = None
    sounds: list[Sound] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)

    def save(self, path: Path) -> None:
        np.savez(path, sound=np.concatenate(self.sounds), times_s=np.array(self.times_s))


@dataclass
class Tap(Track):
    """The packets as they come, without loss, decoded one after the other."""

    decoder: OpusDecoder = field(default_factory=OpusDecoder)

    def take(self, packet: RtpPacket) -> None:
        if packet.payload:
            self.times_s.append(asyncio.get_running_loop().time())
            self.sounds.append(self.decoder.decode(packet.payload)[:TICK])


class Mixed:
    """In the place of the program's encoder: keeps what it would get."""

    duration = TICK
    config = b""

    def __init__(self) -> None:
        self.sounds: list[Sound] = []

    def set_bitrate(self, bitrate: int) -> None:
        """Nothing is encoded here."""

    def push(self, clock: int, frame: Sound) -> list[AccessUnit]:
        self.sounds.append(frame.mean(axis=1) * np.float32(2**0.5))
        return []


class Heard(Track):
    """One voice, alone in a room of its own: the line that every room has, up to its encoders."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._mixed = Mixed()
        self.sounds = self._mixed.sounds
        encoding = Encoding(variant.opus(OPUS_HEAD, 64_000), lambda _: self._mixed, b"", 32_000)
        self.line = Line(DEFAULT, [encoding], 0, 64_000)
        self.line.open_program(0)
        self.line.add(VOICE, hears=False)
        self._clock = clock
        self._born = clock.ticks * TICK
        self._next = 0

    def take(self, packet: RtpPacket) -> None:
        self.line.push(VOICE, packet, self._clock.now() - self._born)

    def tick(self) -> None:
        self.line.tick(self._next)
        self._next += TICK
        self.times_s.append(asyncio.get_running_loop().time())


class Clock:
    """The room's: 20 ms a tick, by the monotonic clock alone."""

    def __init__(self) -> None:
        self.zero_s = asyncio.get_running_loop().time()
        self.ticks = 0

    def now(self) -> int:
        return round((asyncio.get_running_loop().time() - self.zero_s) * 48_000)

    async def run(self, heard: dict[str, Heard]) -> None:
        while True:
            self.ticks += 1
            due_s = self.zero_s + self.ticks * TICK_S
            await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
            for one in heard.values():
                one.tick()


async def main() -> None:
    board = Switchboard(["127.0.0.1"])
    board.open(0)
    loop = asyncio.get_running_loop()
    taps: dict[str, Tap] = {}
    heard: dict[str, Heard] = {}
    clock = Clock()
    ticking = asyncio.create_task(clock.run(heard))
    _say("up")
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        word, *rest = json.loads(line)
        if word == "call":
            name, offer = rest
            track: Tap | Heard
            if name.startswith("tap"):
                track = taps[name] = Tap()
            else:
                track = heard[name] = Heard(clock)
            track.call = board.call(
                check(offer.encode(), "whip"), {"session": name}, track.take, lambda up: None
            )
            _say(track.call.answer)
        else:
            told = {name: _told(one) for name, one in heard.items()}
            for name, one in (*taps.items(), *heard.items()):
                if one.call is not None:
                    one.call.close()
                one.save(Path(rest[0]) / f"{name}.npz")
            taps.clear()
            heard.clear()
            _say(told)
    ticking.cancel()
    await board.shut()


def _told(one: Heard) -> dict[str, Any]:
    assert one.call is not None
    buffer = one.line._voices[VOICE].buffer
    return {
        **asdict(buffer.stats),
        "restored": one.call.peer._intake.restored,
        "ticks": len(one.sounds),
        "target_ticks": buffer.target_ticks,
    }


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
