"""How often an app may ask: 300 times in five minutes for each account, and for each network that comes without one; and delete
30 posts in half an hour.

What is left is said with every answer (https://docs.joinmastodon.org/api/rate-limits/).
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_MS, REQUESTS_MAX = 300_000, 300
DELETED_WINDOW_MS, DELETED_MAX = 1_800_000, 30
KEPT_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`left` of `most` in this window; below zero: refused."""

    most: int
    left: int
    reset_at_ms: int


class Rates:
    """Windows of one size, that begin for all at once: a table is thrown away as a whole when its time is over."""

    def __init__(self, window_ms: int = WINDOW_MS, most: int = REQUESTS_MAX) -> None:
        self._window_ms, self._most = window_ms, most
        self._window = -1
        self._asked: dict[str, int] = {}

    def take(self, who: str, now_ms: int) -> Rate:
        """Past `KEPT_MAX` askers the oldest is forgotten: memory is bounded, and a flood from many places is `Guard`'s."""
        window = now_ms // self._window_ms
        if window != self._window:
            self._window, self._asked = window, {}
        asked = self._asked.pop(who, 0) + 1
        if len(self._asked) >= KEPT_MAX:
            del self._asked[next(iter(self._asked))]
        self._asked[who] = asked
        return Rate(self._most, self._most - asked, (window + 1) * self._window_ms)
