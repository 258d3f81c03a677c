"""Who may plan rooms here: anybody where web's address is this very machine, else whoever has the planner key."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from hustings.wire.errors import Refused

TRIES = 10
WINDOW_S = 60.0
NETWORKS_MAX = 10_000


class Planner:
    """Looks at planner keys. A network that tried `TRIES` wrong ones has to wait; no right key is looked at meanwhile."""

    def __init__(self, key: str, needed: bool, now_s: Callable[[], float]) -> None:
        self._key = key.encode()
        self.needed = needed
        self._now_s = now_s
        self._wrong: dict[str, tuple[float, int]] = {}

    def check(self, offered: str, network: str) -> None:
        """Errors: `Refused` with `planner_key_wrong`, `too_many`."""
        if self.needed:
            self.prove(offered, network)

    def prove(self, offered: str, network: str) -> None:
        """The same wherever web is: for what the key alone opens."""
        now_s = self._now_s()
        since_s, wrong = self._wrong.get(network, (now_s, 0))
        if now_s - since_s >= WINDOW_S:
            since_s, wrong = now_s, 0
        if wrong >= TRIES:
            raise Refused("too_many")
        if hmac.compare_digest(offered.strip().encode(), self._key):
            self._wrong.pop(network, None)
            return
        if network not in self._wrong and len(self._wrong) >= NETWORKS_MAX:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong[network] = (since_s, wrong + 1)
        raise Refused("planner_key_wrong", field="planner")
