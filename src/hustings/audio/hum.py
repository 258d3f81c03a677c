"""What a room, a table and the mains add below a voice: taken out by a filter that knows their pitch. For who asks for it.

Two parts, both without delay. A high-pass of 80 Hz (Butterworth of the fourth order, 24 dB an octave) takes steps, knocks on a
table and the blast of a p. Notches 4 Hz wide take the mains' hum, 50 or 60 Hz and what of its multiples is there, but only
where a hum was measured in his pauses: a notch nobody needs would take a little of a deep voice. Nothing above 500 Hz is touched.

The filter is one recursion in partial fractions, H(z) = d + Σ r/(1 - p/z), so that 20 ms are one transform for what comes
in and one product of a small matrix for what still rings: exact, and no loop over samples.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, TICK

Samples = NDArray[np.float32]

HIGH_PASS_HZ = 80.0
NOTCH_HZ = 4.0
"""Width of a notch at −3 dB: mains keep their pitch within 0.1 Hz."""
MAINS_HZ = (50, 60)
PARTIALS = range(1, 9)
"""Multiples that are looked for: above the eighth a hum is a buzz, and noise rather than pitch."""

LOOK_TICKS = 12
"""So much of a pause (240 ms) is one look: enough to tell 50 from 60, and short enough for the pauses of one who talks alone."""
LOOKS = 6
"""So many are averaged: the power of mere noise is then within 4 dB of what is around it, but once in 100,000 times."""
FOUND_DB, LOST_DB = 6.0, 3.0
"""A multiple is a hum where it stands out of the hertz around it by so much, and stays one down to the second."""
LEAST_DB = -80.0
"""dBFS below which no hum is worth a notch."""

_FFT = 2 * TICK
_POLES_HIGH = 4
_TENTH = 12  # samples of which one is made for a look: 4 kHz are plenty for 480 Hz
_LINES = RATE // _TENTH  # bins of a look's transform, 1 Hz each
_SHAPE = np.hanning(LOOK_TICKS * TICK // _TENTH)
_POWER = 2 / _SHAPE.sum() ** 2  # of a sine, in the bin of its pitch
_AROUND = np.array([*range(-24, -9), *range(10, 25)])
_FADE = np.arange(1, TICK + 1) / TICK


@dataclass(frozen=True, slots=True)
class _Recursion:
    """One filter, ready, for a state of real and imaginary parts (2, poles). `spectrum` is that of its first 20 ms of response;
    `rings` (2, poles, TICK) what a state gives out, `takes` (2, poles, TICK) what 20 ms leave in it, `fades` (poles,) what 20 ms
    leave of it."""

    spectrum: NDArray[np.complex128]
    rings: NDArray[np.float64]
    takes: NDArray[np.float64]
    fades: NDArray[np.complex128]


@lru_cache(maxsize=64)
def _recursion(notches: tuple[int, ...]) -> _Recursion:
    """High-pass and notches as one. Only one pole of each pair is kept: the other is its conjugate."""
    zeros, poles, gain = _high_pass()
    radius = 1 - np.pi * NOTCH_HZ / RATE
    for hertz in notches:
        turn = np.exp(2j * np.pi * hertz / RATE)
        zeros += [turn, turn.conjugate()]
        poles += [radius * turn, radius * turn.conjugate()]
        # as loud as before at half the rate, far above: H(-1) of the pair is 1
        gain *= abs((1 + radius * turn) / (1 + turn)) ** 2
    upper = np.array([pole for pole in poles if pole.imag > 0])
    rest = [
        gain
        * np.prod([1 - zero / pole for zero in zeros])
        / np.prod([1 - other / pole for other in poles if other != pole])
        for pole in upper
    ]
    shares = np.array(rest)
    # H at z = 0 is what the partial fractions leave over: the direct part
    direct = float(gain * np.real(np.prod(zeros) / np.prod(poles)))
    at = np.arange(TICK)
    powers = upper[None, :] ** at[:, None]
    response = 2 * (powers @ shares).real
    response[0] += direct
    rings, takes = (2 * shares * powers * upper).T, powers[::-1].T
    return _Recursion(
        spectrum=np.fft.rfft(response, _FFT),
        rings=np.stack([rings.real, -rings.imag]),
        takes=np.stack([takes.real, takes.imag]),
        fades=upper**TICK,
    )


def _high_pass() -> tuple[list[complex], list[complex], float]:
    """Zeros, poles and gain of the Butterworth, by the bilinear transform, its corner where it should be."""
    corner = 2 * RATE * np.tan(np.pi * HIGH_PASS_HZ / RATE)
    angles = np.pi * (2 * np.arange(_POLES_HIGH) + 1) / (2 * _POLES_HIGH) + np.pi / 2
    analog = corner * np.exp(1j * angles)
    poles = [complex(one) for one in (2 * RATE + analog) / (2 * RATE - analog)]
    gain = float(np.real(np.prod([(1 + one) / 2 for one in poles])))
    return [1 + 0j] * _POLES_HIGH, poles, gain


class HumFilter:
    """One speaker's filter; its clock is its own: 20 ms after 20 ms."""

    def __init__(self) -> None:
        self.notches: tuple[int, ...] = ()
        """In hertz, those now taken out."""
        self._recursion = _recursion(())
        self._state = self._still()
        self._pause: list[Samples] = []
        self._looks: deque[NDArray[np.float64]] = deque(maxlen=LOOKS)

    def apply(self, sound: Samples, talking: bool) -> Samples:
        """(960,) filtered, without delay. What comes while he does not talk is looked at for a hum."""
        made = self._through(sound)
        if talking:
            self._pause.clear()
        elif self._learn(sound):
            self._recursion = _recursion(self.notches)
            self._state = self._still()
            made += (self._through(sound) - made) * _FADE
        return made.astype(np.float32)

    def rest(self) -> None:
        """Nothing of him is heard for a while: what rings is forgotten, not what was learned."""
        self._state = self._still()
        self._pause.clear()

    def _still(self) -> NDArray[np.float64]:
        return np.zeros((2, len(self._recursion.fades)))

    def _through(self, sound: Samples) -> NDArray[np.float64]:
        own = self._recursion
        out = np.fft.irfft(np.fft.rfft(sound, _FFT) * own.spectrum, _FFT)[:TICK]
        # einsum, not @: a product of this size wakes BLAS's threads, which wait for each other longer than it takes
        out += np.einsum("pk,pkn->n", self._state, own.rings)
        rung = own.fades * (self._state[0] + 1j * self._state[1])
        self._state = np.einsum("pkn,n->pk", own.takes, sound)
        self._state += np.stack([rung.real, rung.imag])
        return np.asarray(out, np.float64)

    def _learn(self, sound: Samples) -> bool:
        """Takes a tick of a pause; whether other notches are wanted now."""
        self._pause.append(sound)
        if len(self._pause) < LOOK_TICKS:
            return False
        thin = np.concatenate(self._pause).reshape(-1, _TENTH).mean(axis=1)
        self._pause.clear()
        self._looks.append(np.abs(np.fft.rfft(thin * _SHAPE, _LINES)) ** 2 * _POWER)
        if len(self._looks) < LOOKS:
            return False
        before, self.notches = self.notches, hums(np.mean(self._looks, axis=0), self.notches)
        return self.notches != before


def hums(power: NDArray[np.float64], known: tuple[int, ...] = ()) -> tuple[int, ...]:
    """The multiples of 50 or 60 Hz, whichever has more of them, that stand out of a spectrum of 1 Hz a bin (power of a sine in
    the bin of its pitch). `known`: those that were found before."""
    families = []
    for mains in MAINS_HZ:
        found = {}
        for hertz in (mains * partial for partial in PARTIALS):
            line = power[hertz - 1 : hertz + 2].max()
            above = line / max(float(np.median(power[hertz + _AROUND])), 1e-20)
            least_db = LOST_DB if hertz in known else FOUND_DB
            if line >= 10 ** (LEAST_DB / 10) and above >= 10 ** (least_db / 10):
                found[hertz] = line
        families.append(found)
    # 300 Hz is of both: it speaks for neither
    best = max(
        families, key=lambda found: sum(line for hertz, line in found.items() if hertz != 300)
    )
    return tuple(best)
