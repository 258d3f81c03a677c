"""The pulse: what is in it, and that it stays small."""

from __future__ import annotations

import json

import pytest

from hustings.audio.clock import RATE
from hustings.rooms.crowd import Estimate
from hustings.rooms.journal import Event
from hustings.rooms.room import Room, plan_facts
from hustings.studio.pulse import PULSE_MAX, TALKED_SAMPLES, Brownout, Reach, Talk, pulse
from tests.studio.house_rig import START_MS, a_plan

CLOCK = START_MS * 48


def a_room(people: int, name: str, title: str = "Town hall") -> Room:
    room = Room()
    events = [
        ("planned", {"plan_facts": plan_facts(a_plan(title=title))}),
        ("doors_opened", {"by": ""}),
    ]
    for number in range(people):
        who = f"p{number:07d}"
        role = "host" if number == people - 1 else "speaker"
        events.append(
            (
                "joined",
                {"person": who, "name": name, "role": role, "ticket": who * 3, "device": "-"},
            )
        )
    events.append(("on_air", {"by": ""}))
    for n, (kind, body) in enumerate(events, 1):
        room.apply(Event(n, 1, CLOCK, START_MS, kind, body))
    return room


CALM = Reach(None, 1.0, Brownout())


def made(room: Room, talk: Talk, reach: Reach = CALM) -> dict:
    addresses = ("http://localhost:8002/town-hall", "http://localhost:8001/town-hall")
    raw = pulse(room, talk, START_MS, CLOCK, addresses, {"hands": 3}, reach)
    assert len(raw) <= PULSE_MAX
    return json.loads(raw)


def test_what_a_listener_sees():
    talk = Talk()
    talk.note(CLOCK - 10 * RATE, ["p0000000"])
    talk.note(CLOCK - 5 * RATE, ["p0000001"])
    tree = made(a_room(2, "Ann"), talk)
    assert tree["state"] == "on_air"
    assert tree["on_air_since_ms"] == START_MS
    assert tree["hands"] == 3
    assert [person["id"] for person in tree["stage"]] == ["p0000001", "p0000000"]
    assert tree["talked"] == [
        {"id": "p0000001", "from_ms": START_MS - 5_000, "to_ms": None},
        {"id": "p0000000", "from_ms": START_MS - 10_000, "to_ms": START_MS - 5_000},
    ]


@pytest.mark.parametrize("people", [13, 100])
@pytest.mark.parametrize("name", ["Ann", "名" * 60, '"\\' * 30])
def test_it_is_small_with_a_full_stage_of_long_names(people, name):
    talk = Talk()
    for second in range(60):
        speaker = f"p{second % people:07d}"
        talk.note(CLOCK - (60 - second) * RATE // 2, [speaker])
    tree = made(a_room(people, name, "名" * 200), talk)
    assert tree["stage"][0]["role"] == "host"
    assert len(tree["stage"]) >= 8
    assert len(tree["talked"]) >= 8


def test_how_many_listen_and_what_a_player_is_asked():
    tree = made(a_room(1, "Ann"), Talk(), Reach(Estimate(12_000, 300), 2.0**-4, Brownout()))
    assert tree["listeners"] == {"count": 12_000, "error": 300}
    assert tree["next_s"] == 14
    assert tree["beacon"] == {"p": 0.0625, "every_s": 10}
    assert tree["brownout"] == {"step": 0, "since_ms": None, "says": ""}
    calm = made(a_room(1, "Ann"), Talk())
    assert (calm["listeners"], calm["next_s"], calm["beacon"]["p"]) == (None, 2, 1)


def test_in_a_brownout_pulses_are_rarer_and_beacons_fewer():
    browned = Brownout(1, START_MS)
    tree = made(a_room(1, "Ann"), Talk(), Reach(None, 1.0, browned))
    assert tree["next_s"] == 10
    assert tree["brownout"] == {"step": 1, "since_ms": START_MS, "says": "brownout.1"}
    assert 8 * browned.beacons <= Brownout().beacons


def test_talk_is_forgotten_after_thirty_seconds():
    talk = Talk()
    talk.note(0, ["a"])
    talk.note(RATE, [])
    assert talk.rows(RATE + TALKED_SAMPLES - 1)
    assert not talk.rows(RATE + TALKED_SAMPLES)
    assert talk.note(RATE + TALKED_SAMPLES, ["b"])
    assert talk.past == []


def test_no_change_is_no_news():
    talk = Talk()
    assert talk.note(0, ["a"])
    assert not talk.note(960, ["a"])
    assert talk.note(1_920, [])
