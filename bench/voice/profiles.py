"""P0 to P9: what a road does to datagrams. Pure and seeded: the same seed is the same road for every column.

A `Road` is one direction. It is asked for each datagram and answers when that comes out, or that it does not. Seconds count
from the moment the road turned bad.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

IP_UDP = 28
"""Bytes of IPv4 and UDP heads, which a rate cap counts too."""
HELD_BACK_S = 0.05


@dataclass(frozen=True, slots=True)
class Profile:
    """loss: share of all. burst: mean length of a loss in datagrams (1: uniform), `burst_most` the longest.

    jitter_s: a delay drawn evenly from 0 to it, order kept. reordered: share of datagrams held back by 50 ms,
    so that two or three others overtake them. delays: (from second, delay) steps. rate: bits a second, `queue_s` of them
    wait, the rest is dropped. dead: (from, to) seconds in which nothing passes. roams: after that the address is another.
    """

    name: str
    says: str
    loss: float = 0.0
    burst: float = 1.0
    burst_most: int = 1
    jitter_s: float = 0.0
    reordered: float = 0.0
    delays: tuple[tuple[float, float], ...] = ()
    rate: int = 0
    queue_s: float = 0.0
    dead: tuple[float, float] = (0.0, 0.0)
    roams: bool = False


PROFILES = {
    one.name: one
    for one in (
        Profile("P0", "clean"),
        Profile("P1", "1 % lost, jitter 20 ms", loss=0.01, jitter_s=0.02),
        Profile("P2", "5 % lost", loss=0.05),
        Profile("P3", "10 % lost, jitter 20 ms", loss=0.1, jitter_s=0.02),
        Profile("P4", "5 % lost in bursts to 120 ms", loss=0.05, burst=3.0, burst_most=6),
        Profile("P5", "one second dead", dead=(8.0, 9.0)),
        Profile("P6", "5 % overtaken by others", reordered=0.05),
        Profile("P7", "delay 100, 400, 100 ms", delays=((0.0, 0.1), (7.0, 0.4), (13.0, 0.1))),
        Profile("P8", "64 kbit/s, a queue of 400 ms", rate=64_000, queue_s=0.4),
        Profile("P9", "3 s dead, then another address", dead=(7.0, 10.0), roams=True),
    )
}


class Road:
    """One direction of a profile."""

    def __init__(self, profile: Profile, seed: str) -> None:
        self._profile = profile
        self._random = random.Random(f"{profile.name} {seed}")
        self._last_s = 0.0
        self._free_s = 0.0
        self._run = 0
        self.passed = self.lost = 0

    def takes(self, at_s: float, size: int) -> float | None:
        """When a datagram of `size` bytes that came at `at_s` comes out; None when it is lost."""
        # As many draws for each datagram, whatever comes of them: a column's own traffic does not shift the others' fate.
        draws = [self._random.random() for _ in range(3)]
        out_s = None if self._is_lost(at_s, draws[0]) else self._delayed(at_s, draws)
        if out_s is not None and self._profile.rate:
            out_s = self._through_the_cap(out_s, size)
        if out_s is None:
            self.lost += 1
            return None
        self.passed += 1
        return out_s

    def _is_lost(self, at_s: float, draw: float) -> bool:
        one = self._profile
        if one.dead[0] <= at_s < one.dead[1]:
            return True
        if one.burst == 1.0:
            return draw < one.loss
        # Two states (Gilbert): the mean stay in the bad one is `burst`, in the good one what makes `loss` of it.
        if self._run and self._run < one.burst_most and draw < 1 - 1 / one.burst:
            self._run += 1
            return True
        start = one.loss / (one.burst * (1 - one.loss))
        self._run = int(self._run == 0 and draw < start)
        return bool(self._run)

    def _delayed(self, at_s: float, draws: list[float]) -> float:
        one = self._profile
        out_s = at_s + one.jitter_s * draws[1]
        out_s += max(
            ((since, delay) for since, delay in one.delays if since <= at_s), default=(0, 0)
        )[1]
        if draws[2] < one.reordered:
            return out_s + HELD_BACK_S
        self._last_s = out_s = max(out_s, self._last_s)
        return out_s

    def _through_the_cap(self, at_s: float, size: int) -> float | None:
        if self._free_s - at_s > self._profile.queue_s:
            return None
        self._free_s = max(self._free_s, at_s) + (size + IP_UDP) * 8 / self._profile.rate
        return self._free_s
