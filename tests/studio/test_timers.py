"""What a room does by itself: each limit at the limit, and one past it."""

from __future__ import annotations

import pytest

from hustings.audio.clock import RATE, TICK, unix_ms
from hustings.rooms.journal import Event
from hustings.rooms.room import Room, plan_facts
from hustings.studio import timers
from tests.studio.house_rig import START_MS, a_plan

CLOCK = START_MS * 48
LIMITS = timers.limits(120, 600, 5)


def a_room(*events) -> Room:
    room = Room()
    room.apply(Event(1, 1, 0, 0, "planned", {"plan_facts": plan_facts(a_plan())}))
    for n, (clock, kind, body) in enumerate([(CLOCK, "doors_opened", {}), *events], 2):
        room.apply(Event(n, 1, clock, unix_ms(clock), kind, body))
    return room


def joined(person, role="speaker"):
    return (
        CLOCK,
        "joined",
        {"person": person, "name": person, "role": role, "ticket": person, "device": "-"},
    )


def test_the_air_is_due_in_the_tick_that_holds_its_moment():
    room = a_room((CLOCK, "air_scheduled", {"air_clock": CLOCK + 10 * TICK + 5, "by": "h"}))
    assert not timers.air_due(room, CLOCK + 9 * TICK)
    assert timers.air_due(room, CLOCK + 10 * TICK)
    assert timers.air_due(room, CLOCK + 99 * TICK)


def test_a_moment_on_a_tick_is_that_tick():
    room = a_room((CLOCK, "air_scheduled", {"air_clock": CLOCK + TICK, "by": "h"}))
    assert not timers.air_due(room, CLOCK)
    assert timers.air_due(room, CLOCK + TICK)


def test_nothing_is_due_without_a_schedule_or_when_it_was_held():
    assert not timers.air_due(a_room(), CLOCK)
    scheduled = (CLOCK, "air_scheduled", {"air_clock": CLOCK, "by": "h"})
    assert not timers.air_due(a_room(scheduled, (CLOCK, "air_held", {"by": "h"})), CLOCK)


def test_a_place_is_kept_two_minutes():
    room = a_room(joined("a"), joined("b"), (CLOCK, "lost", {"person": "a"}))
    assert timers.places_given_up(room, CLOCK + 120 * RATE - 1, LIMITS) == []
    drafts = timers.places_given_up(room, CLOCK + 120 * RATE, LIMITS)
    assert [(draft.type, draft.body["person"]) for draft in drafts] == [("left", "a")]


def test_ten_minutes_of_nobody_end_a_room_on_the_air():
    room = a_room((CLOCK, "on_air", {}))
    assert timers.given_up(room, CLOCK + 600 * RATE - 1, CLOCK, LIMITS) == []
    assert [draft.type for draft in timers.given_up(room, CLOCK + 600 * RATE, CLOCK, LIMITS)] == [
        "ended"
    ]
    assert timers.given_up(room, CLOCK + 6_000 * RATE, 0, LIMITS) == []


def test_an_open_room_is_given_up_two_hours_after_its_hour():
    room = a_room()
    end_ms = room.plan.starts_at_ms + timers.UNUSED_MS
    assert timers.given_up(room, end_ms * 48 - 48, CLOCK, LIMITS) == []
    assert timers.given_up(room, end_ms * 48, CLOCK, LIMITS)


def test_dead_air_after_five_seconds_on_the_air_only():
    room = a_room((CLOCK, "on_air", {}))
    assert not timers.dead_air(room, CLOCK + 5 * RATE - 1, 0, LIMITS)
    assert timers.dead_air(room, CLOCK + 5 * RATE, 0, LIMITS)
    assert not timers.dead_air(room, CLOCK + 9 * RATE, CLOCK + 5 * RATE, LIMITS)
    assert not timers.dead_air(a_room(), CLOCK + 99 * RATE, 0, LIMITS)


@pytest.mark.parametrize(
    ("events", "away"),
    [
        ((), False),
        ((joined("h", "host"),), False),
        ((joined("h", "host"), (CLOCK, "lost", {"person": "h"})), True),
        ((joined("h", "host"), (CLOCK, "left", {"person": "h"})), True),
        ((joined("h", "host"), joined("i", "host"), (CLOCK, "lost", {"person": "h"})), False),
        ((joined("c", "cohost"),), False),
    ],
)
def test_the_host_is_away_when_one_was_here_and_none_is(events, away):
    assert timers.host_away(a_room(*events)) is away
