"""When packets arrived, for the sender's own congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01).

A report covers what came since the last one. Bounded: a report goes out after `REPORT_EVERY_S` or `ARRIVALS_MAX` packets.
"""

from __future__ import annotations

from hustings.rtc.reception import signed

REPORT_EVERY_S = 0.25
"""The longest that the senders' own libraries wait (libwebrtc: 50 to 250 ms): audio alone has nothing to steer sooner."""
TOGETHER_S = 0.05
"""Reports of all sessions are due on multiples of this: who has many sessions wakes once for all of them. RFC 3550 §6.2 spreads
reports since a multicast group hears them all; here each goes to one peer."""
ARRIVALS_MAX = 100
NEVER = float("inf")
SPAN_MAX = 300
"""Numbers between the first and the last of a report; one that lies further off begins a new one."""


class Arrivals:
    """Transport-wide sequence numbers with their times, since the last report."""

    def __init__(self) -> None:
        self.count = 0
        self._highest = -1
        self._next = -1
        self._times: dict[int, float] = {}
        self.deadline = NEVER
        """When a report is due."""

    def add(self, sequence: int, now: float) -> None:
        if self._highest < 0:
            self._highest = self._next = sequence + 0x10000
        number = self._highest + signed(sequence - self._highest, 16)
        if abs(number - self._next) > SPAN_MAX:
            self._forget()
            self._next = number
        self._highest = max(self._highest, number)
        if number >= self._next and len(self._times) < ARRIVALS_MAX:
            self._times.setdefault(number, now)
            if self.deadline == NEVER:
                self.deadline = together(now + REPORT_EVERY_S)
            if len(self._times) == ARRIVALS_MAX:
                self.deadline = now

    def report(self) -> tuple[int, int, list[float | None]]:
        """(first sequence number, report's number modulo 256, times of arrival with None for what has not come)."""
        first, last = self._next, max(self._times)
        times = [self._times.get(number) for number in range(first, last + 1)]
        self._forget()
        self._next = last + 1
        number, self.count = self.count, (self.count + 1) & 0xFF
        return first & 0xFFFF, number, times

    def _forget(self) -> None:
        self._times.clear()
        self.deadline = NEVER


def together(at: float) -> float:
    """The last moment at or before this one at which all are due together."""
    return int(at / TOGETHER_S) * TOGETHER_S
