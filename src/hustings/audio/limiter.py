"""The ceiling of a bus: a look-ahead limiter on true peaks, without distortion of what stays below.

For each sample: the true peak around it (BS.1770-4 annex 2, four times oversampled), the gain that peak allows, the
least of these over the look-ahead, a straight release, and the mean of that over the look-ahead. The mean of minima can
be above none of the gains it looked at, so no peak gets through, and the gain moves in ramps instead of steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE

Samples = NDArray[np.float32]

CEILING_DBTP = -1.5
"""Highest true peak that a listener's decoder may put out."""

CODEC_HEADROOM_DB = 1.4
"""What AAC at 96 kbit/s and Opus at 64 kbit/s were seen to add to a peak (Opus the more); the limiter stays below by as much."""

_TAPS = 12  # of each phase of the interpolator
_CENTRE = 6  # of its taps: the interpolated points lie just before this sample
_MEAN = 234  # samples over which the gain is averaged
_LEAST = (
    _MEAN + 2
)  # samples over which it is the minimum: a sample's peak may lie on either side of it
LATENCY = _CENTRE + _MEAN
"""Samples by which sound leaves later than it came: 240 (5 ms). Whoever labels the output takes it off the clock."""

_HOP = 20
"""Samples whose interpolated points come of one row of a product of matrices: the longer the rows, the less of them is copied."""
_RELEASE = np.float32(1 / (0.2 * RATE))  # from 0 to 1 in 200 ms
_QUIET = 0.35  # of the ceiling: below this no interpolated peak reaches it (the taps add up to less than 1 / 0.35)


def _interpolator() -> NDArray[np.float32]:
    """(12, 3): the three points between two samples, as a Kaiser-windowed sinc."""
    taps = np.arange(_TAPS)[:, None] - (_CENTRE - 1)
    distance = taps - np.array([0.25, 0.5, 0.75])[None, :]
    window = np.kaiser(4 * _TAPS + 1, 5.0)
    places = (distance + _TAPS / 2) * 4
    phases = np.sinc(distance) * np.interp(places, np.arange(len(window)), window)
    return np.asarray(phases / phases.sum(axis=0), dtype=np.float32)


def _interpolators() -> NDArray[np.float32]:
    """(31, 60): the interpolator at each of `_HOP` samples in turn, the three points by phase."""
    phases = _interpolator()
    taps = np.zeros((_HOP + _TAPS - 1, 3, _HOP), np.float32)
    for at in range(_HOP):
        taps[at : at + _TAPS, :, at] = phases
    return taps.reshape(len(taps), -1)


class Limiter:
    """One bus's limiter. `latency` = `LATENCY` samples. Channels share one gain, so that the picture does not lean.

    ceiling_dbtp: highest true peak of the output in dB; default leaves the codecs their headroom.
    """

    latency = LATENCY

    def __init__(
        self, channels: int = 1, ceiling_dbtp: float = CEILING_DBTP - CODEC_HEADROOM_DB
    ) -> None:
        self._channels = channels
        self._ceiling = np.float32(10 ** (ceiling_dbtp / 20))
        self._phases = _interpolators()
        self._past = np.zeros((LATENCY + _CENTRE, channels), np.float32)
        self._allowed = np.ones(_LEAST - 1, np.float32)  # gains of the last peaks
        self._released = np.ones(_MEAN - 1, np.float32)  # the last minima after release
        self.gain = 1.0
        """Least gain of the last tick: 1.0 = untouched. For a meter."""

    def limit(self, frame: Samples) -> Samples:
        """The frame (n,) or (n, 2) of `latency` samples ago, below the ceiling; same shape."""
        count = len(frame)
        sound = np.concatenate([self._past, frame.reshape(count, self._channels)])
        self._past = sound[count:]
        delayed = sound[_CENTRE : _CENTRE + count]
        recent = sound[-(count + _TAPS - 1) :]
        loud = float(np.max(np.abs(recent), initial=0.0)) > _QUIET * self._ceiling
        allowed = self._allowed_by(recent) if loud else np.ones(count, np.float32)
        if allowed.min() == 1 and self._is_open():
            self.gain = 1.0
            return delayed.reshape(frame.shape).copy()
        gain = self._smooth(allowed)
        self.gain = float(gain.min())
        return (delayed * gain[:, None]).reshape(frame.shape)

    def _is_open(self) -> bool:
        return bool(self._allowed.min() == 1 and self._released.min() == 1)

    def _allowed_by(self, recent: Samples) -> Samples:
        """The gain that the true peak around each sample allows, (n,)."""
        count = len(recent) - _TAPS + 1
        hops = -(-count // _HOP)
        length = hops * _HOP + _TAPS - 1
        sound = np.zeros((self._channels, length), np.float32)
        sound[:, : len(recent)] = recent.T
        # Copied into rows: a product of matrices is many times faster than one of strides.
        rows = np.ndarray(
            (self._channels, hops, len(self._phases)),
            np.float32,
            sound,
            0,
            (4 * length, 4 * _HOP, 4),
        )
        between = rows.reshape(-1, len(self._phases)) @ self._phases
        np.abs(between, out=between)
        highest = between.reshape(self._channels, hops, 3, _HOP).max(axis=(0, 2)).ravel()[:count]
        at = np.abs(sound[:, _CENTRE - 1 : _CENTRE + count]).max(axis=0)
        peak = np.maximum(highest, np.maximum(at[:-1], at[1:]))
        return np.asarray(self._ceiling / np.maximum(peak, self._ceiling), dtype=np.float32)

    def _smooth(self, allowed: Samples) -> Samples:
        """Minimum over the look-ahead, release, mean over the look-ahead."""
        count = len(allowed)
        joined = np.concatenate([self._allowed, allowed])
        self._allowed = joined[count:]
        least = _sliding_min(joined, _LEAST)
        # r[n] = min(least[n], r[n-1] + step), unrolled: the running minimum of least − n·step, plus n·step.
        slope = _RELEASE * np.arange(1, count + 1, dtype=np.float32)
        start = self._released[-1]
        released = np.minimum(np.minimum.accumulate(least - slope), start) + slope
        released = np.minimum(released, 1.0).astype(np.float32)
        history = np.concatenate([self._released, released])
        self._released = history[count:]
        total = np.concatenate([[0.0], np.cumsum(history, dtype=np.float64)])
        return np.asarray((total[_MEAN:] - total[:-_MEAN]) / _MEAN, dtype=np.float32)


def _sliding_min(values: Samples, width: int) -> Samples:
    """Minimum of each `width` neighbours, by doubling: (n,) to (n − width + 1,)."""
    done = 1
    while done * 2 <= width:
        values = np.minimum(values[:-done], values[done:])
        done *= 2
    rest = width - done
    return np.minimum(values[: len(values) - rest], values[rest:])
