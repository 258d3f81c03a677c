"""The holding sound: a slow, soft chord pad that tells a waiting listener that the road works.

A function of the clock alone: the same tick sounds the same after a restart and on every machine, and the loop has no
seam, since every partial and every swell fits into it a whole number of times.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, SEGMENT
from hustings.audio.level import k_weights, lufs
from hustings.audio.looped import Looped

Samples = NDArray[np.float32]

HOLDING_LUFS = -26.0
"""10 LU below the talk: it says "you are in the right place" and does not ask to be listened to."""

LOOP = 4 * SEGMENT
"""Samples until it repeats (15.36 s): one chord for each segment."""

_CHORDS = (
    (130.81, 196.00, 246.94, 329.63, 392.00),  # C major seventh, its third on top
    (110.00, 164.81, 261.63, 329.63, 392.00),  # A minor seventh
    (87.31, 174.61, 261.63, 329.63, 440.00),  # F major seventh
    (98.00, 196.00, 261.63, 293.66, 392.00),  # G with a fourth, which leads back
)
_PARTIALS = ((1, 1.0), (2, 0.22), (3, 0.07))  # dark: little above 1.2 kHz
_DETUNE_HZ = 0.35  # between left and right: width, and a slow shimmer


class HoldingSound(Looped):
    """The pad, by clock. All instances of a process share one table (5.9 MB), made when the first is made (about 0.2 s)."""

    def __init__(self) -> None:
        super().__init__(_table())


@cache
def _table() -> Samples:
    """The whole loop, (737280, 2), read-only, at `HOLDING_LUFS`."""
    channels = [_channel(side) for side in (-1, 1)]
    weights = k_weights(LOOP)
    power = sum(float(weights @ np.abs(np.fft.rfft(channel)) ** 2) for channel in channels)
    gain = 10 ** ((HOLDING_LUFS - lufs(power)) / 20)
    table: Samples = (np.stack(channels, axis=1) * gain).astype(np.float32)
    table.flags.writeable = False
    return table


def _channel(side: int) -> NDArray[np.float64]:
    """One channel of the loop. A chord is a sparse spectrum, its swell a raised cosine that overlaps its neighbours'."""
    place = np.arange(LOOP)
    sound = np.zeros(LOOP)
    for number, chord in enumerate(_CHORDS):
        spectrum = np.zeros(LOOP // 2 + 1, complex)
        for voice, pitch in enumerate(chord):
            for partial, weight in _PARTIALS:
                cycles = round((pitch * partial + side * _DETUNE_HZ / 2) * LOOP / RATE)
                phase = 2.4 * (
                    voice + 3 * partial + 5 * number
                )  # spread, fixed: no peak where all crests meet
                spectrum[cycles] += LOOP / 2 * weight / (1 + 0.15 * voice) * np.exp(1j * phase)
        # Distance to the chord's middle in segments, round the loop; zero from 1 on, neighbours' squares add up to one.
        away = (place / SEGMENT - number - 0.5 + 2) % 4 - 2
        swell = np.cos(np.clip(away, -1, 1) * np.pi / 2)
        sound += np.fft.irfft(spectrum, LOOP) * swell
    return sound
