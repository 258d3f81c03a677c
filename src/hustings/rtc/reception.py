"""What comes in on one SSRC: sequence numbers without end, what is missing and when to ask for it, figures for reports.

Sequence numbers follow RFC 3550 A.1 and A.3, jitter A.8, asking again RFC 4585 §6.2.1. Packets are authentic when they
come here, so a jump is the sender's own new start and is followed at once. All is bounded: `MISSING_MAX` holes,
`ASKED_MAX` times asked, `HOLE_S` old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hustings.rtc.recent import Recent

RATE_HZ = 48_000
JUMP_MAX = 3_000  # RFC 3550 A.1
MISSING_MAX = 64
"""Holes remembered, 1.3 s of 20 ms packets."""
ASK_BURST_MAX = 25
"""Of one gap only the newest half second is asked for: the rest would come too late to be heard."""
ASKED_MAX = 3
HOLE_S = 1.0
ORDER_S = 0.005
"""A packet that was only overtaken has this long before it is asked for."""
PACKET_SAMPLES = (120, 240, 480, 960, 1_920, 2_880, 3_840, 4_800, 5_760)  # RFC 6716 §3.2.5
LATER_MAX = 1 << 31
"""A timestamp less than this ahead of another is later (RFC 3550 §5.1: they wrap)."""

Verdict = Literal["new", "repaired", "double"]


@dataclass(slots=True)
class Hole:
    """One packet that did not come. `due`: when it is to be asked for."""

    since: float
    due: float
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """One report block's content (RFC 3550 §6.4.1). `jitter` in samples."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int


class Reception:
    """One SSRC's packets. `holes` is what is missing, by number."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.last_at = 0.0
        self.received = 0
        self._healed = 0  # of them those that came because they were asked for
        self._highest = -1
        self._first = 0
        self.holes: dict[int, Hole] = {}
        self._recent = Recent()
        self._edge = 0  # the newest packet's timestamp
        self._jitter = 0.0
        self._transit = 0.0
        self._reported = (0, 0)

    def add(self, sequence: int, timestamp: int, now: float, sounds: bool = True) -> Verdict:
        """A packet came. A double is one whose sound is here already, as a rule because RED brought it.

        sounds: false for a probe, which is padding with the timestamp of the packet before it (Chromium sends some with
        every stream, and two for each packet of a lossy one); its number counts, its sound is not missed.
        """
        self.last_at = now
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead != 1 or self._highest < 0:  # nearly never
            ahead = self._ahead(sequence, timestamp)
        number = self._highest + ahead
        if sounds:
            passed = (timestamp - self._edge) & 0xFFFFFFFF
            if not 0 < passed < LATER_MAX and self._recent.has_sound(timestamp):
                self.holes.pop(number, None)
                return "double"
            self._measure(timestamp, now)
        self.received += 1
        self._recent.add(number, timestamp, sounds)
        if ahead < 0:
            hole = self.holes.pop(number, None)
            self._healed += hole is not None and hole.asked > 0
            return "repaired"
        if ahead > 1:
            self._go_on(number, now)
        self._highest = number
        self._edge = timestamp
        return "new"

    def _ahead(self, sequence: int, timestamp: int) -> int:
        """How far a packet is ahead of the highest; one that is too far off is the first of a new start."""
        if self._highest < 0:
            self._start(sequence, timestamp)
        ahead = signed(sequence - self._highest, 16)
        if abs(ahead) > JUMP_MAX:
            self._start(sequence, timestamp)
            self.holes.clear()
            return 0
        return ahead

    def restore(self, offset: int) -> int | None:
        """The sequence number of the hole that a redundant block fills which lies `offset` samples before the newest
        packet (RFC 2198 §3); None if nothing is missing there.

        Numbers alone do not say which, since probes stand between those of sound: where the packets around the holes make no
        even steps, it is the last hole whose neighbours' timestamps allow it, the packet's nearest predecessor.
        """
        timestamp = (self._edge - offset) & 0xFFFFFFFF
        if self._recent.has_sound(timestamp):
            return None
        hole = self._hole_at(timestamp)
        if hole is None:
            return None
        del self.holes[hole]
        self._recent.add(hole, timestamp, True)
        return hole & 0xFFFF

    def _hole_at(self, timestamp: int) -> int | None:
        known = self._recent.timestamps() if self.holes else {}
        for hole in reversed(self.holes):
            before = max((n for n in known if n < hole), default=None)
            after = min((n for n in known if n > hole), default=None)
            if before is None or after is None:
                continue
            passed = signed(timestamp - known[before], 32)
            if passed <= 0 or signed(known[after] - timestamp, 32) < 0:
                continue
            unit, rest = divmod(signed(known[after] - known[before], 32), after - before)
            if rest or unit not in PACKET_SAMPLES:
                return hole
            exact = before + passed // unit
            if exact == after:  # a probe, with the timestamp of the lost packet before it
                return hole
            return exact if not passed % unit and exact in self.holes else None
        return None

    def to_ask(self, now: float, round_trip_s: float) -> list[int]:
        """Sequence numbers to ask for now, oldest first."""
        for number in [n for n, hole in self.holes.items() if now - hole.since >= HOLE_S]:
            del self.holes[number]
        asked = []
        for number, hole in self.holes.items():
            if hole.due <= now:
                hole.asked += 1
                last = hole.asked >= ASKED_MAX
                hole.due = float("inf") if last else now + max(1.5 * round_trip_s, 0.03)
                asked.append(number & 0xFFFF)
        return asked

    @property
    def deadline(self) -> float:
        """When `to_ask` has something."""
        if not self.holes:
            return float("inf")
        return min(hole.due for hole in self.holes.values())

    @property
    def expected(self) -> int:
        """Packets that were sent, by their numbers."""
        return self._highest - self._first + 1 if self._highest >= 0 else 0

    @property
    def lost(self) -> int:
        """Of them, those that did not come, or only when they were asked for."""
        return max(0, self.expected - self.received + self._healed)

    def figures(self) -> Figures:
        """The figures since the last call (RFC 3550 A.3)."""
        expected = self._highest - self._first + 1
        expected_before, received_before = self._reported
        self._reported = expected, self.received
        fresh = expected - expected_before
        lost = fresh - (self.received - received_before)
        fraction = (lost << 8) // fresh if fresh > 0 and lost > 0 else 0
        return Figures(
            ssrc=self.ssrc,
            fraction_lost=min(fraction, 255),
            lost=max(-0x800000, min(expected - self.received, 0x7FFFFF)),
            highest=(self._highest - 0x10000) & 0xFFFFFFFF,
            jitter=int(self._jitter),
        )

    def _start(self, sequence: int, timestamp: int) -> None:
        """The first packet, or one so far off that the sender began anew. Numbers begin at 2^16, so none is below 0."""
        self._highest = self._first = sequence + 0x10000
        self._edge = timestamp
        self._recent = Recent()
        self.received, self._healed, self._reported, self._transit = 0, 0, (0, 0), 0.0

    def _go_on(self, number: int, now: float) -> None:
        """What lies between the highest and a number further on is missing."""
        gap = range(self._highest + 1, number)
        for hole in gap[-MISSING_MAX:]:
            ask = number - hole <= ASK_BURST_MAX
            self.holes[hole] = Hole(now, now + ORDER_S if ask else float("inf"))
        while len(self.holes) > MISSING_MAX:
            del self.holes[next(iter(self.holes))]

    def _measure(self, timestamp: int, now: float) -> None:
        """Interarrival jitter (RFC 3550 §6.4.1)."""
        transit = now * RATE_HZ - timestamp
        if self._transit:
            moved = abs(int(transit - self._transit))
            if moved >= 1 << 31:  # the timestamp wrapped
                moved = abs(signed(moved, 32))
            self._jitter += (moved - self._jitter) / 16
        self._transit = transit


def signed(number: int, bits: int) -> int:
    """A difference that wraps at 2^bits, as the nearest number around 0."""
    half = 1 << bits - 1
    return (number + half) % (1 << bits) - half
