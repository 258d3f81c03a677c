"""What each person sees, and who sees which alarm."""

from __future__ import annotations

from collections.abc import Mapping

from hustings.audio.findings import Finding, Road
from hustings.audio.level import FLOOR_DB
from hustings.audio.watch import Voice
from hustings.rooms.crowd import Estimate
from hustings.studio.pulse import Brownout
from hustings.studio.view import Alarms, Scene, view
from hustings.studio.voices import Told
from tests.rooms.cast import COHOST, HOST, LISTENER, SPEAKER, Stage, person

HEARD = Voice(6, -21.4, -63.0, 0.0123, 3_500, True, 0.0456, 5_000.0)
ROAD = Road(0.0312, 0.002, 11.6, 48.2)


def scene(
    stage: Stage,
    alarms: Alarms | None = None,
    echoing: Mapping[str, float] | None = None,
    voices: Mapping[str, Told] | None = None,
) -> Scene:
    return Scene(
        room=stage.room,
        features=[],
        alarms=alarms or Alarms(),
        talking=frozenset({SPEAKER.person}),
        levels={SPEAKER.person: -17.6, HOST.person: -250.0},
        echoing=echoing or {},
        voices=voices or {},
        speakers_max=13,
        live_url="http://localhost:8001/town-hall",
        brownout=Brownout(2, 5),
        listeners=Estimate(120, 7),
    )


def seated() -> Stage:
    stage = Stage("open")
    stage.seat(HOST, SPEAKER)
    return stage


def test_the_people_and_who_talks():
    people = view(scene(seated()), HOST)["people"]
    assert [(row["person"], row["talking"], row["level_db"]) for row in people] == [
        (HOST.person, False, -90),
        (SPEAKER.person, True, -18),
    ]
    assert people[0].keys() == {
        "person", "name", "role", "muted", "muted_by", "link", "talking", "level_db", "kind", "treated", "voice",
    }  # fmt: skip


def test_what_is_taken_out_of_a_sound_is_seen():
    stage = seated()
    stage.tell("treated", person=SPEAKER.person, hum=True, noise=False, by=HOST.person)
    treated = [row["treated"] for row in view(scene(stage), SPEAKER)["people"]]
    assert treated == [{"hum": False, "noise": False}, {"hum": True, "noise": False}]


def test_how_many_listen_and_what_is_given_up():
    stage = seated()
    stage.tell("brownout_set", step=1, by=HOST.person)
    seen = view(scene(stage), SPEAKER)["room"]
    assert seen["listeners"] == {"count": 120, "error": 7}
    assert seen["brownout"] == {"step": 2, "since_ms": 5, "says": "brownout.2", "least": 1}


def test_an_echo_is_told_to_hosts_and_to_him_whose_microphone_it_is():
    stage = seated()
    stage.seat(COHOST, LISTENER)
    name = stage.room.stage.people[SPEAKER.person].name
    told = {"code": "echo", "since_ms": 0, "text": name, "person": SPEAKER.person, "late_s": 3.1}
    echoing = {SPEAKER.person: 3.12, "gone": 1.0}
    for actor, alarms in ((HOST, [told]), (COHOST, [told]), (SPEAKER, [told]), (LISTENER, [])):
        assert view(scene(stage, echoing=echoing), actor)["alarms"] == alarms


def test_a_voice_is_told_to_hosts_and_to_himself():
    stage = seated()
    stage.seat(COHOST, LISTENER)
    voices = {
        SPEAKER.person: Told(Finding("narrow", 4), HEARD, ROAD, 20),
        HOST.person: Told(Finding("unknown"), Voice(), Road(), 0),
    }
    told = {
        "finding": "narrow", "figure": 4, "lost": 3.1, "jitter_ms": 12, "round_trip_ms": 48, "concealed_ms": 20,
        "level_db": -21, "noise_db": -63, "clipped": 1.2, "band_hz": 3_500, "sibilance": 4.6, "echo_s": 3.1,
    }  # fmt: skip
    echoing = {SPEAKER.person: 3.12}
    for actor, seen in ((HOST, told), (COHOST, told), (SPEAKER, told), (LISTENER, None)):
        people = view(scene(stage, echoing=echoing, voices=voices), actor)["people"]
        assert next(p for p in people if p["person"] == SPEAKER.person)["voice"] == seen
    people = view(scene(stage, voices=voices), HOST)["people"]
    nothing = next(p for p in people if p["person"] == HOST.person)["voice"]
    unknown = {name for name, value in nothing.items() if value is None}
    assert unknown == told.keys() - {"finding", "figure", "lost", "jitter_ms", "concealed_ms"}
    assert Voice().level_db == FLOOR_DB


def test_one_who_left_is_not_there_and_not_on_stage():
    stage = seated()
    stage.tell("left", person=SPEAKER.person)
    seen = view(scene(stage), SPEAKER)
    assert [row["person"] for row in seen["people"]] == [HOST.person]
    assert seen["you"]["on_stage"] is False


def test_a_listener_sees_the_stage_and_himself_by_his_ticket():
    seen = view(scene(seated()), LISTENER)
    assert seen["you"] == {
        "person": LISTENER.person,
        "name": "L",
        "role": "listener",
        "muted": False,
        "on_stage": False,
        "admitted": True,
    }


def test_alarms_are_for_hosts():
    alarms = Alarms()
    assert alarms.turn("dead_air", True, 5)
    assert not alarms.turn("dead_air", True, 6)
    stage = seated()
    for who, codes in ((HOST, ["dead_air"]), (COHOST, ["dead_air"]), (SPEAKER, [])):
        assert [row["code"] for row in view(scene(stage, alarms), who)["alarms"]] == codes
    assert alarms.turn("dead_air", False, 7)
    assert not alarms.turn("dead_air", False, 8)


def test_a_waiting_device_is_shown_to_hosts_and_to_the_first_device():
    stage = seated()
    stage.tell("device_waiting", device="phone", person=SPEAKER.person, ticket=SPEAKER.ticket)
    for who in (HOST, SPEAKER):
        row = view(scene(stage), who)["alarms"][0]
        assert (row["code"], row["device"], row["person"]) == (
            "device_waiting",
            "phone",
            SPEAKER.person,
        )
    assert view(scene(stage), LISTENER)["alarms"] == []
    waiting = view(scene(stage), person("speaker", "s", device="phone"))
    assert (waiting["you"]["admitted"], waiting["people"], waiting["alarms"]) == (False, [], [])


def test_the_room_in_each_state():
    for state, moment in (("planned", None), ("on_air", 1_731_000_000_000)):
        room = view(scene(Stage(state)), HOST)["room"]
        assert (room["state"], room["on_air_since_ms"]) == (state, moment)
        assert room["picture"] is None
