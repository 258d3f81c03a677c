"""Steady noise, a fan or a hiss, turned down by up to 12 dB: for who asks for it. It costs a tick of delay and no band.

The spectrum of 40 ms, every 20 ms. What a bin falls to at least once in three seconds is noise (minimum statistics, Martin
2001): speech has gaps at every pitch, a fan has none. Each bin gets the gain of a Wiener filter, steered by what the last
frame had of a voice there (decision-directed, Ephraim and Malah 1984), which keeps the rest from twittering. No gain is below
−12 dB: a room is made quieter, not cut out, and a mistake is no hole. A dog, a door and another's talk stay as they are.

Nothing here was trained. RNNoise takes more away and, measured beside this, also of the voice: `docs/voice.md` has the figures.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import TICK

Samples = NDArray[np.float32]

LATENCY = TICK
"""Samples by which sound leaves later than it came."""
LEAST_DB = -12.0
"""Nothing is turned down by more."""

_WINDOW = 2 * TICK
_SHAPE = np.sqrt(np.hanning(_WINDOW + 1)[:_WINDOW]).astype(np.float32)  # its square adds up to 1
_LEAST = np.float32(10 ** (LEAST_DB / 20))
_SMOOTH = np.float32(0.5)  # of the power that minima are looked for in
_BIAS = np.float32(3.0)  # a minimum of so smoothed a power lies so far below its mean
_BLOCK_TICKS, _BLOCKS, _KNOWN_BLOCKS = 8, 18, 9
_VOICE_STAYS = np.float32(0.95)  # Ephraim and Malah's alpha, for 20 ms
_NOTHING = np.float32(1e-9)


class Denoiser:
    """One speaker's. `before`: the tick (960,) ahead of the first, which `apply` gives out first."""

    def __init__(self, before: Samples) -> None:
        self._past = before
        self._tail: Samples = before * _SHAPE[TICK:] ** 2
        self._power: Samples | None = None
        self._block: Samples | None = None
        self._ticks = 0
        self._minima: deque[Samples] = deque(maxlen=_BLOCKS)
        self._least: Samples | None = None
        self._voice = np.zeros(TICK + 1, np.float32)

    def apply(self, sound: Samples) -> Samples:
        """Takes a tick in, (960,); the one before, its noise turned down. What is not known yet is left as it is: 1.4 s."""
        both = np.concatenate([self._past, sound])
        self._past = sound
        spectrum = np.fft.rfft(both * _SHAPE)
        power = np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
        self._learn(power)
        if self._least is not None:
            spectrum *= self._gain(power)
        made = np.asarray(np.fft.irfft(spectrum, _WINDOW) * _SHAPE, np.float32)
        out = self._tail + made[:TICK]
        self._tail = made[TICK:]
        return out

    def rest(self) -> None:
        """Nothing of him is heard for a while: his sound is forgotten, not his noise."""
        self._past, self._tail = (np.zeros(TICK, np.float32) for _ in range(2))
        self._voice[:] = 0

    def _learn(self, power: Samples) -> None:
        """The least power of each bin in the last three seconds."""
        smooth = power if self._power is None else power + _SMOOTH * (self._power - power)
        self._power = smooth
        self._block = smooth if self._block is None else np.minimum(self._block, smooth)
        self._ticks += 1
        if self._ticks % _BLOCK_TICKS:
            return
        self._minima.append(self._block)
        self._block = None
        if len(self._minima) >= _KNOWN_BLOCKS:
            self._least = np.min(self._minima, axis=0)

    def _gain(self, power: Samples) -> Samples:
        assert self._least is not None
        least = self._least if self._block is None else np.minimum(self._least, self._block)
        above = power / (_BIAS * least + _NOTHING)
        now = np.maximum(above - 1, 0)
        ratio = now + _VOICE_STAYS * (self._voice - now)
        gain = ratio / (1 + ratio)
        self._voice = gain * gain * above
        return np.asarray(np.maximum(gain, _LEAST), np.float32)
