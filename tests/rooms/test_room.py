"""The state table: every state with every move, and the fold of each event."""

from __future__ import annotations

import pytest

from hustings.rooms.journal import Event
from hustings.rooms.room import MOVES, STATES, TRANSITIONS, Room, plan_facts, plan_from
from tests.rooms.cast import BODIES, CLOCK, Stage, plan

LEGAL = {
    ("planned", "doors_opened"): "open",
    ("planned", "ended"): "ended",
    ("open", "on_air"): "on_air",
    ("open", "ended"): "ended",
    ("on_air", "ended"): "ended",
    ("ended", "replay_ready"): "replay",
}


@pytest.mark.parametrize("move", sorted(MOVES))
@pytest.mark.parametrize("state", STATES)
def test_every_move_in_every_state(state, move):
    stage = Stage(state)
    body = BODIES.get(move, {})
    if (state, move) in LEGAL:
        stage.tell(move, **body)
        assert stage.room.state == LEGAL[state, move]
    else:
        n = stage.room.n
        with pytest.raises(ValueError, match=f"{move} in a room that is {state}"):
            stage.tell(move, **body)
        assert (stage.room.state, stage.room.n) == (state, n)


def test_the_table_is_what_this_test_says():
    assert dict(TRANSITIONS) == LEGAL


def test_only_open_rooms_are_alive():
    assert [state for state in STATES if Stage(state).room.alive] == ["open", "on_air"]


def test_a_schedule_is_kept_until_it_is_held_comes_or_the_room_ends():
    for what in ("air_held", "on_air", "ended"):
        stage = Stage("open")
        stage.tell("air_scheduled", air_clock=CLOCK + 48_000, by="h")
        assert (stage.room.air_clock, stage.room.air_by) == (CLOCK + 48_000, "h")
        stage.tell(what, **BODIES.get(what, {}))
        assert stage.room.air_clock == 0


def test_moments_and_reasons_are_kept():
    room = Stage("ended").room
    assert (room.doors_clock, room.on_air_clock, room.ended_clock) == (CLOCK, CLOCK, CLOCK)
    assert room.on_air_ms == room.ended_ms == CLOCK // 48
    assert room.end_reason == "host"
    stage = Stage("open")
    stage.tell("late", reason="The train.", by="h")
    assert stage.room.late_reason == "The train."


def test_a_plan_there_and_back():
    assert plan_from(plan_facts(plan())) == plan()
    assert plan().doors_at_ms == plan().starts_at_ms - 1_800_000
    with pytest.raises(KeyError):
        plan_from({})


def test_an_event_that_it_does_not_know_is_passed_over():
    room = Room()
    room.apply(Event(1, 4, 0, 0, "hands.raised", {}))
    assert (room.n, room.term, room.state) == (1, 4, "planned")
