"""The demo's next step, for every state of its room."""

from __future__ import annotations

import pytest

from hustings.demo.steps import AFTER_END_S, Step, next_step
from hustings.rooms.room import STATES


@pytest.mark.parametrize(
    ("state", "seated", "counting", "ended_s", "step"),
    [
        ("", False, False, None, Step.PLAN),
        ("planned", False, False, None, Step.OPEN),
        ("open", False, False, None, Step.SEAT),
        ("open", True, False, None, Step.AIR),
        ("open", True, True, None, Step.PLAY),
        ("on_air", True, False, None, Step.PLAY),
        ("on_air", False, False, None, Step.PLAY),
        ("ended", False, False, None, Step.DELETE),
        ("replay", False, False, None, Step.DELETE),
        ("replay", False, False, AFTER_END_S - 0.1, Step.LINGER),
        ("replay", False, False, AFTER_END_S, Step.DELETE),
        ("ended", False, False, 0.0, Step.LINGER),
    ],
)
def test_steps(state: str, seated: bool, counting: bool, ended_s: float | None, step: Step) -> None:
    assert next_step(state, seated, counting, ended_s) is step


@pytest.mark.parametrize("state", STATES)
def test_no_state_of_a_room_is_without_a_step(state: str) -> None:
    next_step(state, False, False, None)
