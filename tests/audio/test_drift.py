"""An hour with a sender whose clock is wrong, on virtual time: what is said late at the end was as late at the beginning."""

from __future__ import annotations

from statistics import mean

import pytest

from hustings.audio.jitter_buffer import DRIFT_WAIT_TICKS, WINDOW_TICKS, JitterBuffer
from tests.audio.sounds import TICK

HOUR_TICKS = 180_000
TEN_MINUTES = 30_000
MOST_MS = 5.0
PACKET = bytes([0x98]) + b"sound"


@pytest.mark.parametrize("parts_per_million", [-100, 100])
def test_the_delay_of_an_hour_does_not_drift(parts_per_million: int) -> None:
    buffer = JitterBuffer()
    step = TICK / (1 + parts_per_million / 1e6)
    late: list[float] = []
    number = played = 0
    arrivals: list[float] = []
    for tick in range(1, HOUR_TICKS + 1):
        now = tick * TICK
        while (number + 1) * step <= now:
            arrivals.append((number + 1) * step)
            buffer.push(number & 0xFFFF, number * TICK & 0xFFFFFFFF, PACKET, round(arrivals[-1]))
            number += 1
        for one in buffer.pull().steps:
            if one.kind == "packet":
                late.append((now - arrivals[played]) / 48)
                played += 1
    assert buffer.stats.lost == buffer.stats.late == 0
    assert abs(mean(late[-TEN_MINUTES:]) - mean(late[:TEN_MINUTES])) <= MOST_MS
    assert max(late) - min(late) <= 45  # two ticks, and what of one a step to the next makes


@pytest.mark.parametrize("pause_every", [40, DRIFT_WAIT_TICKS - 20])
def test_what_drift_puts_in_or_takes_out_goes_into_a_pause(pause_every: int) -> None:
    """A sender whose clock is slow by 1 in 1,000: a tick is wanted every twenty seconds. Now and then a packet is soft."""
    buffer = JitterBuffer()
    step = TICK / (1 - 1e-3)
    number, before, inserted = 0, 0, []
    for tick in range(1, 6_000):
        while (number + 1) * step <= tick * TICK:
            soft = number % pause_every == 0
            packet = bytes([0x98]) + (b"." if soft else b"sound" * 20)
            buffer.push(number & 0xFFFF, number * TICK, packet, round((number + 1) * step))
            number += 1
        pull = buffer.pull()
        if buffer.stats.inserted_ticks > before:
            before = buffer.stats.inserted_ticks
            inserted.append(any(len(one.payload) == 2 for one in (pull, *pull.then, buffer.pull())))
            break
    assert inserted == [True]


def test_drift_does_not_wait_for_a_pause_for_ever() -> None:
    buffer = JitterBuffer()
    step = TICK / (1 - 1e-3)
    number, waited = 0, 0
    for tick in range(1, 6_000):
        while (number + 1) * step <= tick * TICK:
            buffer.push(number & 0xFFFF, number * TICK, PACKET, round((number + 1) * step))
            number += 1
        buffer.pull()
        waited += bool(buffer._insert_after)
        if buffer.stats.inserted_ticks:
            break
    assert buffer.stats.inserted_ticks == 1
    assert DRIFT_WAIT_TICKS - WINDOW_TICKS <= waited <= DRIFT_WAIT_TICKS
