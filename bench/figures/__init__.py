"""One file a figure. `ALL` is the order in which they are measured: what needs a quiet machine first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.figures import (
    attacks,
    ban,
    chain,
    crowd,
    flash,
    inputs,
    join,
    join_stage,
    kills,
    latency,
    loudness,
    memory,
    player_faults,
    requests,
    restart,
    roads,
    sibilants,
    square,
    stage,
    start,
    static,
    voice,
    weight,
    wire,
)
from bench.rows import Figure
from bench.trial import Trial

Say = Callable[[str], None]

ALL: dict[str, Callable[[Path, Say], Figure]] = {
    "stage": stage.measure,
    "wire": wire.measure,
    "flood": wire.measure_flood,
    "restart": restart.measure,
    "upgrade": restart.measure_upgrades,
    "latency": latency.measure,
    "roads": roads.measure,
    "join": join.measure,
    "join_stage": join_stage.measure,
    "join_stage_lossy": join_stage.measure_lossy,
    "ban": ban.measure,
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
    "attacks": attacks.measure,
    "kills": kills.measure,
    "static": static.measure,
    **voice.ALL,
    "loudness": loudness.measure,
    "sibilants": sibilants.measure,
    "chain": chain.measure,
    **square.ALL,
    "inputs": inputs.measure,
}

CROWD = ("crowd", "crowd_tls", "crowd_playlists", "requests", "requests_tls", "flash")
"""What `make bench-crowd` measures. It needs Debian's nginx, Varnish, Icecast and wrk, so `make bench` leaves it out."""

HARM: dict[str, Callable[[Path, Say, Trial], Figure]] = {
    "attacks": attacks.measure,
    "kills": kills.measure,
    "static": static.measure,
}
"""What goes wrong around a room on the air. Each takes long, and a `Trial` that says how long."""

VOICE = (*voice.ALL, "loudness", "sibilants", "chain")
"""What `make bench-voice` measures. It needs people's voices, PESQ, ViSQOL and Janus, so `make bench` leaves it out."""

FILLED = square.ALL
"""What is measured on two filled databases, which take minutes to fill and gigabytes to keep."""

SQUARE = (*FILLED, "inputs")
"""What `make bench-square` measures."""

EVERYDAY = tuple(name for name in ALL if name not in (*CROWD, *HARM, *VOICE, *SQUARE))
"""What `make bench` measures."""
