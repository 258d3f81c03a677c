"""How many listen, at constant cost: an estimate from sampled beacons, with its error, and what the pulse asks of players.

Each player sends a beacon with probability p in each period; edges count them by p and report. A report of n beacons at p
within a time t speaks for n/p listeners · t/period. The variance of that sum is known (Horvitz and Thompson 1952), so the
error is stated, not guessed. p is set so that the beacons of a room are about 50 to 100 a second, whatever the crowd.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

EVERY_S = 10
"""The period in which a player draws once."""

BEACONS_PER_S = 100
"""What a room's beacons are held to: half of the 200 that are the limit, since p lags behind a crowd that grows."""

WINDOW_S = 20.0
"""Reports as old as this speak for the count; people who came or left within it are counted in part."""

FAST_S = 3.0
"""Reports as old as this may lower p."""

STALE_S = 10.0
"""An edge that has not reported for so long is gone, and its listeners with it."""

COUNTED_S = 16.0
"""A player keeps still until its second pulse and draws within a period from then on: nobody heard of in less is not nobody."""

P_MIN = 2.0**-19
EDGES_MAX = 256
NEXT_S = (2, 30)
LISTENERS_PER_S = 1_000
"""Listeners for which `next_s` grows by a second: 1,000 pulses a second at the most up to 28,000 listeners."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one edge worker counted in `over_s` seconds up to `at_s`: beacons by p, and requests for the pulse."""

    at_s: float
    over_s: float
    beacons: Mapping[float, int]
    pulses: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """The truth lies within count ± error 19 times out of 20."""

    count: int
    error: int


@dataclass(slots=True)
class Crowd:
    """One room's listeners. Times are monotonic seconds, given by the caller."""

    p: float = 1.0
    _edges: dict[str, deque[Report]] = field(default_factory=dict)
    _raised_s: float = 0.0
    _began_s: float = 0.0

    def note(self, edge: str, report: Report) -> None:
        """A report. One past `EDGES_MAX` edges counts nothing."""
        self._forget(report.at_s)
        if not self._edges:
            self._began_s = report.at_s - report.over_s
        reports = self._edges.get(edge)
        if reports is None:
            if len(self._edges) >= EDGES_MAX:
                return
            reports = self._edges[edge] = deque(maxlen=64)
        reports.append(report)

    def estimate(self, now_s: float) -> Estimate | None:
        """How many listen; None when no edge reports, or none has had the time to hear of anybody."""
        self._forget(now_s)
        if not self._edges:
            return None
        count = variance = 0.0
        for reports in self._edges.values():
            recent = [row for row in reports if now_s - row.at_s < WINDOW_S]
            own, doubt = _weighed(recent)
            count, variance = count + own, variance + doubt
        if not count and now_s - self._began_s < COUNTED_S:
            return None
        return Estimate(round(count), math.ceil(1.96 * math.sqrt(variance)))

    def adapt(self, now_s: float, beacons_per_s: int = BEACONS_PER_S) -> float:
        """The probability for the next pulse: lowered at once, raised by one step in a period."""
        likely = max(self._likely(now_s), 1.0)
        wanted = min(1.0, beacons_per_s * EVERY_S / likely)
        step = max(P_MIN, 2.0 ** math.floor(math.log2(wanted)))
        if step < self.p:
            self.p, self._raised_s = step, now_s
        elif step > self.p and now_s - self._raised_s >= EVERY_S:
            self.p, self._raised_s = 2 * self.p, now_s
        return self.p

    def _likely(self, now_s: float) -> float:
        """The largest that anything suggests. A page asks for its pulse before it can beacon: a rush shows there first."""
        estimate = self.estimate(now_s)
        slow = estimate.count if estimate else 0
        fast = asked = 0.0
        for reports in self._edges.values():
            fast += _weighed([row for row in reports if now_s - row.at_s < FAST_S])[0]
            # Each page asks once in `next_s`: whoever asked within it is here.
            asked += sum(row.pulses for row in reports if now_s - row.at_s < next_s(slow))
        return max(slow, fast, asked)

    def _forget(self, now_s: float) -> None:
        gone = [edge for edge, rows in self._edges.items() if now_s - rows[-1].at_s >= STALE_S]
        for edge in gone:
            del self._edges[edge]


def is_news(told: Estimate | None, now: Estimate | None) -> bool:
    """Whether an estimate says what the one before did not: it lies outside of that one's error, or is twice as sure. Of a great
    crowd every report moves it a little, which nobody needs to be woken for."""
    if told is None or now is None:
        return told is not now
    return abs(now.count - told.count) > told.error or 2 * now.error < told.error


def next_s(listeners: int) -> int:
    """After how many seconds a page asks for its next pulse."""
    least, most = NEXT_S
    return min(most, least + listeners // LISTENERS_PER_S)


def _weighed(reports: list[Report]) -> tuple[float, float]:
    """(listeners, variance) by one edge's reports."""
    time_s = sum(row.over_s for row in reports)
    if not time_s:
        return 0.0, 0.0
    periods = time_s / EVERY_S
    total = spread = 0.0
    for row in reports:
        for p, beacons in row.beacons.items():
            total += beacons / p
            spread += beacons * (1 - p) / p**2
    count = total / periods
    # Even at p = 1 a window that is no whole number of periods holds one beacon more of some players than of others.
    part = periods % 1
    return count, (spread + count * part * (1 - part)) / periods**2
