"""The people: places, links, mutes and devices, as folded from events."""

from __future__ import annotations

from tests.rooms.cast import CLOCK, HOST, SPEAKER, Stage


def seated() -> Stage:
    stage = Stage("open")
    stage.seat(HOST, SPEAKER)
    return stage


def test_a_line_that_drops_keeps_the_place():
    stage = seated()
    stage.tell("lost", person=SPEAKER.person)
    person = stage.room.stage.people[SPEAKER.person]
    assert (person.link, person.lost_clock) == ("reconnecting", CLOCK)
    assert len(stage.room.stage.present()) == 2
    stage.tell("back", person=SPEAKER.person)
    assert (person.link, person.lost_clock) == ("here", 0)


def test_one_who_left_has_no_place_and_comes_back_unmuted_with_his_name():
    stage = seated()
    stage.tell("renamed", person=SPEAKER.person, name="Sam")
    stage.tell("muted", person=SPEAKER.person, muted=True, by=HOST.person)
    stage.tell("left", person=SPEAKER.person)
    assert [person.person for person in stage.room.stage.present()] == [HOST.person]
    stage.seat(SPEAKER)
    person = stage.room.stage.people[SPEAKER.person]
    assert (person.name, person.muted, person.muted_by) == ("Sam", False, "")


def test_a_new_device_of_one_who_is_here_keeps_his_mute():
    stage = seated()
    stage.tell("muted", person=SPEAKER.person, muted=True, by=HOST.person)
    stage.seat(SPEAKER)
    person = stage.room.stage.people[SPEAKER.person]
    assert (person.muted, person.muted_by) == (True, HOST.person)


def test_what_is_taken_out_of_a_sound_stays_so_however_often_he_comes():
    """It is about his room and his microphone, not about a moment."""
    stage = seated()
    stage.tell("treated", person=SPEAKER.person, hum=True, noise=False, by=HOST.person)
    stage.tell("left", person=SPEAKER.person)
    stage.seat(SPEAKER)
    person = stage.room.stage.people[SPEAKER.person]
    assert (person.hum, person.noise) == (True, False)


def test_removal_takes_place_and_ticket():
    stage = seated()
    stage.tell("removed", person=SPEAKER.person, ticket=SPEAKER.ticket, by=HOST.person)
    assert stage.room.stage.people[SPEAKER.person].link == "away"
    assert stage.room.stage.revoked == {SPEAKER.ticket}


def test_a_device_waits_until_it_is_bound():
    stage = seated()
    stage.tell("device_waiting", device="phone", person=SPEAKER.person, ticket=SPEAKER.ticket)
    assert stage.room.stage.waiting == {"phone": SPEAKER.person}
    stage.tell("ticket_bound", ticket=SPEAKER.ticket, device="phone")
    assert stage.room.stage.waiting == {}
    assert stage.room.stage.devices[SPEAKER.ticket] == "phone"


def test_hosts_here():
    stage = seated()
    assert [person.person for person in stage.room.stage.hosts_here()] == [HOST.person]
    stage.tell("lost", person=HOST.person)
    assert stage.room.stage.hosts_here() == []


def test_events_about_strangers_are_passed_over():
    stage = seated()
    for kind, body in (
        ("lost", {}),
        ("back", {}),
        ("left", {}),
        ("muted", {"muted": True, "by": "self"}),
        ("treated", {"hum": True, "noise": True, "by": "self"}),
        ("renamed", {"name": "x"}),
    ):
        stage.tell(kind, person="stranger", **body)
    assert set(stage.room.stage.people) == {HOST.person, SPEAKER.person}
