"""What the demo does next. Pure: what is known of the room in, one step out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

AFTER_END_S = 300.0


class Step(Enum):
    PLAN = "plan the room"
    OPEN = "open its doors"
    SEAT = "connect the voices"
    AIR = "go on air"
    PLAY = "let them talk"
    LINGER = "leave the replay there for a while"
    DELETE = "destroy the room of last time"


STEPS: Mapping[str, Step] = {
    "": Step.PLAN,
    "planned": Step.OPEN,
    "open": Step.SEAT,
    "on_air": Step.PLAY,
    "ended": Step.DELETE,
    "replay": Step.DELETE,
}


def next_step(state: str, seated: bool, counting: bool, ended_s: float | None) -> Step:
    """`state` "" for no room; `seated`: all voices are here; `counting`: going on air is scheduled already.

    `ended_s` is how long ago somebody ended the room before our eyes, None for one that was over when we came.
    """
    step = STEPS[state]
    if step is Step.SEAT and seated:
        return Step.PLAY if counting else Step.AIR
    if step is Step.DELETE and ended_s is not None and ended_s < AFTER_END_S:
        return Step.LINGER
    return step
