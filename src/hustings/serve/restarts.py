"""When a child that died is started again. Pure: times are arguments, in seconds of one monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 2.0
STEADY_S = 10.0


@dataclass(slots=True)
class Restarts:
    """At once the first time, then 0.1 s doubling up to 2 s; ten seconds alive and all is forgiven."""

    deaths: int = 0
    started: float = 0.0

    def start(self, now: float) -> None:
        self.started = now

    def die(self, now: float) -> float:
        """The moment of the next start."""
        if now - self.started >= STEADY_S:
            self.deaths = 0
        wait = (
            0.0 if self.deaths == 0 else min(FIRST_WAIT_S * 2 ** (self.deaths - 1), LONGEST_WAIT_S)
        )
        self.deaths = min(self.deaths + 1, 16)
        return now + wait
