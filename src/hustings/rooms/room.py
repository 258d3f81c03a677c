"""A room's state: one table of transitions, and the fold of the journal.

Rule: everything that changes a room's state is in `TRANSITIONS`. `docs/life-of-a-room.md` is made from it.

    planned ── doors_opened ──> open ── on_air ──> on_air ── ended ──> ended ── replay_ready ──> replay
                                  └───────────── ended ────────────────^
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hustings.rooms.journal import Event
from hustings.rooms.stage import Stage

PLANNED, OPEN, ON_AIR, ENDED, REPLAY = "planned", "open", "on_air", "ended", "replay"
STATES = (PLANNED, OPEN, ON_AIR, ENDED, REPLAY)
TRANSITIONS: Mapping[tuple[str, str], str] = {
    (PLANNED, "doors_opened"): OPEN,
    (PLANNED, "ended"): ENDED,
    (OPEN, "on_air"): ON_AIR,
    (OPEN, "ended"): ENDED,
    (ON_AIR, "ended"): ENDED,
    (ENDED, "replay_ready"): REPLAY,
}
ORDER = "order"
"""By whom, and why, where those who look after the server do it."""
MOVES = frozenset(kind for _, kind in TRANSITIONS)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was planned, as it came from web (`RoomPlan` in `docs/protocol.md`)."""

    plan: str
    key: str
    title: str
    description: str
    starts_at_ms: int
    doors_before_s: int
    picture: str
    picture_alt: str
    profile: str
    listed: bool
    host_name: str

    @property
    def doors_at_ms(self) -> int:
        return self.starts_at_ms - 1000 * self.doors_before_s


@dataclass(slots=True)
class Room:
    """The fold of a journal. `apply` is the only way in; clocks are the room's own (48 kHz samples since 1970)."""

    plan: Plan | None = None
    state: str = PLANNED
    n: int = 0
    term: int = 0
    stage: Stage = field(default_factory=Stage)
    doors_clock: int = 0
    air_clock: int = 0
    air_by: str = ""
    on_air_clock: int = 0
    on_air_ms: int = 0
    ended_clock: int = 0
    ended_ms: int = 0
    end_reason: str = ""
    late_reason: str = ""
    brownout: int = 0
    """The least step that the host has set; 0 leaves it to the pressure."""

    @property
    def alive(self) -> bool:
        """Whether its clock runs: from doors open to the end."""
        return self.state in (OPEN, ON_AIR)

    @property
    def has_replay(self) -> bool:
        """Whether it may be heard afterwards: not where those who look after the server ended it."""
        return self.end_reason != ORDER

    def apply(self, event: Event) -> None:
        """One event of the journal. Errors: `ValueError` for a transition that the table does not have."""
        kind, body = event.type, event.body
        if kind in MOVES:
            state = TRANSITIONS.get((self.state, kind))
            if state is None:
                raise ValueError(f"{kind} in a room that is {self.state}")
            self.state = state
        self.n, self.term = event.n, event.term
        match kind:
            case "planned" | "changed":
                self.plan = plan_from(body["plan_facts"])
            case "doors_opened":
                self.doors_clock = event.clock
            case "air_scheduled":
                self.air_clock, self.air_by = body["air_clock"], body["by"]
            case "air_held":
                self.air_clock = 0
            case "on_air":
                self.on_air_clock, self.on_air_ms, self.air_clock = event.clock, event.at_ms, 0
            case "ended":
                self.ended_clock, self.ended_ms, self.air_clock = event.clock, event.at_ms, 0
                self.end_reason = body["reason"]
            case "brownout_set":
                self.brownout = body["step"]
            case "late":
                self.late_reason = body["reason"]
            case _:
                self.stage.apply(kind, event.clock, body)


def plan_from(tree: Mapping[str, Any]) -> Plan:
    """A plan from JSON. Errors: `KeyError`, `TypeError` on what is missing; limits are checked by `commands.check_plan`."""
    return Plan(**{name: tree[name] for name in Plan.__dataclass_fields__})


def plan_facts(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    return {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
