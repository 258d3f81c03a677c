"""One figure of a crowd: so many listeners on one server, thrice, at a load that leaves its core room."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.crowd.load import Crowd, crowd
from bench.crowd.servers import Served
from bench.rows import Figure

RUNS = 3
GATHER_S, SETTLE_S, WINDOW_S = 15.0, 1.5, 4.0
"""They come, at the longest so long; then they come to rest; then it is measured."""

FULL = 0.9
"""Cores: past that the server's core was full, and what is measured is no longer a cost."""

LATE_S = 0.5


@dataclass(frozen=True, slots=True)
class Kind:
    """How listeners listen. `id` of its rows, `room` of the feed, and how many come."""

    id: str
    label: str
    room: str
    listeners: int
    plain: bool = False


PLAIN = Kind("plain", "whole segments", "crowd", 12_000, plain=True)
DEFAULT = Kind("default", "parts of 0.96 s", "crowd", 12_000)
FAST = Kind("fast", "parts of 0.32 s", "crowd-fast", 5000)
MOST = Kind("most", "parts of 0.96 s, as many as one process may hold", "crowd", 18_000)
"""20,000 open files are a usual limit of a process; the load core drives so many, too."""

RAMP_S, MOST_RAMP_S = 4.0, 8.0
KINDS = (PLAIN, DEFAULT, FAST)


def listening(
    figure: Figure,
    id: str,
    label: str,
    served: Served,
    kind: Kind,
    *,
    tls: bool = False,
    playlists: bool = False,
    peer: bool = False,
    listeners: int = 0,
) -> None:
    """Rows `id` (listeners a core) and `id.cpu` (what one costs) of a crowd of that kind."""

    count = listeners or kind.listeners

    def come() -> AbstractContextManager[Crowd]:
        ramp_s = MOST_RAMP_S if kind is MOST else RAMP_S
        return crowd(
            served,
            kind.room,
            count,
            tls=tls,
            playlists=float(playlists),
            plain=kind.plain,
            ramp_s=ramp_s,
        )

    crowds = 1 if kind is MOST else RUNS
    measured(figure, id, label, served, count, come, peer=peer, crowds=crowds)


def measured(
    figure: Figure,
    id: str,
    label: str,
    served: Served,
    count: int,
    come: Callable[[], AbstractContextManager[Crowd]],
    *,
    peer: bool = False,
    crowds: int = RUNS,
) -> None:
    """Three times, of a crowd each or (`crowds` 1) of one. The note says what may have bent the figure."""
    per_core: list[float] = []
    costs_us: list[float] = []
    told = ""
    for _ in range(crowds):
        with come() as there:
            there.gather(count, GATHER_S)
            there.listen(SETTLE_S)
            for _ in range(RUNS // crowds):
                cores, told = _window(served, there)
                per_core.append(there.playing / cores)
                costs_us.append(cores / there.playing * 1e6)
    figure.add(id, label, "listeners a core", per_core, peer=peer, note=told)
    figure.add(f"{id}.cpu", f"{label}: each", "µs a second", costs_us, peer=peer)


def _window(served: Served, there: Crowd) -> tuple[float, str]:
    """Cores that the server takes for some seconds, and what to know of them."""
    family = served.family()
    before, own, began_s = family.cpu_s(), there.cpu_s, time.monotonic()
    tally = there.listen(WINDOW_S)
    seconds = time.monotonic() - began_s
    cores = (family.cpu_s() - before) / seconds
    age = tally.times.get("age")
    p99 = age.percentile(99) if age is not None else None
    told = [
        f"{there.playing:,} listened, {cores:.2f} of the core",
        f"parts p99 {p99:.0f} ms" if p99 is not None else "",
        f"{tally.counts['stalls']} stalls" if tally.counts["stalls"] else "",
        f"{tally.errors.total()} errors" if tally.errors.total() else "",
        "the core was full" if cores > FULL else "",
        "the listeners' own core was late" if there.lag_s > LATE_S else "",
        "theirs was full" if (there.cpu_s - own) / seconds > FULL else "",
    ]
    return cores, ", ".join(filter(None, told))
