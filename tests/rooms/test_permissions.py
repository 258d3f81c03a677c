"""Who may give which command when: every role × state × command, against a table written by hand."""

from __future__ import annotations

from itertools import product

import pytest

from hustings.rooms.permissions import RULES, check
from hustings.rooms.roles import ROLES, Refusal
from hustings.rooms.room import STATES
from tests.rooms.cast import BY_ROLE

HOSTS, ALL, STAGE = {"host", "cohost"}, set(ROLES), {"host", "cohost", "speaker"}
BEFORE, ALIVE = {"planned", "open", "on_air"}, {"open", "on_air"}
ALLOWED = {
    "open_doors": (HOSTS, {"planned"}),
    "go_on_air": (HOSTS, {"open"}),
    "hold": (HOSTS, {"open"}),
    "end": (HOSTS, BEFORE),
    "late": (HOSTS, {"planned", "open"}),
    "brownout": (HOSTS, ALIVE),
    "invite": (HOSTS, BEFORE),
    "revoke": (HOSTS, BEFORE),
    "mute": (STAGE, ALIVE),
    "treat": (STAGE, ALIVE),
    "remove": (HOSTS, BEFORE),
    "admit": (STAGE, BEFORE),
    "rename": (ALL, BEFORE),
    "leave": (ALL, BEFORE),
    "delete_room": ({"host"}, {"planned", "ended", "replay"}),
}


def test_every_command_is_in_the_table():
    assert set(ALLOWED) == set(RULES)


@pytest.mark.parametrize("command", sorted(ALLOWED))
def test_every_role_in_every_state(command):
    roles, states = ALLOWED[command]
    for role, state in product(ROLES, STATES):
        actor = BY_ROLE[role]
        if role not in roles:
            expected = "role_too_low"
        elif state in states:
            check(RULES, command, actor, state)
            continue
        else:
            expected = "room_over" if state in ("ended", "replay") else "wrong_state"
        with pytest.raises(Refusal) as refusal:
            check(RULES, command, actor, state)
        assert refusal.value.code == expected, (role, state)


def test_a_command_that_is_none():
    with pytest.raises(Refusal, match="command_unknown"):
        check(RULES, "dance", BY_ROLE["host"], "open")
