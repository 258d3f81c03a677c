"""What a playlist names, and whose bytes may go. It holds no sound but the open segment's."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from hustings.hls.fmp4 import init_name, init_section
from hustings.hls.profile import RATE, Profile
from hustings.hls.segmenter import Part, Segment, join
from hustings.hls.variant import Variant

NAMED_SAMPLES = 30 * RATE
"""At least this much of complete segments stays in the playlist (rfc8216bis §6.2.2 asks for
three target durations, Apple's authoring rules for six segments: this is eight)."""

BYTES_SAMPLES = 90 * RATE
"""An object's bytes stay this long after its last sample: about 59 s after the playlist forgot it,
where rfc8216bis §6.2.2 asks for the playlist's length (38.4 s) more."""


@dataclass(frozen=True, slots=True)
class Named:
    """A segment as the playlist names it: where it starts, how long, and its parts' lengths.

    `samples` grows while the segment is open. Part `i` is named `s{msn}.{i}.m4s`.
    """

    msn: int
    clock: int
    part_samples: tuple[int, ...]

    @property
    def samples(self) -> int:
        return sum(self.part_samples)

    @property
    def end(self) -> int:
        return self.clock + self.samples


class Window:
    """The live window of one variant: segments named now, and the open one at their end.

    A window that starts inside a segment keeps quiet about that segment: a player counts parts
    from 0, so a segment without its first parts cannot be named. Fill its head with silence if the
    wait (3.84 s at most) matters.
    """

    def __init__(self, profile: Profile, variant: Variant) -> None:
        self.profile = profile
        self.variant = variant
        self.init = init_section(variant)
        self.map_uri = init_name(self.init)
        self._complete: deque[Named] = deque()
        self._open: list[Part] = []
        self._next: tuple[int, int] | None = None
        self._due: deque[tuple[int, str]] = deque()
        self._ended = False

    @property
    def ended(self) -> bool:
        """True once no part will follow."""
        return self._ended

    @property
    def last(self) -> tuple[int, int] | None:
        """(segment number, part index) of the newest part named; None while nothing is."""
        if self._open:
            return self._open[-1].msn, self._open[-1].index
        if self._complete:
            return self._complete[-1].msn, len(self._complete[-1].part_samples) - 1
        return None

    @property
    def next(self) -> tuple[int, int] | None:
        """(segment number, part index) of the part to come; None before the first and after end."""
        return None if self._ended else self._next

    @property
    def complete(self) -> tuple[Named, ...]:
        """The segments named with a length, oldest first."""
        return tuple(self._complete)

    @property
    def open(self) -> Named | None:
        """The segment that is not whole yet, if it has a part."""
        return _named(self._open) if self._open else None

    def append(self, part: Part) -> Segment | None:
        """Take the next part; returns the segment it completes, whose bytes to publish then.

        Raises ValueError, and changes nothing, after `end`, or if the part is not the next one.
        """
        if self._ended:
            raise ValueError("the window has ended")
        if self._next is not None and (part.msn, part.index) != self._next:
            raise ValueError(f"part {part.name} where {self._next} is next")
        self._next = self.profile.after(part.msn, part.index)
        self._due.append((part.end + BYTES_SAMPLES, part.name))
        if not self._open and part.index > 0:
            return None
        self._open.append(part)
        return self._close() if self._next[1] == 0 else None

    def end(self) -> Segment | None:
        """No part will follow. Returns the last segment, if it was cut short. Safe to repeat."""
        self._ended = True
        return self._close() if self._open else None

    def expired(self, clock: int | None = None) -> tuple[str, ...]:
        """Names whose bytes may be dropped at `clock`; each is given once.

        Without `clock`, that of the newest part is taken; pass the room's after `end`.
        """
        if clock is None:
            clock = self.profile.clock_at(*self._next) if self._next else 0
        names = []
        while self._due and self._due[0][0] <= clock:
            names.append(self._due.popleft()[1])
        return tuple(names)

    def _close(self) -> Segment:
        segment = join(self._open)
        self._complete.append(_named(self._open))
        self._open = []
        self._due.append((segment.end + BYTES_SAMPLES, segment.name))
        named = sum(row.samples for row in self._complete)
        while named - self._complete[0].samples >= NAMED_SAMPLES:
            named -= self._complete.popleft().samples
        return segment


def _named(parts: list[Part]) -> Named:
    return Named(parts[0].msn, parts[0].clock, tuple(part.samples for part in parts))
