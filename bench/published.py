"""A page of figures as it was published, read again: what was not measured this time stays as it stands there. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bench.rows import Row

Names = Sequence[tuple[str, str]]
"""(id, words) of lines or columns."""

_RUN = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC, revision `([^`]+)`")
OF_RUN = "Of {when} UTC, revision `{revision}`: {lines}."
_OF_RUN = re.compile(rf"Of {_RUN.pattern}: (.*)\.")


def sections(page: str) -> dict[str, list[str]]:
    """Its lines under each heading, without blank ones at the end; what stands before the first is under ""."""
    found: dict[str, list[str]] = {"": []}
    title = ""
    for line in page.splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
            found[title] = []
        else:
            found[title].append(line)
    return {title: _stripped(lines) for title, lines in found.items()}


def mark_of(page: str, says: str) -> str | None:
    """The line of a mark in the page's first table."""
    lines = sections(page).get("Marks", [])
    return next((line for line in lines if line.startswith(f"| {says} | ")), None)


def tree(page: str, title: str, lines: Names, columns: Names) -> dict[str, Any] | None:
    """The table of a figure as its JSON would have it, figures rounded as they stand there; None when there is no such table.

    Lines and columns that have another name today are left out.
    """
    told = sections(page).get(title)
    if told is None:
        return None
    table = [_cells(line) for line in told if line.startswith("| ")]
    run = next((found for line in told if (found := _RUN.search(line))), None)
    head = next((cells for cells in table if {words for _, words in columns} & set(cells)), None)
    if run is None or head is None:
        return None
    labels = {words: id for id, words in lines}
    places = [(head.index(words), id, words) for id, words in columns if words in head]
    kept = [(labels[cells[0]], cells) for cells in table if cells[0] in labels]
    kept = [(line, cells) for line, cells in kept if len(cells) == len(head)]
    when, revision = run[1], run[2]
    runs = {line: [when, revision] for line, _ in kept}
    for words in told:
        for other in _OF_RUN.finditer(words):
            runs |= {
                labels[label]: [other[1], other[2]]
                for label in other[3].split("; ")
                if label in labels
            }
    rows = [
        _row(f"{line}.{column}", f"{words}, {cells[0]}", cells[place])
        for line, cells in kept
        for place, column, words in places
        if cells[place]
    ]
    return {
        "title": title,
        "date": when.replace(" ", "T"),
        "revision": revision,
        "runs": runs,
        "lines": [[line, cells[0]] for line, cells in kept],
        "columns": [list(column) for column in columns],
        "rows": [row.tree() for row in rows],
    }


def run_of(told: Mapping[str, Any], line: str) -> list[str]:
    """When a line of a figure's JSON was measured, and at which revision."""
    own = [str(told["date"])[:16].replace("T", " "), str(told["revision"])]
    return list(told.get("runs", {}).get(line, own))


def _row(id: str, label: str, cell: str) -> Row:
    """`1 / 2.5 ms; a note`."""
    told, _, note = cell.partition("; ")
    figures = re.match(r"(-?[\d.e+]+(?: / -?[\d.e+]+)*)(?: (.*))?\Z", told)
    if figures is None:
        return Row(id, label, "", (), note=cell)
    samples = tuple(float(one) for one in figures[1].split(" / "))
    return Row(id, label, figures[2] or "", samples, note=note)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    while lines and not lines[0]:
        lines = lines[1:]
    return lines
