"""The pilot: short chirps at uneven times, and how late each is heard. Pure.

Uneven, so that a train heard three seconds late fits in one way only. Chirps, since a sweep has one sharp peak under its
matched filter whatever a codec, a gain or a phase has done to it, and is no steady tone that noise suppression would eat.
Recordings are mono float arrays at 48 kHz; times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Sound = NDArray[np.float32]

RATE_HZ = 48_000
CHIRP_S = 0.06
FROM_HZ, TO_HZ = 500.0, 3500.0
APART_S = (0.4, 0.7)
PRESENT = 0.45
"""Likeness above which a chirp is there: chance and speech stay below 0.3."""
AUDIBLE = 10 ** (-60 / 20)
MISSED_S = 0.06
JUMP_S = 0.6
WAYS_MAX = 80
COST_MAX_S = 0.035
"""For each chirp; a train that was not heard at all costs 0.05."""


@dataclass(frozen=True)
class Train:
    """`samples` go into the microphone; `starts_s` is where each chirp begins in them."""

    samples: Sound = field(repr=False)
    starts_s: tuple[float, ...]


def chirp(level: float = 0.5) -> Sound:
    """One chirp: a sweep under a Hann window."""
    seconds = np.arange(round(CHIRP_S * RATE_HZ)) / RATE_HZ
    sweep = signal.chirp(seconds, FROM_HZ, CHIRP_S, TO_HZ, method="logarithmic")
    return np.asarray(level * sweep * np.hanning(seconds.size), np.float32)


def train(count: int, seed: int = 1, lead_s: float = 0.5) -> Train:
    """`count` chirps, the first after `lead_s`, and `lead_s` of silence after the last."""
    gaps = np.random.default_rng(seed).uniform(*APART_S, count)
    starts = lead_s + np.concatenate([[0.0], np.cumsum(gaps[:-1])])
    samples = np.zeros(round((starts[-1] + CHIRP_S + lead_s) * RATE_HZ), np.float32)
    one = chirp()
    for start_s in starts:
        at = round(start_s * RATE_HZ)
        samples[at : at + one.size] += one
    return Train(samples, tuple(float(start_s) for start_s in starts))


def find(recording: NDArray[np.floating]) -> NDArray[np.float64]:
    """When each chirp in the recording begins."""
    template = signal.hilbert(chirp(1.0))
    template = template / np.linalg.norm(template.real)
    if recording.size < template.size:
        return np.zeros(0)
    sound = np.asarray(recording, np.float64)
    likeness = np.abs(signal.fftconvolve(sound, np.conj(template[::-1]), mode="valid"))
    power = np.concatenate([[0.0], np.cumsum(sound**2)])
    energy = power[template.size :] - power[: -template.size]
    floor = AUDIBLE**2 * template.size
    score = np.where(energy > floor, likeness / np.sqrt(np.maximum(energy, floor)), 0.0)
    # The score is flat around a lone chirp in silence; the likeness has the peak.
    peaks, _ = signal.find_peaks(
        np.where(score > PRESENT, likeness, 0.0), distance=round(0.2 * RATE_HZ)
    )
    loudest = float(np.median(likeness[peaks])) if peaks.size else 0.0
    return np.asarray(peaks[likeness[peaks] > loudest / 8] / RATE_HZ)


def delays(
    said_s: NDArray[np.float64], heard_s: NDArray[np.float64], most_s: float
) -> list[float | None]:
    """For each chirp said, how late it was heard (0 to `most_s`), None where it was not.

    Of all ways to pair said with heard, the one whose delay changes least from chirp to chirp, where leaving one out costs
    `MISSED_S`: so the delay may drift and jump, and chirps may be lost. A pairing that is no better than chance is none.
    """
    ways = [_Way()]
    for number, at_s in enumerate(said_s):
        taken: dict[int, _Way] = {}
        first, last = np.searchsorted(heard_s, [at_s - 1e-6, at_s + most_s + 1e-6])
        for index in range(int(first), int(last)):
            before = [way for way in ways if way.index < index]
            if before:
                lag_s = float(heard_s[index] - at_s)
                best = min((way.take(number, index, lag_s) for way in before), key=_cost)
                taken[index] = best
        ways = sorted([*(way.miss() for way in ways), *taken.values()], key=_cost)[:WAYS_MAX]
    found = dict(ways[0].pairs) if ways[0].cost <= COST_MAX_S * len(said_s) else {}
    return [found.get(number) for number in range(len(said_s))]


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to pair the chirps so far. `pairs` are (number, delay)."""

    cost: float = 0.0
    index: int = -1
    pairs: tuple[tuple[int, float], ...] = ()

    def take(self, number: int, index: int, lag_s: float) -> _Way:
        change = min(abs(lag_s - self.pairs[-1][1]), JUMP_S) if self.pairs else 0.0
        return _Way(self.cost + change, index, (*self.pairs, (number, lag_s)))

    def miss(self) -> _Way:
        return _Way(self.cost + MISSED_S, self.index, self.pairs)


def _cost(way: _Way) -> float:
    return way.cost
