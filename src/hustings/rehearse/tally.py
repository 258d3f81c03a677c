"""What listeners saw, as numbers that add up: across listeners, seconds and processes. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STEP = math.log(1.04)
"""A histogram's buckets are 4 % wide: a percentile is right within 2 %."""

FLOOR_MS = 0.1


@dataclass(slots=True)
class Histogram:
    """Milliseconds by bucket; bucket b holds FLOOR_MS × 1.04**b and up."""

    counts: Counter[int] = field(default_factory=Counter)

    def note(self, value_ms: float) -> None:
        self.counts[int(math.log(value_ms / FLOOR_MS) / STEP) if value_ms > FLOOR_MS else 0] += 1

    @property
    def total(self) -> int:
        return self.counts.total()

    def percentile(self, percent: float) -> float | None:
        """Milliseconds, the middle of the bucket; None while it is empty."""
        wanted, seen = self.total * percent / 100, 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return FLOOR_MS * math.exp((bucket + 0.5) * STEP)
        return None

    def told(self) -> dict[str, float | int | None]:
        """n, p50, p95, p99, in milliseconds."""
        rows = {f"p{percent}": self.percentile(percent) for percent in (50, 95, 99)}
        return {"n": self.total} | {
            name: None if value is None else round(value, 1) for name, value in rows.items()
        }


@dataclass(slots=True)
class Tally:
    """Counted since it was made. `counts`: joined, parts, requests, bytes, pulses, beacons, stalls, stalled_ms, late,
    reconnects; `errors` and `faults` by kind; histograms: page, sound, join, age, behind."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    times: dict[str, Histogram] = field(default_factory=dict)

    def time(self, name: str, value_ms: float) -> None:
        histogram = self.times.get(name)
        if histogram is None:
            histogram = self.times[name] = Histogram()
        histogram.note(value_ms)

    def add(self, other: Tally) -> None:
        self.counts.update(other.counts)
        self.errors.update(other.errors)
        self.faults.update(other.faults)
        for name, histogram in other.times.items():
            self.times.setdefault(name, Histogram()).counts.update(histogram.counts)

    def tree(self) -> dict[str, Any]:
        """For a pipe between processes."""
        return {
            "counts": dict(self.counts),
            "errors": dict(self.errors),
            "faults": dict(self.faults),
            "times": {name: list(one.counts.items()) for name, one in self.times.items()},
        }


def parse(tree: Mapping[str, Any]) -> Tally:
    """The inverse of `Tally.tree`."""
    times = {
        name: Histogram(Counter({int(bucket): int(count) for bucket, count in rows}))
        for name, rows in tree["times"].items()
    }
    return Tally(Counter(tree["counts"]), Counter(tree["errors"]), Counter(tree["faults"]), times)
