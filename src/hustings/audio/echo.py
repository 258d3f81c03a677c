"""Finds a microphone that carries the program back: a loudspeaker in the room, or a page that plays along, up to 10 s late.

What is compared is how the spectrum leans, not the wave: rooms, loudspeakers, codecs and automatic gains change a wave, and two
people who pause together have alike levels. So a tick is the steps, in decibels, between 16 neighbouring bands. The ticks of four
seconds of one microphone are slid along those of what was to be heard in the last fourteen (an FFT along time for each step);
where they fit, they are that. Nobody's sound is an echo of himself, though it may repeat itself (music, a siren): of what was to
be heard only those ticks count in which another was loudest, and for lags below `OWN_TICKS` his clean feed is compared.

One microphone is looked at at a time, those that sound in turn, so the cost does not grow with the stage:

    state      event    next       when
    clear      fits     suspected  there is a fit; he is looked at again a second later
    suspected  fits     echoing    again, at the same lag
    suspected  differs  clear
    echoing    fits     echoing
    echoing    cleared  clear      `LOOKS_CLEAR` looks on end found none

It is found in the pauses of him whose microphone it is: under a voice that is louder nothing fits. Who echoes is turned down, but
while he talks over it. Time is counted in ticks of 20 ms, samples are float32 at 48 kHz.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, TICK
from hustings.audio.level import FLOOR_DB
from hustings.audio.loudest import AUDIBLE_DB

Samples = NDArray[np.float32]
Lean = NDArray[np.float32]
State = Literal["clear", "suspected", "echoing"]
TRANSITIONS: dict[tuple[State, str], State] = {
    ("clear", "fits"): "suspected",
    ("suspected", "fits"): "echoing",
    ("suspected", "differs"): "clear",
    ("echoing", "fits"): "echoing",
    ("echoing", "cleared"): "clear",
}

BANDS = 16
LOW_HZ, HIGH_HZ = 250.0, 6_000.0
FLOOR = 1e-7
"""Energy of a band below which nothing is told apart (−70 dB)."""
WINDOW_TICKS = 200
LAG_TICKS = 500
OWN_TICKS = 30
NEAREST_TICKS = 5
"""Sooner nothing comes back by loudspeaker and wire: two who sit at one table are in both microphones."""
FITS = 0.33
"""Likeness, 0 to 1, from which it is the same sound. Measured on speech: other people, and the same one with other words, at most
0.22; a loudspeaker in a room 0.43 and more, 0.41 (the median) beside one's own voice 3 dB below it."""
SOUNDS_MIN = 0.3
"""Share of the window that must be audible: silence is like silence."""
SAME_TICKS = 3
TOGETHER_TICKS = 5
"""So many ticks are made into spectra at once."""
AGAIN_TICKS = 50
LOOKS_CLEAR = 3
DUCKED = 0.18
"""Gain of one who echoes, −15 dB."""
OVER_DB = 8.0
"""So far above his echo is his own voice: it is not turned down, nor for `HANG_TICKS` after it."""
HANG_TICKS = 25


def _bands() -> NDArray[np.float32]:
    """(481, BANDS): which bins of a tick's spectrum each band has; all are of one width in octaves."""
    edges = np.geomspace(LOW_HZ, HIGH_HZ, BANDS + 1)
    bins = np.fft.rfftfreq(TICK, 1 / RATE)[:, None]
    within = (bins >= edges[:-1]) & (bins < edges[1:])
    return np.asarray(within / TICK**2, np.float32)


_BANDS = _bands()
_HANN = np.hanning(TICK).astype(np.float32)


def lean(frame: Samples) -> Lean:
    """(BANDS - 1,) steps between neighbouring bands of a tick, (960,), in decibels; of silence all are 0. Of ticks, (n, 960),
    those of each."""
    spectrum = np.fft.rfft(frame * _HANN)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ _BANDS
    levels = 10 * np.log10(power + FLOOR)
    return np.asarray(levels[..., 1:] - levels[..., :-1], np.float32)


def likeness(near: NDArray[np.float32], far: NDArray[np.float32]) -> NDArray[np.float64]:
    """The correlation of `near`, (n, steps), with `far`, (n + m, steps), at each of m + 1 lags: index 0 is no lag, the last the
    longest. 0 where `far` is silent."""
    n = len(near)
    near = near - near.mean(0)
    size = 1 << (len(far) + n - 1).bit_length()
    cross = np.fft.rfft(far, size, axis=0) * np.conj(np.fft.rfft(near, size, axis=0))
    both = np.fft.irfft(cross.sum(1), size)[: len(far) - n + 1]
    zero = np.zeros((1, far.shape[1]))
    sums = np.concatenate([zero, np.cumsum(far, axis=0, dtype=np.float64)])
    squares = np.concatenate([zero, np.cumsum(np.square(far, dtype=np.float64), axis=0)])
    spread = (squares[n:] - squares[:-n]) - (sums[n:] - sums[:-n]) ** 2 / n
    norms = np.sqrt(np.maximum(spread.sum(1), 0) * np.sum(np.square(near, dtype=np.float64)))
    return np.where(norms > n, both / np.maximum(norms, 1), 0.0)[::-1]


@dataclass(slots=True)
class Standing:
    """One person's. `lag` of the last fit in ticks, `level_db` how loud his echo was then; `over`: ticks that his own voice is
    still let through."""

    state: State = "clear"
    lag: int = 0
    level_db: float = FLOOR_DB
    misses: int = 0
    looked: int = 0
    over: int = 0


class EchoWatch:
    """In each tick: `wanted`, then `hear` what he who is wanted had. `gain` and `echoing` at any time."""

    def __init__(self) -> None:
        steps = BANDS - 1
        self._far = np.zeros((WINDOW_TICKS + LAG_TICKS, steps), np.float32)
        self._loudest: deque[str] = deque([""] * len(self._far), len(self._far))
        self._clean = np.zeros((WINDOW_TICKS + OWN_TICKS, steps), np.float32)
        self._near = np.zeros((WINDOW_TICKS, steps), np.float32)
        self._near_db = deque([FLOOR_DB] * WINDOW_TICKS, WINDOW_TICKS)
        self._people: dict[str, Standing] = {}
        self._taken: list[
            tuple[Samples | None, ...]
        ] = []  # ticks of which no spectrum was made yet
        self._taken_for = ""
        self._person = ""
        self._left = 0
        self._now = 0

    @property
    def echoing(self) -> dict[str, float]:
        """Who carries the program back, and how late in seconds."""
        found = {one: it.lag for one, it in self._people.items() if it.state == "echoing"}
        return {person: lag * TICK / RATE for person, lag in found.items()}

    def gain(self, person: str, level_db: float) -> float:
        """Of one whose microphone has this level in this tick."""
        standing = self._people.get(person)
        if standing is None or standing.state != "echoing":
            return 1.0
        is_over = level_db > standing.level_db + OVER_DB
        standing.over = HANG_TICKS if is_over else max(0, standing.over - 1)
        return 1.0 if standing.over else DUCKED

    def wanted(self, sounding: Collection[str]) -> str:
        """Whom to look at in this tick: who is being looked at, else of those who sound who waits longest; empty: nobody."""
        self._now += 1
        if not self._person and sounding:
            for person in sounding:
                self._people.setdefault(person, Standing())
            self._person = min(sounding, key=lambda one: self._people[one].looked)
            self._left = len(self._clean)
        return self._person

    def forget(self, person: str) -> None:
        """He is gone; nothing if he was never looked at."""
        self._people.pop(person, None)
        if self._person == person:
            self._person = ""

    def hear(
        self,
        stage: Samples | None,
        loudest: str,
        own: Samples | None,
        clean: Samples | None,
        own_db: float,
    ) -> None:
        """A tick, (960,) each, of what all hear and whose it is most, and of who is wanted: his sound and its level, his clean
        feed. None: silence."""
        if self._person != self._taken_for or len(self._taken) == TOGETHER_TICKS:
            self._take_in()
        self._taken_for = self._person
        self._taken.append((stage, own, clean) if self._person else (stage,))
        self._loudest.append(loudest)
        if not self._person:
            return
        self._near_db.append(own_db)
        self._left -= 1
        if self._left <= 0:
            self._take_in()
            self._look(self._people[self._person])

    def _take_in(self) -> None:
        """The spectra of the ticks since the last time, together: that costs little more than those of one."""
        if not self._taken:
            return
        sounds = [sound for tick in self._taken for sound in tick]
        present = {at: sound for at, sound in enumerate(sounds) if sound is not None}
        steps = np.zeros((len(sounds), BANDS - 1), np.float32)
        if present:
            steps[list(present)] = lean(np.stack(list(present.values())))
        rings = (self._far, self._near, self._clean)
        width = len(self._taken[0])
        for at in range(width):
            _push(rings[at], steps[at::width])
        self._taken.clear()

    def _look(self, standing: Standing) -> None:
        standing.looked = self._now
        was = standing.state
        if np.mean(np.array(self._near_db) > AUDIBLE_DB) >= SOUNDS_MIN:
            self._judge(standing, self._heard_by(self._person))
        if standing.state == "suspected" and was == "clear":
            self._left = AGAIN_TICKS
        else:
            self._person = ""

    def _heard_by(self, person: str) -> NDArray[np.float32]:
        """What was to be heard, without the ticks that were most of all his own."""
        is_own = np.fromiter((one == person for one in self._loudest), bool, len(self._far))
        return np.where(is_own[:, None], np.float32(0), self._far)

    def _judge(self, standing: Standing, far: NDArray[np.float32]) -> None:
        fits = likeness(self._near, far)
        fits[:OWN_TICKS] = likeness(self._near, self._clean)[:OWN_TICKS]
        lag = int(np.argmax(fits))
        is_fit = fits[lag] >= FITS and lag >= NEAREST_TICKS
        is_same = abs(lag - standing.lag) <= SAME_TICKS
        if is_fit and (is_same or standing.state != "suspected"):
            standing.lag, standing.misses = lag, 0
            standing.level_db = float(np.percentile(np.array(self._near_db), 90))
            standing.state = TRANSITIONS[standing.state, "fits"]
            return
        standing.misses += 1
        if standing.state == "suspected":
            standing.state = TRANSITIONS["suspected", "differs"]
        elif standing.state == "echoing" and standing.misses >= LOOKS_CLEAR:
            standing.state = TRANSITIONS["echoing", "cleared"]


def _push(ring: NDArray[np.float32], rows: NDArray[np.float32]) -> None:
    """The newest row is the last."""
    ring[: -len(rows)] = ring[len(rows) :]
    ring[-len(rows) :] = rows
