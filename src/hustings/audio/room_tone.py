"""Room tone: the breath of a quiet room under the whole program, so that a pause is a pause and no hole.

Digital nought between two words is heard as a broken line, and an encoder that falls into it and out again pumps. The tone
is pink up to 1 kHz and falls faster above, as a quiet room does: it adds nothing to where s and f are. A function of the
clock alone, as the holding sound is: a studio that took over goes on with the same noise. Left and right are strangers.

While somebody is heard it gives way to him, for it is no part of a voice, and comes back when he has been silent for a moment
(`GivesWay`).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, SEGMENT
from hustings.audio.looped import Looped

Samples = NDArray[np.float32]

ROOM_TONE_DBFS = -65.0
"""Mean power of each channel: 49 dB below the talk, and 5 below what counts as a voice that sounds (`loudest.AUDIBLE_DB`)."""

LOOP = 2 * SEGMENT
"""Samples until it repeats (7.68 s): noise is not known again after so long."""

GIVEN_WAY = 10 ** (-25.0 / 20)
"""Its gain beside a voice. Whole, it cost a clean voice 0.3 MOS by PESQ-WB, which heard it in every pause between two words;
15 dB lower 0.04, 25 dB lower nothing, and there still is no digital nought."""
WAIT_TICKS, RISE_TICKS = 25, 25
"""So long after the last sound it stays down, and so long it takes to be whole again."""

_SEED = 65
_LOW_HZ, _KNEE_HZ, _TOP_HZ = 40.0, 1_000.0, 12_000.0


class RoomTone(Looped):
    """The tone, by clock. All instances of a process share one table (2.9 MB), made when the first is made (about 0.1 s)."""

    def __init__(self) -> None:
        super().__init__(_table())


class GivesWay:
    """The tone's gain in one room. `gain` once per tick: at its end, `is_heard` being whether anybody sounds in it."""

    def __init__(self) -> None:
        self._silent_ticks = WAIT_TICKS + RISE_TICKS

    def gain(self, is_heard: bool) -> float:
        self._silent_ticks = 0 if is_heard else self._silent_ticks + 1
        risen = min(1.0, max(0, self._silent_ticks - WAIT_TICKS) / RISE_TICKS)
        return GIVEN_WAY + (1 - GIVEN_WAY) * risen


@cache
def _table() -> Samples:
    """The whole loop, (368640, 2), read-only. A spectrum of random phases: it has no seam, and every second is as loud."""
    chance = np.random.PCG64(_SEED)
    hertz = np.fft.rfftfreq(LOOP, 1 / RATE)
    bent = np.maximum(hertz, _LOW_HZ)
    shape = bent**-0.5 / (1 + (bent / _KNEE_HZ) ** 2) ** 0.25
    shape[(hertz < _LOW_HZ) | (hertz > _TOP_HZ)] = 0
    channels = []
    for _ in range(2):
        turns = np.exp(2j * np.pi * (chance.random_raw(len(hertz)) / 2.0**64))
        channels.append(np.fft.irfft(shape * turns, LOOP))
    sound = np.stack(channels, axis=1)
    sound *= 10 ** (ROOM_TONE_DBFS / 20) / np.sqrt(np.mean(sound**2, axis=0))
    table: Samples = sound.astype(np.float32)
    table.flags.writeable = False
    return table
