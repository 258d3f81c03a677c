"""A speaker behind a bad road on virtual time: real Opus in RED as Chromium sends it, NACKs answered, a seeded loss.

Nothing here waits: the road, the receiving end of the wire and the voice's own stages are driven by a clock that the test turns.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.voice.profiles import PROFILES, Profile, Road
from hustings.audio.clock import RATE, TICK
from hustings.audio.codec import OpusDecoder, OpusEncoder
from hustings.audio.jitter_buffer import JitterBuffer
from hustings.rtc import red, rtp
from hustings.rtc.intake import Intake
from hustings.rtc.sdp import check
from tests.rtc.offers import CHROMIUM

Sound = NDArray[np.float32]
RED, OPUS = 63, 111
HALF_TRIP_S = 0.01


@dataclass
class Sender:
    """A browser: RED with one frame before, in-band FEC, probes after each packet where `probes`."""

    probes: int = 0
    number: int = 100
    encoder: OpusEncoder = field(
        default_factory=lambda: OpusEncoder(1, 72_000, "voip", fec=True, loss_percent=10)
    )
    before: bytes = b""
    sent: dict[int, bytes] = field(default_factory=dict)

    def say(self, frame: Sound, timestamp: int) -> list[bytes]:
        payload = self.encoder.encode(frame)
        blocks = [red.Block(OPUS, 0, payload)]
        if self.before:
            blocks.insert(0, red.Block(OPUS, TICK, self.before))
        self.before = payload
        out = [self._numbered(timestamp, red.build(blocks))]
        return [*out, *(self._numbered(timestamp, b"") for _ in range(self.probes))]

    def _numbered(self, timestamp: int, payload: bytes) -> bytes:
        self.number = (self.number + 1) & 0xFFFF
        raw = rtp.build(RED, self.number, timestamp & 0xFFFFFFFF, 7, payload)
        self.sent[self.number] = raw
        return raw


@dataclass
class Voyage:
    """What came of it: the sound tick by tick, and the buffer with its figures."""

    sound: Sound
    buffer: JitterBuffer
    restored: int
    delays_ticks: list[int]


def travel(
    said: Sound,
    profile: str | Profile,
    seed: int = 1,
    probes: int = 0,
    answers: bool = True,
    parts_per_million: float = 0.0,
) -> Voyage:
    """The sound through the road, tick by tick. `answers`: the browser sends again what it is asked for. The sender's clock is
    `parts_per_million` fast."""
    profile = PROFILES[profile] if isinstance(profile, str) else profile
    up, down = Road(profile, f"{seed} up"), Road(profile, f"{seed} down")
    sender, intake = Sender(probes), Intake(check(CHROMIUM.encode(), "session"))
    buffer, decoder = JitterBuffer(), OpusDecoder()
    order = itertools.count()
    coming: list[tuple[float, int, bytes]] = []
    asked: list[tuple[float, int, int]] = []
    sounds, delays = [], []

    def send(raw: bytes, at_s: float) -> None:
        out_s = up.takes(at_s, len(raw))
        if out_s is not None:
            heapq.heappush(coming, (out_s + HALF_TRIP_S, next(order), raw))

    count = len(said) // TICK
    step_s = TICK / RATE / (1 + parts_per_million / 1e6)
    number = tick = 0
    end = int(count * step_s / 0.02) + 20
    while tick < end:
        tick += 1
        now_s = tick * 0.02
        while number < count and (number + 1) * step_s <= now_s:
            frame = said[number * TICK : (number + 1) * TICK]
            for raw in sender.say(frame, number * TICK):
                send(raw, (number + 1) * step_s)
            number += 1
        # In steps of 5 ms, as the switchboard's own clock polls.
        for at_s in (now_s - 0.015, now_s - 0.01, now_s - 0.005, now_s):
            while asked and asked[0][0] <= at_s:
                _, _, missing = heapq.heappop(asked)
                if answers and missing in sender.sent:
                    send(sender.sent[missing], at_s)
            while coming and coming[0][0] <= at_s:
                came_s, _, raw = heapq.heappop(coming)
                for packet in intake.receive(raw, came_s):
                    buffer.push(
                        packet.sequence, packet.timestamp, packet.payload, round(came_s * RATE)
                    )
            for stream in intake.streams.values():
                for missing in stream.to_ask(at_s, 2 * HALF_TRIP_S):
                    out_s = down.takes(at_s, 60)
                    if out_s is not None:
                        heapq.heappush(asked, (out_s + HALF_TRIP_S, next(order), missing))
        sound = decoder.tick(buffer.pull())
        sounds.append(np.zeros(TICK, np.float32) if sound is None else sound)
        delays.append(buffer.stats.delay_ticks)
    return Voyage(np.concatenate(sounds), buffer, intake.restored, delays)
