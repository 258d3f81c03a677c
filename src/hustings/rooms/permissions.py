"""Who may give which command, and in which states of the room. One table; the stage page shows only what it allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hustings.rooms.roles import HOSTS, STAGE_ROLES, Actor, Refusal
from hustings.rooms.room import ENDED, ON_AIR, OPEN, PLANNED, REPLAY

ANY_STATE = frozenset({PLANNED, OPEN, ON_AIR, ENDED, REPLAY})
BEFORE_END = frozenset({PLANNED, OPEN, ON_AIR})
ALIVE = frozenset({OPEN, ON_AIR})
OVER = frozenset({ENDED, REPLAY})
EVERYONE = STAGE_ROLES | {"listener"}
HOST = frozenset({"host"})


@dataclass(frozen=True, slots=True)
class Rule:
    roles: frozenset[str]
    states: frozenset[str]


RULES: Mapping[str, Rule] = {
    "open_doors": Rule(HOSTS, frozenset({PLANNED})),
    "go_on_air": Rule(HOSTS, frozenset({OPEN})),
    "hold": Rule(HOSTS, frozenset({OPEN})),
    "end": Rule(HOSTS, BEFORE_END),
    "late": Rule(HOSTS, frozenset({PLANNED, OPEN})),
    "brownout": Rule(HOSTS, ALIVE),
    "invite": Rule(HOSTS, BEFORE_END),
    "revoke": Rule(HOSTS, BEFORE_END),
    "mute": Rule(STAGE_ROLES, ALIVE),
    "treat": Rule(STAGE_ROLES, ALIVE),
    "remove": Rule(HOSTS, BEFORE_END),
    "admit": Rule(STAGE_ROLES, BEFORE_END),
    "rename": Rule(EVERYONE, BEFORE_END),
    "leave": Rule(EVERYONE, BEFORE_END),
    "delete_room": Rule(HOST, OVER | {PLANNED}),
}


def check(rules: Mapping[str, Rule], command: str, actor: Actor, state: str) -> None:
    """Errors: `Refusal` with `command_unknown`, `role_too_low`, `room_over` or `wrong_state`."""
    rule = rules.get(command)
    if rule is None:
        raise Refusal("command_unknown")
    if actor.role not in rule.roles:
        raise Refusal("role_too_low")
    if state not in rule.states:
        raise Refusal("room_over" if state in OVER else "wrong_state", state=state)
