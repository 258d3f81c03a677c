"""Limits by address: a flood from one place costs that place alone (RFC 4291 §2.5.4: /64 is one place)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

PLACES_MAX = 10_000


def place(address: str) -> str:
    """The place that an address counts for: an IPv4 address, an IPv6 /64, or the text itself if it is neither."""
    try:
        parsed = ip_address(address.split("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
    return str(parsed)


class Places:
    """How many are there, in all and by place. Who entered must leave; nothing is kept of a place that all have left."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._total = 0

    def has_room(self, address: str, most: int, most_per_place: int) -> bool:
        """Whether one more may come from there."""
        return self._total < most and self.counts[place(address)] < most_per_place

    def enter(self, address: str) -> None:
        self._total += 1
        self.counts[place(address)] += 1

    def leave(self, address: str) -> None:
        name = place(address)
        self._total -= 1
        self.counts[name] -= 1
        if not self.counts[name]:
            del self.counts[name]


@dataclass(slots=True)
class _Bucket:
    level: float
    at_s: float


class Buckets:
    """`per_minute` tokens a minute for each place, at most that many (or `saved_max`) saved up. Memory is bounded: full
    buckets are forgotten first, then the oldest."""

    def __init__(self, per_minute: int, saved_max: int | None = None) -> None:
        self._per_minute = per_minute
        self._saved_max = per_minute if saved_max is None else saved_max
        self._buckets: dict[str, _Bucket] = {}

    def empty(self, address: str, now_s: float) -> bool:
        """Whether this address would be refused; nothing is taken."""
        bucket = self._buckets.get(place(address))
        if bucket is None:
            return False
        return bucket.level + (now_s - bucket.at_s) * self._per_minute / 60 < 1

    def take(self, address: str, now_s: float) -> bool:
        """Whether this address may go on; takes one token if so."""
        name = place(address)
        bucket = self._buckets.pop(name, None) or _Bucket(self._saved_max, now_s)
        bucket.level = min(
            self._saved_max, bucket.level + (now_s - bucket.at_s) * self._per_minute / 60
        )
        bucket.at_s = now_s
        granted = bucket.level >= 1
        if granted:
            bucket.level -= 1
        if len(self._buckets) >= PLACES_MAX:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[name] = bucket  # youngest last
        return granted
