"""Room tone: the breath of a quiet room under the whole program, so that a pause is a pause and no hole.

Digital nought between two words is heard as a broken line, and an encoder that falls into it and out again pumps. The tone
is pink up to 1 kHz and falls faster above, as a quiet room does: it adds nothing to where s and f are. A function of the
clock alone, as the holding sound is: a studio that took over goes on with the same noise. Left and right are strangers.
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

_SEED = 65
_LOW_HZ, _KNEE_HZ, _TOP_HZ = 40.0, 1_000.0, 12_000.0


class RoomTone(Looped):
    """The tone, by clock. All instances of a process share one table (2.9 MB), made when the first is made (about 0.1 s)."""

    def __init__(self) -> None:
        super().__init__(_table())


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
