"""An hour with a sender whose clock is wrong, on virtual time: what is said late at the end was as late at the beginning."""

from __future__ import annotations

from statistics import mean

import pytest

from hustings.audio.jitter_buffer import JitterBuffer
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
