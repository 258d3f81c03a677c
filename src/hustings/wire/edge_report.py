"""What an edge worker tells studio every few seconds (`POST /edges/{id}`): how many beacons it counted, how full it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROOMS_MAX = 256
PROBABILITIES_MAX = 16
COUNT_MAX = 2**40
MEASURES = ("cpu", "lag", "bytes", "parked")
"""What presses on an edge. Each is a share of what it bears: 1.0 is full."""


@dataclass(frozen=True, slots=True)
class RoomCount:
    """Beacons by the probability that they were sent with, and requests for the pulse."""

    beacons: Mapping[float, int] = field(default_factory=dict)
    pulses: int = 0


@dataclass(frozen=True, slots=True)
class EdgeReport:
    """One worker's last `over_s` seconds."""

    over_s: float
    rooms: Mapping[str, RoomCount]
    pressure: Mapping[str, float]

    def tree(self) -> dict[str, Any]:
        """As JSON."""
        rooms = {
            key: {
                "beacons": [[p, count] for p, count in row.beacons.items()],
                "pulses": row.pulses,
            }
            for key, row in self.rooms.items()
        }
        return {"over_s": self.over_s, "rooms": rooms, "pressure": dict(self.pressure)}


def read_report(tree: Any) -> EdgeReport:
    """A report from JSON. Errors: `ValueError` for anything that is none, or over a limit."""
    try:
        over_s, rows, pressure = tree["over_s"], tree["rooms"], tree["pressure"]
        if len(rows) > ROOMS_MAX or not 0 < over_s <= 3_600:
            raise ValueError("a report's time or rooms are out of bounds")
        rooms = {str(key): _room_count(row) for key, row in rows.items()}
        shares = {name: float(pressure.get(name, 0.0)) for name in MEASURES}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("an edge's report cannot be read") from error
    if not all(0 <= share < COUNT_MAX for share in shares.values()):
        raise ValueError("a pressure is out of bounds")
    return EdgeReport(float(over_s), rooms, shares)


def _room_count(row: Any) -> RoomCount:
    beacons = {float(p): int(count) for p, count in row["beacons"]}
    pulses = int(row["pulses"])
    fine = len(beacons) <= PROBABILITIES_MAX and all(
        0 < p <= 1 and 0 <= count < COUNT_MAX for p, count in beacons.items()
    )
    if not fine or not 0 <= pulses < COUNT_MAX:
        raise ValueError("a room's counts are out of bounds")
    return RoomCount(beacons, pulses)
