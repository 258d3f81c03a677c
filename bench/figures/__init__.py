"""One file a figure. `ALL` is the order in which they are measured: what needs a quiet machine first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.figures import join, latency, memory, restart, stage, start, weight, wire
from bench.rows import Figure

Say = Callable[[str], None]

ALL: dict[str, Callable[[Path, Say], Figure]] = {
    "stage": stage.measure,
    "wire": wire.measure,
    "restart": restart.measure,
    "latency": latency.measure,
    "join": join.measure,
    "memory": memory.measure,
    "start": start.measure,
    "weight": weight.measure,
}
