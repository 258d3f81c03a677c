"""What binds, and at how many listeners: the seconds of a rehearsal judged one by one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from hustings.rehearse.tally import Tally

WINDOW = 3
"""Seconds that are looked at together."""

SHARE = 0.005
LEAST = 5
"""It binds when in a window something went wrong for more than this share of the listeners, and more often than this."""

LAG_MAX_S = 0.5
BUSY = 0.93
"""A process that was so late, or took so much of its core, measured itself: then the load machine is what binds."""

BENIGN = frozenset({"not_yet"})
"""A 404 for a part that comes a moment later: the player asks again, nobody hears it."""


@dataclass(frozen=True, slots=True)
class Second:
    """One second of all processes. `here`: listeners that have come; `lag_s` and `busy`: of the worst process."""

    at_s: float
    here: int
    playing: int
    tally: Tally
    lag_s: float = 0.0
    busy: float = 0.0

    def troubles(self) -> dict[str, int]:
        """How often what went wrong, by the words `error:kind`, `fault:kind`, `stall`, `late`."""
        found = {f"error:{kind}": n for kind, n in self.tally.errors.items() if kind not in BENIGN}
        found |= {f"fault:{kind}": n for kind, n in self.tally.faults.items()}
        for word, count in (("stall", "stalls"), ("late", "late")):
            if n := self.tally.counts[count]:
                found[word] = n
        return found


@dataclass(frozen=True, slots=True)
class First:
    """What went wrong for the first time, when, and how many listeners there were."""

    what: str
    at_s: float
    here: int


@dataclass(slots=True)
class Judge:
    """`bound` is what ended the growth; None while nothing has. `own` says that the load machine was the cause."""

    firsts: dict[str, First] = field(default_factory=dict)
    bound: First | None = None
    own: bool = False
    _window: list[Second] = field(default_factory=list)

    def look(self, second: Second) -> First | None:
        """Takes the next second; what binds, if it does now for the first time."""
        for what in second.troubles():
            self.firsts.setdefault(what, First(what, second.at_s, second.here))
        self._window = [*self._window[1 - WINDOW :], second]
        if self.bound is not None:
            return None
        limit = max(LEAST, SHARE * second.here)
        sums: dict[str, int] = {}
        for one in self._window:
            for what, n in one.troubles().items():
                sums[what] = sums.get(what, 0) + n
        worst = max(sums, key=lambda what: sums[what], default="")
        if not worst or sums[worst] <= limit:
            return None
        self.own = any(one.lag_s > LAG_MAX_S or one.busy > BUSY for one in self._window)
        self.bound = First(worst, second.at_s, second.here)
        return self.bound


def listeners_held(seconds: list[Second]) -> int:
    """The most that played at once, in a second in which nothing went wrong for anybody."""
    return max((one.playing for one in seconds if not one.troubles()), default=0)
