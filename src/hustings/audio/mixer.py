"""The mixer: a matrix of gains, sources × buses; every change of one is a ramp over one tick (20 ms).

A source is a voice (mono) or a sound of two channels (the holding sound); a bus has one channel or two. In a bus of two,
a mono source stands in the centre at −3 dB in each channel, so that its BS.1770 loudness there is what it was alone; in a
bus of one, a source of two channels is half of each.

    program    two channels   what listeners hear; its gains are 0 until the journal says *on air*
    stage      one channel    everybody on the stage, on the air or not
    talkback   one channel    to the stage alone, never to the program
    clean:{id} one channel    a clean feed (mix-minus): the stage without that talker
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import TICK

Samples = NDArray[np.float32]

PROGRAM, STAGE, TALKBACK = "program", "stage", "talkback"
CENTRE = 1 / sqrt(2)
"""Gain of a mono source in each channel of a two-channel bus (−3.01 dB)."""

_RAMP = (np.arange(1, TICK + 1, dtype=np.float32) / TICK)[None, :]


def clean_feed(talker: str) -> str:
    """The bus on which that talker hears the others and not himself."""
    return f"clean:{talker}"


class Mixer:
    """Gains of sources in buses, and their application to one tick at a time.

    Rows of the matrix are source channels, columns bus channels. A new source or bus has gain 0 everywhere. Taking away a
    source or bus that still sounds is a step, hence a click: give it gain 0, mix one tick, then remove it.
    Errors: `KeyError` for an unknown name, `ValueError` for a name in use, a gain that is negative or no number.
    """

    def __init__(self) -> None:
        self._sources: dict[str, slice] = {}
        self._buses: dict[str, slice] = {}
        self._gain = np.zeros((0, 0), np.float32)  # where the last tick ended
        self._wanted = np.zeros((0, 0), np.float32)  # where this tick goes
        self._ramping = False

    @property
    def sources(self) -> list[str]:
        return list(self._sources)

    @property
    def buses(self) -> list[str]:
        return list(self._buses)

    def add_source(self, source: str, channels: int = 1) -> None:
        """A source of one or two channels, silent in every bus until `set_gain`."""
        self._sources[source] = self._grown(self._sources, source, channels, axis=0)

    def add_bus(self, bus: str, channels: int = 1) -> None:
        """A bus of one or two channels, without sources until `set_gain`."""
        self._buses[bus] = self._grown(self._buses, bus, channels, axis=1)

    def _grown(self, names: dict[str, slice], name: str, channels: int, axis: int) -> slice:
        if name in names:
            raise ValueError(f"{name!r} is in the mixer already")
        if channels not in (1, 2):
            raise ValueError(f"one channel or two, not {channels}")
        at = self._gain.shape[axis]
        more = [(0, channels if side == axis else 0) for side in (0, 1)]
        self._gain, self._wanted = np.pad(self._gain, more), np.pad(self._wanted, more)
        return slice(at, at + channels)

    def remove_source(self, source: str) -> None:
        """Takes a source away at once (see the class: gain 0 first)."""
        self._shrink(self._sources, source, axis=0)

    def remove_bus(self, bus: str) -> None:
        """Takes a bus away at once."""
        self._shrink(self._buses, bus, axis=1)

    def _shrink(self, names: dict[str, slice], name: str, axis: int) -> None:
        gone = names.pop(name)
        self._gain = np.delete(self._gain, gone, axis)
        self._wanted = np.delete(self._wanted, gone, axis)
        width = gone.stop - gone.start
        for other, place in names.items():
            if place.start > gone.start:
                names[other] = slice(place.start - width, place.stop - width)

    def set_gain(self, source: str, bus: str, gain: float) -> None:
        """The gain (linear, ≥ 0) of a source in a bus: reached at the end of the next `mix`."""
        if not isfinite(gain) or gain < 0:
            raise ValueError(f"a gain is a number from 0 up, not {gain}")
        rows, columns = self._sources[source], self._buses[bus]
        width, height = columns.stop - columns.start, rows.stop - rows.start
        if width == height == 1:
            self._wanted[rows.start, columns.start] = gain
        elif width == height:
            self._wanted[rows, columns] = gain * np.eye(2)
        else:
            self._wanted[rows, columns] = gain * (CENTRE if width == 2 else 0.5)
        self._ramping = True

    def gain(self, source: str, bus: str) -> float:
        """The gain last set."""
        rows, columns = self._sources[source], self._buses[bus]
        value = float(self._wanted[rows.start, columns.start])
        width, height = columns.stop - columns.start, rows.stop - rows.start
        return value if width == height else value / (CENTRE if width == 2 else 0.5)

    def mix(
        self, frames: Mapping[str, Samples], wanted: Collection[str] | None = None
    ) -> dict[str, Samples]:
        """One tick of every bus, or of those that are `wanted`: (960,), or (960, 2) for a bus of two channels.

        frames: a tick of each source that sounds, (960,) or (960, 2); one that is absent is silent and costs nothing. A
        frame that holds anything but finite numbers is left out: it would silence every bus, its gain 0 or not.
        """
        rows, stacked = self._stacked(frames)
        places = {bus: self._buses[bus] for bus in (self._buses if wanted is None else wanted)}
        columns = [at for place in places.values() for at in range(place.start, place.stop)]
        mixed = self._apply(rows, columns, stacked)
        buses, at = {}, 0
        for bus, place in places.items():
            if place.stop - place.start == 1:
                buses[bus] = mixed[at]
                at += 1
            else:
                buses[bus] = np.ascontiguousarray(mixed[at : at + 2].T)
                at += 2
        return buses

    def _stacked(self, frames: Mapping[str, Samples]) -> tuple[list[int], Samples]:
        """Which rows sound, and their ticks, (rows, 960)."""
        rows: list[int] = []
        stacked = np.empty((2 * len(frames), TICK), np.float32)
        for source, frame in frames.items():
            place, at = self._sources[source], len(rows)
            rows.extend(range(place.start, place.stop))
            stacked[at : len(rows)] = frame.T
        stacked = stacked[: len(rows)]
        if not np.isfinite(stacked).all():  # as good as never: who is it?
            finite = {one: frame for one, frame in frames.items() if np.isfinite(frame).all()}
            return self._stacked(finite)
        return rows, stacked

    def _apply(self, rows: list[int], columns: list[int], stacked: Samples) -> Samples:
        """Bus channels (columns, 960) of the rows that sound; afterwards every gain is where it was wanted."""
        gain = self._gain.take(rows, 0).take(columns, 1)
        mixed = gain.T @ stacked
        if self._ramping:
            wanted = self._wanted.take(rows, 0).take(columns, 1)
            mixed += ((wanted - gain).T @ stacked) * _RAMP
            self._gain = self._wanted.copy()
            self._ramping = False
        return mixed

    def add_talker(self, talker: str) -> None:
        """A voice on the stage: a source, its clean feed, and gain 1 in all other clean feeds and in `STAGE`, if there.

        Not in the program: that is the journal's to open.
        """
        others = [bus.removeprefix("clean:") for bus in self._buses if bus.startswith("clean:")]
        self.add_source(talker)
        self.add_bus(clean_feed(talker))
        for other in others:
            self.set_gain(talker, clean_feed(other), 1.0)
            self.set_gain(other, clean_feed(talker), 1.0)
        if STAGE in self._buses:
            self.set_gain(talker, STAGE, 1.0)

    def remove_talker(self, talker: str) -> None:
        """Takes the voice and its clean feed away."""
        self.remove_source(talker)
        self.remove_bus(clean_feed(talker))
