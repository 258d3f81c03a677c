"""Giving up lesser things by rehearsed steps. Neither the recording nor the host's voice is ever on the list.

    step  given up
      1   counts and reactions are sampled thinly, live.mp3 ends
      2   newcomers get the plain playlist
      3   bits: the encoders spend fewer, under the same names
      4   newcomers get the page and the recording

Each step includes those before; the last is the page's own doing, at the step that the pulse names. The ladder goes up and
down by one, on measured pressure; a host may set the least.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the table. `says` is the id of the sentence that listeners are shown."""

    says: str
    sampled: bool = False
    plain: bool = False
    fewer_bits: bool = False


STEPS: tuple[Step, ...] = (
    Step(""),
    Step("brownout.1", sampled=True),
    Step("brownout.2", sampled=True, plain=True),
    Step("brownout.3", sampled=True, plain=True, fewer_bits=True),
    Step("brownout.4", sampled=True, plain=True, fewer_bits=True),
)
LAST = len(STEPS) - 1

UP_AT, DOWN_AT = 0.9, 0.6
"""Shares of what the fullest edge bears. Between them nothing moves."""

UP_S, DOWN_S = 4.0, 20.0
"""How long the pressure must last before a step, in seconds: fast up, slow down."""


@dataclass(slots=True)
class Ladder:
    """Where the machine stands. Times are monotonic seconds, given by the caller."""

    step: int = 0
    _over_s: float | None = None
    _under_s: float | None = None

    def look(self, now_s: float, pressure: float) -> bool:
        """Whether the step changed. `pressure`: the largest measure, 1.0 is full."""
        self._over_s = _since(self._over_s, now_s, pressure >= UP_AT)
        self._under_s = _since(self._under_s, now_s, pressure <= DOWN_AT)
        if self._over_s is not None and now_s - self._over_s >= UP_S and self.step < LAST:
            return self._go(1, now_s)
        if self._under_s is not None and now_s - self._under_s >= DOWN_S and self.step > 0:
            return self._go(-1, now_s)
        return False

    def _go(self, by: int, now_s: float) -> bool:
        self.step += by
        if by > 0:
            self._over_s = now_s
        else:
            self._under_s = now_s
        return True


def _since(before: float | None, now_s: float, holds: bool) -> float | None:
    if not holds:
        return None
    return now_s if before is None else before
