"""How long a figure is asked to take, where its command line says otherwise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench import published
from bench.published import Names
from bench.rows import Figure, rows_of


@dataclass(frozen=True, slots=True)
class Trial:
    """`seconds` of each round (0: the figure's own length), `rounds` (0: its own number), `only` these lines (empty: all).

    `before`: the JSON of the last run, whose other lines stay; without one, they are those of the published `page`.
    """

    seconds: float = 0.0
    rounds: int = 0
    only: tuple[str, ...] = ()
    before: Mapping[str, Any] | None = None
    page: str = ""

    def wants(self, name: str) -> bool:
        return not self.only or name in self.only

    def complete(self, figure: Figure, lines: Names) -> None:
        """Lines that were not asked for are those of the last run. `lines`: all that there can be, in their order."""
        before = self.before or published.tree(self.page, figure.title, lines, figure.columns)
        if not self.only or before is None:
            return
        measured = {line for line, _ in figure.lines}
        known = {line for line, _ in lines}
        stay = [
            (str(line), str(says))
            for line, says in before["lines"]
            if line not in measured and line in known
        ]
        names = {line for line, _ in stay}
        figure.rows += [row for row in rows_of(dict(before)) if row.id.partition(".")[0] in names]
        order = [line for line, _ in lines]
        figure.lines = sorted([*stay, *figure.lines], key=lambda one: order.index(one[0]))
        figure.runs = {line: published.run_of(before, line) for line in names}
