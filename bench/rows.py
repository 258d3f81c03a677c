"""What a figure is made of: rows of samples, and the few numbers that tell them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def percentile(samples: Sequence[float], percent: float) -> float:
    """By linear interpolation between the two nearest. Errors: `ValueError` without samples."""
    if not samples:
        raise ValueError("no samples")
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} is no percentage")
    ordered = sorted(samples)
    at = (len(ordered) - 1) * percent / 100
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing. `id` is what a mark names; `peer`: not ours, measured beside ours in the same run."""

    id: str
    label: str
    unit: str
    samples: tuple[float, ...]
    peer: bool = False
    note: str = ""

    def stat(self, name: str) -> float:
        """`median`, `min`, `max`, `n`, or `p` and a percentage. Errors: `ValueError`."""
        if name == "n":
            return len(self.samples)
        if name == "median":
            return percentile(self.samples, 50)
        if name in ("min", "max"):
            return percentile(self.samples, 0 if name == "min" else 100)
        if name.startswith("p") and name[1:].isdigit():
            return percentile(self.samples, int(name[1:]))
        raise ValueError(f"there is no `{name}`")

    def tree(self) -> dict[str, Any]:
        """For JSON: the row, its median and its spread."""
        told = {"id": self.id, "label": self.label, "unit": self.unit, "n": len(self.samples)}
        if self.samples:
            told |= {
                name: round(self.stat(name), 3)
                for name in ("median", "p5", "p95", "p99", "min", "max")
            }
        told |= {"peer": True} if self.peer else {}
        told |= {"note": self.note} if self.note else {}
        return {**told, "samples": [round(one, 3) for one in self.samples]}


@dataclass(slots=True)
class Figure:
    """A measured figure: rows, and remarks that a reader must know.

    `lines` and `columns`, (id, words) each, make one table of all rows whose ids are `line.column`. `runs`: lines of an
    earlier run, each with its date and revision.
    """

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)
    runs: dict[str, list[str]] = field(default_factory=dict)

    def add(
        self,
        id: str,
        label: str,
        unit: str,
        samples: Sequence[float],
        *,
        peer: bool = False,
        note: str = "",
    ) -> Row:
        row = Row(id, label, unit, tuple(float(one) for one in samples), peer, note)
        self.rows.append(row)
        return row

    def row(self, id: str) -> Row | None:
        return next((row for row in self.rows if row.id == id), None)


def rows_of(tree: dict[str, Any]) -> list[Row]:
    """The rows of a figure's JSON."""
    return [
        Row(
            one["id"],
            one["label"],
            one["unit"],
            tuple(one["samples"]),
            one.get("peer", False),
            one.get("note", ""),
        )
        for one in tree["rows"]
    ]
