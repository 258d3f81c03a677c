"""The modules in the order of the line: packets of two speakers in, access units out, measured by other means."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hustings.audio.clock import SEGMENT
from hustings.audio.codec import OpusDecoder, OpusEncoder
from hustings.audio.encoder import AacEncoder, AccessUnit
from hustings.audio.jitter_buffer import JitterBuffer
from hustings.audio.level import Level, Leveller
from hustings.audio.limiter import CEILING_DBTP, LATENCY, Limiter
from hustings.audio.mixer import PROGRAM, Mixer
from tests.audio.sounds import (
    RATE,
    TICK,
    Sound,
    delay_of,
    loudness,
    power_db,
    stream,
    ticks,
    true_peak_db,
    voice,
)
from tests.audio.test_encoder import decoded

START = 35_903_600 * SEGMENT


class Ear:
    """One speaker's receiving end with a network before it."""

    def __init__(self, sound: Sound, lost: frozenset[int], late_by: dict[int, int]) -> None:
        encoder = OpusEncoder(1, 40_000, "voip", fec=True, loss_percent=15)
        self.lookahead = encoder.lookahead
        payloads = [encoder.encode(tick) for tick in ticks(sound)]
        self.waiting = stream(payloads, start=START, lost=lost, late_by=late_by)
        self.buffer, self.decoder = JitterBuffer(), OpusDecoder()

    def tick(self, end: int) -> Sound | None:
        while self.waiting and self.waiting[0].arrival < end:
            packet = self.waiting.pop(0)
            self.buffer.push(packet.sequence, packet.timestamp, packet.payload, packet.arrival)
        return self.decoder.tick(self.buffer.pull())


def heard(ear: Ear, count: int) -> Sound:
    silence = np.zeros(TICK, np.float32)
    frames = [ear.tick(START + (n + 1) * TICK) for n in range(count)]
    return np.concatenate([silence if frame is None else frame for frame in frames])


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.1])
def test_a_voice_survives_loss_and_jitter_in_its_place(loss: float) -> None:
    chance = random.Random(7)
    sound = voice(10, seed=3)
    count = len(sound) // TICK
    lost = frozenset(n for n in range(count) if chance.random() < loss)
    late = {n: chance.randrange(TICK) for n in range(count)}
    ear = Ear(sound, lost, late)
    out = heard(ear, count)
    delay = delay_of(out, sound)
    # Two ticks deep counts the packet's own; SILK's resamplers are some samples off the lookahead.
    assert delay == pytest.approx(TICK + ear.lookahead, abs=24)
    error = power_db(out[delay:] - sound[: len(out) - delay])
    assert error < power_db(sound) - 3
    stats = ear.buffer.stats
    assert stats.lost == len([n for n in lost if n < count - 2])
    assert stats.fec_ticks >= 0.5 * stats.lost


def test_two_speakers_make_a_program_at_its_loudness_below_its_ceiling_at_its_clock() -> None:
    seconds = 40
    first, second = voice(seconds, 4, amplitude=0.05), voice(seconds, 5, amplitude=0.9)
    turn = (np.arange(len(first)) // (10 * RATE)) % 2  # ten seconds each
    said = {"a": (first * (1 - turn)).astype(np.float32), "b": (second * turn).astype(np.float32)}
    mixer, limiter, encoder = Mixer(), Limiter(2), AacEncoder(START)
    mixer.add_bus(PROGRAM, channels=2)
    levels = {person: (Level(), Leveller()) for person in said}
    for person in said:
        mixer.add_talker(person)
        mixer.set_gain(person, PROGRAM, 1.0)
    units: list[AccessUnit] = []
    for number in range(seconds * 50):
        frames = {}
        for person, (level, leveller) in levels.items():
            frame = said[person][number * TICK : (number + 1) * TICK]
            level.update(frame)
            frames[person] = leveller.apply(frame, level.talking)
        program = limiter.limit(mixer.mix(frames)[PROGRAM])
        units += encoder.push(START + number * TICK - LATENCY, program)
    out = decoded(units, encoder.config)
    assert units[0].clock == START
    assert loudness(out[20 * RATE :]) == pytest.approx(-16, abs=1)
    assert true_peak_db(out) <= CEILING_DBTP
    assert abs(delay_of(out[:, 0], said["a"] + said["b"])) <= 1
