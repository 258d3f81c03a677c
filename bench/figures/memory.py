"""What lies in memory: proportional set size of every process of `hustings serve`, idle, and with the demo on the air."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench import machine
from bench.rows import Figure
from tests.e2e.house import House, descendants_of, started

IDLE_S, AIR_S = 20.0, 30.0


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("memory", "Memory")
    for name, label, demo, wait_s in (
        ("idle", "idle", False, IDLE_S),
        ("air", "demo room on the air", True, AIR_S),
    ):
        with started(folder / name, demo=demo) as house:
            say(f"{label}: {wait_s:g} s")
            time.sleep(wait_s)
            _weigh(figure, house, name, label)
    return figure


def _weigh(figure: Figure, house: House, name: str, label: str) -> None:
    """One row for all, one for each title. The demo's voices are people, not the server: they are told but not counted."""
    rows: dict[str, float] = {}
    for pid in [house.process.pid, *descendants_of(house.process.pid)]:
        rows[_short(machine.title(pid))] = rows.get(
            _short(machine.title(pid)), 0.0
        ) + machine.pss_mb(pid)
    counted = sum(size for title, size in rows.items() if title != "demo")
    figure.add(f"{name}.all", f"all processes, {label}", "MB", [counted])
    for title, size in sorted(rows.items(), key=lambda row: -row[1]):
        figure.add(f"{name}.{title}", f"{title}, {label}", "MB", [size])


def _short(title: str) -> str:
    """`edge` for `hustings edge`; what has no title of ours is named by its command."""
    words = title.split()
    if "hustings" in words and words[-1] != "hustings":
        return words[words.index("hustings") + 1].strip(":")
    if "resource_tracker" in title:
        return "resource_tracker"
    return "-".join(words[:2]) or "gone"
