"""The room's clock: 48 kHz samples since 1970, set once and then driven by the monotonic clock alone.

A *clock* is an `int` of samples. Wall time sets the origin when the doors open; after that a step of the wall clock
(NTP, a leap second, an operator) moves nothing, so that segment numbers, which are clocks, never jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

RATE = 48_000
"""Samples per second, everywhere."""

TICK = 960
"""Samples in a tick (20 ms): the unit in which a room is worked."""

SEGMENT = 184_320
"""Samples in a segment (3.84 s): 192 ticks, 180 AAC frames, 192 Opus frames. Segment number = clock // SEGMENT."""

_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """A line through one known moment: `origin` (samples since 1970) was at `origin_ns` (monotonic).

    Integer arithmetic throughout: a float of nanoseconds would lose samples after a few weeks.
    Errors: `ValueError` when `origin` is not a whole tick.
    """

    origin: int
    origin_ns: int

    def __post_init__(self) -> None:
        if self.origin % TICK:
            raise ValueError(f"the origin {self.origin} is not a multiple of {TICK} samples")

    def now(self, monotonic_ns: int) -> int:
        """Samples since 1970 at that monotonic moment, rounded down."""
        return self.origin + (monotonic_ns - self.origin_ns) * RATE // _NS

    def tick_at(self, monotonic_ns: int) -> int:
        """Clock of the first sample of the tick that contains that moment."""
        return self.now(monotonic_ns) // TICK * TICK

    def monotonic_ns(self, clock: int) -> int:
        """The first monotonic nanosecond at which `now` is `clock`."""
        return self.origin_ns - (-(clock - self.origin) * _NS // RATE)


def clock_from_unix_ns(ns: int) -> int:
    """The clock of a wall time, rounded down to a tick: the origin of a room whose doors open then."""
    return ns * RATE // _NS // TICK * TICK


def unix_ms(clock: int) -> int:
    """Milliseconds since 1970, rounded down."""
    return clock * 1000 // RATE


def iso(clock: int) -> str:
    """UTC with milliseconds and Z, as EXT-X-PROGRAM-DATE-TIME wants it: `2024-08-12T20:00:00.000Z`."""
    moment = _EPOCH + timedelta(milliseconds=unix_ms(clock))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
