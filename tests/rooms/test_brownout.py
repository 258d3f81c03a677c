"""The ladder on virtual time."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import pytest

from hustings.rooms.brownout import DOWN_AT, DOWN_S, LAST, STEPS, UP_AT, UP_S, Ladder, Step


def walk(ladder: Ladder, start: int, seconds: int, pressure: float) -> list[int]:
    """The steps after each second."""
    steps = []
    for second in range(start, start + seconds):
        ladder.look(float(second), pressure)
        steps.append(ladder.step)
    return steps


def test_each_step_includes_those_before():
    flags = [field.name for field in fields(Step) if field.name != "says"]
    given_up = [{flag for flag in flags if getattr(step, flag)} for step in STEPS]
    assert given_up[0] == set() and given_up[-1] == set(flags)
    assert all(before <= after for before, after in pairwise(given_up))
    assert [step.says for step in STEPS] == ["", *(f"brownout.{n}" for n in range(1, len(STEPS)))]


def test_what_is_never_given_up_is_no_flag():
    assert not {field.name for field in fields(Step)} & {"recording", "host", "stage", "voice"}


def test_up_by_one_as_long_as_it_presses_and_no_further_than_the_last():
    steps = walk(Ladder(), 0, 60, 1.0)
    assert steps[: int(UP_S)] == [0] * int(UP_S)
    assert [steps.index(step) for step in range(1, LAST + 1)] == [
        int(UP_S) * step for step in range(1, LAST + 1)
    ]
    assert steps[-1] == LAST


def test_down_by_one_and_slower():
    ladder = Ladder(step=2)
    steps = walk(ladder, 0, 60, 0.0)
    assert steps.index(1) == int(DOWN_S) and steps.index(0) == 2 * int(DOWN_S)


@pytest.mark.parametrize("step", [0, 2])
def test_between_the_marks_nothing_moves(step):
    ladder = Ladder(step=step)
    for pressure in (DOWN_AT + 0.01, UP_AT - 0.01):
        assert set(walk(ladder, 0, 100, pressure)) == {step}


def test_at_the_marks_it_does():
    assert walk(Ladder(), 0, 10, UP_AT)[-1] > 0
    assert walk(Ladder(step=1), 0, 30, DOWN_AT)[-1] == 0


def test_a_moment_of_relief_begins_the_wait_anew():
    ladder = Ladder()
    walk(ladder, 0, 4, 1.0)
    ladder.look(4.0, 0.8)
    assert walk(ladder, 5, 4, 1.0)[-1] == 0
