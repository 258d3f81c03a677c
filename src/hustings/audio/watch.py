"""What a microphone gives, once a second: level, noise, clipping, how wide its band is, how its sibilants stand.

The band ends where speech no longer rises out of the microphone's own noise: the spectrum of the loudest frames of the last
seconds of talk against that of the quietest. It is *cut* where there is not even noise above it, as behind a headset's
narrow-band link; no network does that: it loses packets, not bands. A second is one transform; nothing is done for a tick.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, TICK
from hustings.audio.level import FLOOR_DB, Samples

SECONDS = 10
"""So much talk is looked back on."""
WINDOW = 1_024
BAND_HZ, TOP_HZ = 500, 20_000
TALK_DB, SILENT_DB, HEARD_DB = 10.0, -50.0, -90.0
"""Talk is so far above the noise, and above the second; below the third nothing came at all."""
TALK_FRAMES = 10
"""A second with fewer frames of talk (20 ms each) says nothing of a voice."""
DEPTH_DB = 65.0
"""Below the loudest band by more than this a band is empty. Narrow-band speech falls off there by 70 dB and more, while the
darkest fullband voice keeps within 60 (both seen through Opus)."""
ABOVE_NOISE_DB = 10.0
"""The loudest and the quietest frames of mere noise lie 4 dB apart in a band."""
SIBILANT_HZ = (4_000, 16_000)
FLAT = 0.89
"""Samples within 1 dB of full scale: speech that is whole has one in 1,000, speech cut off by 6 dB one in 100 (after Opus,
which rounds the edges and overshoots)."""

Bands = NDArray[np.float64]
_EDGES = np.arange(0, TOP_HZ + 1, BAND_HZ)
_HERTZ = np.fft.rfftfreq(WINDOW, 1 / RATE)
_FIRST = np.searchsorted(_HERTZ, _EDGES)
_SHAPE = np.hanning(WINDOW)
_SCALE = 2 / (WINDOW * float(_SHAPE @ _SHAPE))


@dataclass(frozen=True, slots=True)
class Voice:
    """Of the last seconds of talk. `level_db` and `noise_db` are in dBFS (`FLOOR_DB`: none yet); `clipped` is the share of
    samples at full scale; `band_hz` where the band ends, `is_cut` whether nothing at all is above it; `sibilance` the
    share of power in `SIBILANT_HZ`; `centroid_hz` that of its s and f, 0 if there were none."""

    seconds: int = 0
    level_db: float = FLOOR_DB
    noise_db: float = FLOOR_DB
    clipped: float = 0.0
    band_hz: int = 0
    is_cut: bool = False
    sibilance: float = 0.0
    centroid_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class _Talk:
    """One second in which he talked."""

    power: float
    loud: Bands
    clipped: float
    high: float
    hiss: float
    hiss_hertz: float


class VoiceWatch:
    """One microphone. `second` takes what came of it, decoded and before any gain; `voice` is what is known."""

    def __init__(self) -> None:
        self._talk: deque[_Talk] = deque(maxlen=SECONDS)
        self._quiet: deque[tuple[float, Bands]] = deque(maxlen=SECONDS)
        self.voice = Voice()

    def second(self, sound: Samples) -> None:
        """Takes a second in, (n,) float32 mono at 48 kHz, zeros where nothing came. Shorter than a window: nothing."""
        if len(sound) < WINDOW:
            return
        frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::TICK]
        power = np.abs(np.fft.rfft(frames * _SHAPE)) ** 2 * _SCALE
        bands = np.add.reduceat(power[:, : _FIRST[-1]], _FIRST[:-1], axis=1)
        level = _decibels(bands.sum(axis=1))
        came = level > HEARD_DB
        if not came.any():
            return
        self._quiet.append(
            (float(np.percentile(level[came], 10)), np.percentile(bands[came], 10, axis=0))
        )
        talks = level > max(self._noise_db + TALK_DB, SILENT_DB)
        if talks.sum() >= TALK_FRAMES:
            self._talk.append(_talk(sound, power[talks], bands[talks]))
        self.voice = self._measured()

    @property
    def _noise_db(self) -> float:
        return min(level for level, _ in self._quiet)

    def _measured(self) -> Voice:
        if not self._talk:
            return Voice(noise_db=self._noise_db)
        band_hz, reach_hz = self._band()
        power = sum(one.power for one in self._talk)
        hiss = sum(one.hiss for one in self._talk)
        return Voice(
            seconds=len(self._talk),
            level_db=float(_decibels(power / len(self._talk))),
            noise_db=self._noise_db,
            clipped=float(np.mean([one.clipped for one in self._talk])),
            band_hz=band_hz,
            is_cut=reach_hz == band_hz < TOP_HZ,
            sibilance=sum(one.high for one in self._talk) / power,
            centroid_hz=sum(one.hiss_hertz for one in self._talk) / hiss if hiss else 0.0,
        )

    def _band(self) -> tuple[int, int]:
        """The upper ends of the highest band in which speech is heard, and of the highest in which anything is."""
        loud = _decibels(np.percentile([one.loud for one in self._talk], 75, axis=0))
        noise = _decibels(np.percentile([bands for _, bands in self._quiet], 25, axis=0))
        is_there = loud > loud.max() - DEPTH_DB
        is_heard = is_there & (loud > noise + ABOVE_NOISE_DB)
        return int(_EDGES[1:][is_heard].max(initial=0)), int(_EDGES[1:][is_there].max())


def _talk(sound: Samples, power: NDArray[np.float64], bands: Bands) -> _Talk:
    """`power` and `bands` are those of the frames of talk alone."""
    first, last = np.searchsorted(_HERTZ, SIBILANT_HZ)
    high, low = power[:, first:last].sum(axis=1), power[:, :first].sum(axis=1)
    hissing = power[high > low, first:last]
    return _Talk(
        power=float(bands.sum(axis=1).mean()),
        loud=np.percentile(bands, 95, axis=0),
        clipped=float(np.mean(np.abs(sound) > FLAT)),
        high=float(high.mean()),
        hiss=float(hissing.sum()),
        hiss_hertz=float((hissing @ _HERTZ[first:last]).sum()),
    )


def _decibels(power: Bands | float) -> Bands:
    return 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
