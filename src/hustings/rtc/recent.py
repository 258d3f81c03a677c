"""Which packets of a stream came of late (RFC 3550 §5.1): number, timestamp, and whether they had sound.

A fixed kilobyte and a half each, without an object for every packet: a hundred speakers who send every 20 ms find nothing of
theirs in the processor's cache, and what they touch is what they cost.
"""

from __future__ import annotations

from array import array

KEPT = 128
"""More packets than come in the second for which a hole stays open, probes among them; a power of two."""
NONE = -1


class Recent:
    """The last `KEPT` numbers; what is further behind the highest is forgotten."""

    __slots__ = ("_numbers", "_stamps")

    def __init__(self) -> None:
        self._numbers = array("q", [NONE]) * KEPT
        self._stamps = array("q", [NONE]) * KEPT
        """A timestamp t with sound is t, one without is ~t, so that one look finds sound."""

    def add(self, number: int, timestamp: int, sounds: bool) -> None:
        place = number & KEPT - 1
        if number >= self._numbers[place]:
            self._numbers[place] = number
            self._stamps[place] = timestamp if sounds else ~timestamp

    def has_sound(self, timestamp: int) -> bool:
        """Whether the sound that begins there is here already."""
        return timestamp in self._stamps

    def timestamps(self) -> dict[int, int]:
        """By number."""
        pairs = zip(self._numbers, self._stamps, strict=True)
        return {number: max(stamp, ~stamp) for number, stamp in pairs if number != NONE}
