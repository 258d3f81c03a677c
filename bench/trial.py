"""How long a figure is asked to take, where its command line says otherwise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.rows import Figure, rows_of


@dataclass(frozen=True, slots=True)
class Trial:
    """`seconds` of each round (0: the figure's own length), `rounds` (0: its own number), `only` these lines (empty: all).

    `before`: the JSON of the last run, whose other lines stay.
    """

    seconds: float = 0.0
    rounds: int = 0
    only: tuple[str, ...] = ()
    before: Mapping[str, Any] | None = None

    def wants(self, name: str) -> bool:
        return not self.only or name in self.only

    def complete(self, figure: Figure) -> None:
        """Lines that were not asked for are those of the last run, and a note says so."""
        if not self.only or self.before is None:
            return
        measured = {line for line, _ in figure.lines}
        stay = [
            (str(line), str(says)) for line, says in self.before["lines"] if line not in measured
        ]
        names = {line for line, _ in stay}
        figure.rows += [
            row for row in rows_of(dict(self.before)) if row.id.partition(".")[0] in names
        ]
        again = ", ".join(says for line, says in figure.lines if line in self.only)
        order = [line for line, _ in self.before["lines"]]
        figure.lines = sorted(
            [*stay, *figure.lines], key=lambda one: [*order, one[0]].index(one[0])
        )
        when, revision = self.before["date"][:16].replace("T", " "), self.before["revision"]
        figure.notes.append(
            f"Measured again, by itself: {again}. The other lines: {when} UTC, revision `{revision}`."
        )
