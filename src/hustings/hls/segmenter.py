"""Access units to parts, parts to segments. Number is time: nothing here counts on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hustings.hls.fmp4 import MAX_ACCESS_UNIT_BYTES, fragment
from hustings.hls.profile import Profile
from hustings.hls.variant import Variant


@dataclass(frozen=True, slots=True)
class Part:
    """One partial segment: `samples` of sound from `clock` on, as one fMP4 fragment."""

    msn: int
    index: int
    clock: int
    samples: int
    payload: bytes

    @property
    def name(self) -> str:
        """The file name, `s{msn}.{index}.m4s`."""
        return f"s{self.msn}.{self.index}.m4s"

    @property
    def end(self) -> int:
        """The clock just after the last sample."""
        return self.clock + self.samples


@dataclass(frozen=True, slots=True)
class Segment:
    """One media segment: its parts' bytes joined, and nothing else."""

    msn: int
    clock: int
    samples: int
    payload: bytes

    @property
    def name(self) -> str:
        """The file name, `s{msn}.m4s`."""
        return f"s{self.msn}.m4s"

    @property
    def end(self) -> int:
        """The clock just after the last sample."""
        return self.clock + self.samples


def join(parts: Sequence[Part]) -> Segment:
    """The segment made of these parts.

    Usually all of a segment's parts; fewer when a program ends inside a segment. Raises ValueError
    unless they are one segment's parts from index 0 on, in order.
    """
    if not parts or [part.index for part in parts] != list(range(len(parts))):
        raise ValueError("a segment is its parts from 0 on, in order")
    if len({part.msn for part in parts}) != 1:
        raise ValueError("parts of different segments")
    samples = sum(part.samples for part in parts)
    payload = b"".join(part.payload for part in parts)
    return Segment(parts[0].msn, parts[0].clock, samples, payload)


class Segmenter:
    """Collects one variant's access units and gives a `Part` each time one is full.

    The first access unit must stand at a part boundary (any part of a segment); from then on each
    must follow the one before without a gap: fill holes with `silence.silent_parts`.
    """

    def __init__(self, profile: Profile, variant: Variant) -> None:
        self.profile = profile
        self.variant = variant
        self._start = 0
        self._payloads: list[bytes] = []
        self._next: int | None = None

    @property
    def next_clock(self) -> int | None:
        """The clock the next access unit must have; None before the first."""
        return self._next

    def push(self, clock: int, duration: int, payload: bytes) -> Part | None:
        """Take the access unit whose first decoded sample is at `clock`, `duration` samples long.

        Returns the part it completes, if it does. Raises ValueError, and changes nothing, for a
        gap, an access unit out of order or off the grid, or one of the wrong size.
        """
        self._check(clock, duration, payload)
        if not self._payloads:
            self._start = clock
        self._payloads.append(payload)
        self._next = clock + duration
        if self._next - self._start < self.profile.part_samples:
            return None
        part = self._part()
        self._payloads = []
        return part

    def _check(self, clock: int, duration: int, payload: bytes) -> None:
        if duration != self.variant.frame_samples:
            raise ValueError(f"access unit of {duration} samples in {self.variant.name}")
        if not 0 < len(payload) <= MAX_ACCESS_UNIT_BYTES:
            raise ValueError(f"access unit of {len(payload)} bytes")
        if self._next is None:
            if clock < 0 or clock % self.profile.part_samples:
                raise ValueError(f"{clock} is no part boundary to start at")
        elif clock != self._next:
            raise ValueError(f"access unit at {clock}, expected {self._next}")

    def _part(self) -> Part:
        msn, index = self.profile.place(self._start)
        # mfhd's sequence number must grow (14496-12 §8.8.5). The part's number since 1970 does, is
        # the same on every machine, and wraps once in 43 years.
        sequence = self._start // self.profile.part_samples & 0xFFFF_FFFF
        payload = fragment(sequence, self._start, self.variant.frame_samples, self._payloads)
        return Part(msn, index, self._start, self.profile.part_samples, payload)
