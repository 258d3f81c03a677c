"""How many listeners there are to be at a moment. Pure."""

from __future__ import annotations


def wanted(listeners: int, ramp_s: float, since_s: float) -> int:
    """The crowd grows evenly: so many are to have come `since_s` seconds after the start."""
    if since_s < 0:
        return 0
    return listeners if since_s >= ramp_s else int(listeners * since_s / ramp_s)


def share(count: int, worker: int, workers: int) -> int:
    """How many of `count` come from process `worker` of `workers`: as even as can be, and never fewer for a larger count."""
    return (count + workers - 1 - worker) // workers
