"""What the edges report: their pressure, and so the step of the brownout that this machine is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hustings.rooms.brownout import Ladder
from hustings.rooms.crowd import EDGES_MAX, STALE_S


@dataclass(slots=True)
class Edges:
    """The edges that reported lately. `auto` False: pressure is seen, and nothing follows from it."""

    auto: bool = True
    ladder: Ladder = field(default_factory=Ladder)
    _reports: dict[str, tuple[float, float]] = field(default_factory=dict)

    def note(self, edge: str, pressure: Mapping[str, float], now_s: float) -> bool:
        """An edge's pressure. False, and nothing is kept, when it is one past `EDGES_MAX`."""
        if edge not in self._reports and len(self._reports) >= EDGES_MAX:
            return False
        self._reports[edge] = now_s, max(pressure.values(), default=0.0)
        return True

    @property
    def step(self) -> int:
        return self.ladder.step

    def look(self, now_s: float) -> bool:
        """Whether the step changed. An edge that is silent presses no more."""
        self._reports = {
            edge: row for edge, row in self._reports.items() if now_s - row[0] < STALE_S
        }
        pressure = max((row[1] for row in self._reports.values()), default=0.0)
        return self.ladder.look(now_s, pressure if self.auto else 0.0)
