"""How loud, and who talks: meters, voice activity, the slow gain that brings each speaker to the same loudness.

Loudness is ITU-R BS.1770-4: K-weighting, blocks of 400 ms, gates at −70 LUFS and 10 LU below. The K filter is applied as
a weight on the tick's spectrum, since only its power matters here: one FFT instead of a recursion over samples.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from math import log10

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, TICK

Samples = NDArray[np.float32]

_RAMP = np.arange(1, TICK + 1, dtype=np.float32) / TICK

FLOOR_DB = -100.0
"""What silence reads: no level is lower."""

_GATE = 10 ** ((-70.0 + 0.691) / 10)
"""The K-weighted mean square of −70 LUFS."""

PROGRAM_LUFS = -16.0
"""Where each voice is brought before the mix. A mono voice placed at −3 dB in both channels has the loudness it had alone."""


def peak_dbfs(frame: Samples) -> float:
    """The highest sample of a frame in dB of full scale, not below `FLOOR_DB`."""
    if not frame.size:
        return FLOOR_DB
    return _decibels(float(max(frame.max(), -frame.min())) ** 2)


def rms_dbfs(frame: Samples) -> float:
    """The mean power of a frame in dB of full scale (a full-scale sine reads −3), not below `FLOOR_DB`."""
    flat = frame.ravel()
    return _decibels(float(flat @ flat) / max(1, flat.size))


def _decibels(power: float) -> float:
    return max(FLOOR_DB, 10 * log10(power)) if power > 0 else FLOOR_DB


@cache
def k_weights(samples: int) -> NDArray[np.float64]:
    """|H|² of the K filter (BS.1770-4 annex 1, tables 1 and 2, 48 kHz) at the `samples // 2 + 1` bins of an rfft.

    Scaled so that the sum of weight × |rfft|² is the K-weighted mean square of those samples.
    """
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(samples, 1 / RATE) / RATE)
    shelf = (1.53512485958697, -2.69169618940638, 1.19839281085285)
    shelf_back = (1.0, -1.69065929318241, 0.73248077421585)
    high_pass, high_pass_back = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
    polynomials = [
        a + b * z + c * z * z for a, b, c in (shelf, shelf_back, high_pass, high_pass_back)
    ]
    response = polynomials[0] / polynomials[1] * polynomials[2] / polynomials[3]
    once = np.full(len(z), 2.0)
    once[0] = 1.0
    if samples % 2 == 0:
        once[-1] = 1.0
    return np.asarray(np.abs(response) ** 2 * once / samples**2, dtype=np.float64)


def k_power(frame: Samples) -> float:
    """K-weighted mean square of a mono frame (n,)."""
    spectrum = np.fft.rfft(frame)
    return float(k_weights(len(frame)) @ (spectrum.real**2 + spectrum.imag**2))


def lufs(power: float) -> float:
    """Loudness of a K-weighted mean square (summed over channels)."""
    return max(FLOOR_DB, -0.691 + _decibels(power))


class Level:
    """One speaker's meter and whether he talks. `update` once per tick; `power_db` and `peak_db` are that tick's own.

    The meter rises at once and falls 24 dB/s. The noise floor is the least level of the last three seconds (minimum
    statistics: speech has gaps, a fan has none), kept between −75 and −38 dB. Talking starts after two ticks 9 dB above
    it and above −52 dB, goes on down to 5 dB above it, and ends 400 ms after the last such tick.
    """

    FALL_DB = 24.0 * TICK / RATE
    ON_DB, OFF_DB, ABSOLUTE_DB = 9.0, 5.0, -52.0
    ON_TICKS, HANGOVER_TICKS = 2, 20
    FLOOR_MIN_DB, FLOOR_MAX_DB, FLOOR_FIRST_DB = -75.0, -38.0, -60.0
    _BLOCK_TICKS, _BLOCKS = 10, 15

    def __init__(self) -> None:
        self.level_db = FLOOR_DB
        self.power_db = FLOOR_DB
        self.peak_db = FLOOR_DB
        self.talking = False
        self.noise_floor_db = self.FLOOR_FIRST_DB
        self._minima: deque[float] = deque(maxlen=self._BLOCKS)
        self._block_min, self._block_left = 0.0, self._BLOCK_TICKS
        self._loud_ticks = self._hangover = 0

    def update(self, frame: Samples | None) -> None:
        """Takes a tick in, (960,); None = nothing came (the meter falls, the noise floor stays as it was)."""
        if (
            frame is None and self.level_db == FLOOR_DB and not self.talking
        ):  # a silent stage is large
            self.power_db = self.peak_db = FLOOR_DB
            self._loud_ticks = 0
            return
        rms = self.power_db = FLOOR_DB if frame is None else rms_dbfs(frame)
        self.peak_db = FLOOR_DB if frame is None else peak_dbfs(frame)
        self.level_db = max(rms, self.level_db - self.FALL_DB, FLOOR_DB)
        if frame is not None:
            self._learn_floor(rms)
        margin = self.OFF_DB if self.talking else self.ON_DB
        loud = rms >= max(self.noise_floor_db + margin, self.ABSOLUTE_DB)
        self._loud_ticks = self._loud_ticks + 1 if loud else 0
        if self._loud_ticks >= (1 if self.talking else self.ON_TICKS):
            self.talking, self._hangover = True, self.HANGOVER_TICKS
        elif self.talking:
            self._hangover -= 1
            self.talking = self._hangover > 0

    def _learn_floor(self, rms: float) -> None:
        self._block_min = min(self._block_min, rms)
        self._block_left -= 1
        if self._block_left == 0:
            self._minima.append(self._block_min)
            self._block_min, self._block_left = 0.0, self._BLOCK_TICKS
        if len(self._minima) == self._BLOCKS:
            least = min(self._block_min, *self._minima)
            self.noise_floor_db = min(max(least, self.FLOOR_MIN_DB), self.FLOOR_MAX_DB)


class Leveller:
    """Brings one speaker to the program's loudness, slowly, within ±12 dB; frozen while he does not talk.

    His loudness is the gated BS.1770 loudness of his last ten seconds of talk. The gain goes there at most 2 dB/s up and
    4 dB/s down, six times as fast in his first three seconds, so that the first sentence is not the odd one.
    """

    LIMIT_DB = 12.0
    UP_DB, DOWN_DB = 2.0 * TICK / RATE, 4.0 * TICK / RATE
    FIRST_TICKS, FIRST_FACTOR = 150, 6.0
    _STEP_TICKS, _STEPS_IN_BLOCK, _BLOCKS = 5, 4, 100

    def __init__(self, target_lufs: float = PROGRAM_LUFS) -> None:
        self.target_lufs = target_lufs
        self.gain_db = 0.0
        self.loudness = FLOOR_DB
        self._steps: deque[float] = deque(maxlen=self._STEPS_IN_BLOCK)
        self._blocks: deque[float] = deque(maxlen=self._BLOCKS)
        self._said: list[Samples] = []
        self._talked = 0

    def apply(self, frame: Samples, talking: bool) -> Samples:
        """The tick (960,) with the gain on it, as a line from the last gain to the next."""
        before = self.gain_db
        if talking:
            self._measure(frame)
            self._steer()
        first, last = 10 ** (before / 20), 10 ** (self.gain_db / 20)
        if first == last:
            return frame * np.float32(last)
        return frame * np.asarray(first + (last - first) * _RAMP, np.float32)

    def _measure(self, frame: Samples) -> None:
        self._talked += 1
        self._said.append(frame)
        if len(self._said) < self._STEP_TICKS:
            return
        self._steps.append(k_power(np.concatenate(self._said)))
        self._said = []
        if len(self._steps) == self._STEPS_IN_BLOCK:
            self._blocks.append(sum(self._steps) / len(self._steps))
            self.loudness = gated_loudness(self._blocks)

    def _steer(self) -> None:
        if self.loudness <= FLOOR_DB:
            return
        wanted = min(max(self.target_lufs - self.loudness, -self.LIMIT_DB), self.LIMIT_DB)
        pace = self.FIRST_FACTOR if self._talked <= self.FIRST_TICKS else 1.0
        step = min(max(wanted - self.gain_db, -self.DOWN_DB * pace), self.UP_DB * pace)
        self.gain_db += step


def gated_loudness(blocks: deque[float]) -> float:
    """LUFS of block powers by BS.1770-4 §5.1: those above −70 LUFS, and of these those above their mean − 10 LU."""
    audible = [power for power in blocks if power > _GATE]
    if not audible:
        return FLOOR_DB
    gate = sum(audible) / len(audible) / 10
    kept = [power for power in audible if power > gate]
    return lufs(sum(kept) / len(kept))
