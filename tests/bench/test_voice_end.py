"""Our end of the voice's road, by itself: packets in, the program's mix out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from bench.voice.ours import Clock, Heard
from hustings.audio.clock import RATE, TICK
from hustings.audio.codec import OpusEncoder
from hustings.rtc.rtp import RtpPacket, build, parse


def spoken(ticks: int) -> list[RtpPacket]:
    encoder = OpusEncoder(1, 64_000)
    sine = 0.1 * np.sin(2 * np.pi * 440 * np.arange(ticks * TICK) / RATE)
    frames = sine.astype(np.float32).reshape(ticks, TICK)
    return [
        parse(build(111, n, n * TICK, 7, encoder.encode(frame))) for n, frame in enumerate(frames)
    ]


async def heard(packets: list[RtpPacket]) -> Heard:
    one = Heard(Clock())
    for packet in packets:
        one.take(packet)
        one.tick()
    return one


def test_what_is_said_is_in_the_mix(tmp_path: Path) -> None:
    one = asyncio.run(heard(spoken(100)))
    one.save(tmp_path / "one.npz")
    kept = np.load(tmp_path / "one.npz")
    assert len(kept["sound"]) == 100 * TICK and len(kept["times_s"]) == 100
    assert np.abs(kept["sound"][-20 * TICK :]).max() > 0.05
