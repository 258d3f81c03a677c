"""The marks of `budget.toml`, and whether a run keeps them. Pure but for the reading of that file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rows import Figure

BUDGET = Path(__file__).with_name("budget.toml")
FIELDS: dict[str, type | tuple[type, ...]] = {
    "figure": str,
    "row": str,
    "stat": str,
    "unit": str,
    "says": str,
}


LIMITS = ("most", "least")


@dataclass(frozen=True, slots=True)
class Mark:
    """`limit`: the value that is still kept; the most there may be, or (`least`) the least there must be."""

    name: str
    figure: str
    row: str
    stat: str
    limit: float
    unit: str
    says: str
    least: bool = False

    def __str__(self) -> str:
        return f"{'≥ ' if self.least else ''}{self.limit:,g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` None: the figure has no such row, or the row no samples: the mark is missed."""

    mark: Mark
    value: float | None

    @property
    def kept(self) -> bool:
        if self.value is None:
            return False
        return self.value >= self.mark.limit if self.mark.least else self.value <= self.mark.limit

    def __str__(self) -> str:
        if self.value is None:
            return f"missing  {self.mark.says}: nothing was measured (mark {self.mark})"
        word = "ok  " if self.kept else "UNDER" if self.mark.least else "OVER"
        mark = f"(mark {self.mark})"
        return f"{word}  {self.mark.says}: {self.value:.4g} {self.mark.unit}  {mark}"


def load(path: Path = BUDGET) -> list[Mark]:
    return parse(tomllib.loads(path.read_text()))


def parse(tree: Mapping[str, Any]) -> list[Mark]:
    """Errors: `ValueError` for a mark that lacks a field, has another, or one of a wrong type."""
    marks = []
    for name, fields in tree.get("marks", {}).items():
        limits = [limit for limit in LIMITS if limit in fields]
        if len(limits) != 1 or set(fields) != {*FIELDS, *limits}:
            raise ValueError(f"mark {name}: fields are {sorted(FIELDS)} and one of {LIMITS}")
        for field, kind in {**FIELDS, limits[0]: (int, float)}.items():
            if not isinstance(fields[field], kind) or isinstance(fields[field], bool):
                raise ValueError(f"mark {name}: `{field}` is {fields[field]!r}")
        words = {field: fields[field] for field in FIELDS}
        least = limits == ["least"]
        marks.append(Mark(name, **words, limit=float(fields[limits[0]]), least=least))
    return marks


def judge(marks: list[Mark], figure: Figure) -> list[Verdict]:
    """The verdict of each mark that is about this figure."""
    verdicts = []
    for mark in marks:
        if mark.figure != figure.name:
            continue
        row = figure.row(mark.row)
        value = row.stat(mark.stat) if row is not None and row.samples else None
        verdicts.append(Verdict(mark, value))
    return verdicts
