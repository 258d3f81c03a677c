"""How long a figure is asked to take, where its command line says otherwise. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trial:
    """`seconds` of each round (0: the figure's own length), `rounds` (0: its own number), `only` these rows (empty: all)."""

    seconds: float = 0.0
    rounds: int = 0
    only: tuple[str, ...] = ()

    def wants(self, name: str) -> bool:
        return not self.only or name in self.only
