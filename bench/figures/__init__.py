"""One file a figure. `ALL` is the order in which they are measured: what needs a quiet machine first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.figures import (
    crowd,
    flash,
    join,
    latency,
    memory,
    player_faults,
    requests,
    restart,
    roads,
    stage,
    start,
    weight,
    wire,
)
from bench.rows import Figure

Say = Callable[[str], None]

ALL: dict[str, Callable[[Path, Say], Figure]] = {
    "stage": stage.measure,
    "wire": wire.measure,
    "restart": restart.measure,
    "latency": latency.measure,
    "roads": roads.measure,
    "join": join.measure,
    "memory": memory.measure,
    "start": start.measure,
    "weight": weight.measure,
    "player_faults": player_faults.measure,
    "crowd": crowd.measure,
    "crowd_tls": crowd.measure_tls,
    "crowd_playlists": crowd.measure_playlists,
    "requests": requests.measure,
    "requests_tls": requests.measure_tls,
    "flash": flash.measure,
}

CROWD = ("crowd", "crowd_tls", "crowd_playlists", "requests", "requests_tls", "flash")
"""What `make bench-crowd` measures. It needs Debian's nginx, Varnish, Icecast and wrk, so `make bench` leaves it out."""
