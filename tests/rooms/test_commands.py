"""Every command: what it leads to, and how it is refused."""

from __future__ import annotations

import pytest

from hustings.rooms import commands
from hustings.rooms.roles import Refusal
from tests.rooms.cast import (
    CLOCK,
    COHOST,
    HOST,
    LISTENER,
    OTHER,
    SPEAKER,
    Stage,
    person,
    plan,
)


@pytest.fixture
def stage():
    made = Stage("open")
    made.seat(HOST, COHOST, SPEAKER)
    return made


def said(stage, command, who, **body):
    """Types and bodies of the drafts."""
    drafts = commands.decide(command, stage.asked(who, body))
    return [(draft.type, dict(draft.body)) for draft in drafts]


def code(stage, command, who, **body):
    with pytest.raises(Refusal) as refusal:
        commands.decide(command, stage.asked(who, body))
    return refusal.value.code


class TestAir:
    def test_doors(self):
        assert said(Stage("planned"), "open_doors", HOST) == [("doors_opened", {"by": HOST.person})]

    @pytest.mark.parametrize("in_ms", [0, 3_000, 60_000])
    def test_on_air_is_for_a_clock(self, stage, in_ms):
        drafts = said(stage, "go_on_air", COHOST, in_ms=in_ms)
        assert drafts == [("air_scheduled", {"air_clock": CLOCK + 48 * in_ms, "by": COHOST.person})]

    def test_three_seconds_unless_said_otherwise(self, stage):
        assert said(stage, "go_on_air", HOST)[0][1]["air_clock"] == CLOCK + 144_000

    @pytest.mark.parametrize("in_ms", [-1, 60_001, 1.5, "3000", True, None])
    def test_a_moment_that_is_none(self, stage, in_ms):
        assert code(stage, "go_on_air", HOST, in_ms=in_ms) == "bad_request"

    def test_one_schedule_at_a_time(self, stage):
        stage.tell("air_scheduled", air_clock=CLOCK + 1, by="h")
        assert said(stage, "go_on_air", HOST) == []

    def test_hold(self, stage):
        assert said(stage, "hold", HOST) == []
        stage.tell("air_scheduled", air_clock=CLOCK + 1, by="h")
        assert said(stage, "hold", HOST) == [("air_held", {"by": HOST.person})]

    def test_end(self, stage):
        assert said(stage, "end", HOST) == [("ended", {"by": HOST.person, "reason": "host"})]

    def test_brownout(self, stage):
        stage = Stage("on_air")
        assert said(stage, "brownout", HOST, step=4) == [
            ("brownout_set", {"step": 4, "by": HOST.person})
        ]
        assert said(stage, "brownout", HOST, step=0) == []  # as it is
        for odd in (5, -1, True, "1", None):
            assert code(stage, "brownout", HOST, step=odd) == "bad_request"
        stage.tell("brownout_set", step=4, by=HOST.person)
        assert stage.room.brownout == 4

    def test_late(self, stage):
        assert said(stage, "late", HOST, reason=" r" * 100) == [
            ("late", {"reason": ("r " * 100).strip(), "by": HOST.person})
        ]
        assert said(stage, "late", HOST)[0][1]["reason"] == ""
        assert code(stage, "late", HOST, reason="r" * 201) == "bad_request"
        assert code(stage, "late", HOST, reason=3) == "bad_request"


class TestTickets:
    def test_an_invitation_is_a_ticket_in_the_journal(self, stage):
        assert said(stage, "invite", COHOST, role="speaker", name=" Sam ") == [
            (
                "ticket_signed",
                {"ticket": "f" * 22, "role": "speaker", "name": "Sam", "by": COHOST.person},
            )
        ]

    def test_only_the_host_makes_cohosts(self, stage):
        assert said(stage, "invite", HOST, role="cohost")
        assert code(stage, "invite", COHOST, role="cohost") == "role_too_low"

    @pytest.mark.parametrize("role", ["host", "listener", "", 3, None, ["speaker"]])
    def test_roles_that_cannot_be_given(self, stage, role):
        assert code(stage, "invite", HOST, role=role) == "bad_request"

    def test_a_name_has_sixty_characters(self, stage):
        assert said(stage, "invite", HOST, name="n" * 60)
        assert code(stage, "invite", HOST, name="n" * 61) == "name_malformed"

    def test_revoking_a_ticket_removes_its_holder(self, stage):
        assert said(stage, "revoke", HOST, ticket=SPEAKER.ticket) == [
            (
                "removed",
                {"person": SPEAKER.person, "ticket": SPEAKER.ticket, "by": HOST.person},
            )
        ]
        assert said(stage, "revoke", HOST, ticket=OTHER.ticket) == [
            ("ticket_revoked", {"ticket": OTHER.ticket})
        ]
        stage.tell("ticket_revoked", ticket=OTHER.ticket)
        assert said(stage, "revoke", HOST, ticket=OTHER.ticket) == []

    def test_a_ticket_that_only_begins_the_same_is_revoked_alone(self, stage):
        like = SPEAKER.ticket[:8] + "x" * 14
        assert said(stage, "revoke", HOST, ticket=like) == [("ticket_revoked", {"ticket": like})]

    @pytest.mark.parametrize("ticket", ["short", 3, None, "x" * 23])
    def test_a_ticket_id_that_is_none(self, stage, ticket):
        assert code(stage, "revoke", HOST, ticket=ticket) == "bad_request"

    def test_nobody_revokes_himself_or_the_host_above_him(self, stage):
        assert code(stage, "revoke", COHOST, ticket=COHOST.ticket) == "role_too_low"
        assert code(stage, "revoke", COHOST, ticket=HOST.ticket) == "role_too_low"

    def test_a_revoked_ticket_commands_nothing(self, stage):
        stage.tell("ticket_revoked", ticket=SPEAKER.ticket)
        assert code(stage, "leave", SPEAKER) == "ticket_revoked"


class TestPeople:
    def test_oneself_both_ways(self, stage):
        at = {"person": SPEAKER.person, "by": "self"}
        assert said(stage, "mute", SPEAKER, person=SPEAKER.person, muted=True) == [
            ("muted", {**at, "muted": True})
        ]
        assert said(stage, "mute", SPEAKER, person=SPEAKER.person, muted=False) == []
        stage.tell("muted", person=SPEAKER.person, muted=True, by=HOST.person)
        assert said(stage, "mute", SPEAKER, person=SPEAKER.person, muted=False) == [
            ("muted", {**at, "muted": False})
        ]

    def test_hosts_mute_and_never_unmute(self, stage):
        assert said(stage, "mute", COHOST, person=SPEAKER.person, muted=True) == [
            ("muted", {"person": SPEAKER.person, "muted": True, "by": COHOST.person})
        ]
        assert code(stage, "mute", HOST, person=SPEAKER.person, muted=False) == "role_too_low"
        assert code(stage, "mute", SPEAKER, person=HOST.person, muted=True) == "role_too_low"

    def test_mute_needs_a_person_and_a_truth(self, stage):
        assert code(stage, "mute", HOST, person="nobody", muted=True) == "person_unknown"
        assert code(stage, "mute", HOST, muted=True) == "person_unknown"
        assert code(stage, "mute", HOST, person=SPEAKER.person, muted=1) == "bad_request"
        stage.tell("left", person=SPEAKER.person)
        assert code(stage, "mute", HOST, person=SPEAKER.person, muted=True) == "person_unknown"

    def test_what_is_taken_out_of_a_sound_is_asked_by_himself_or_a_host(self, stage):
        at = {"person": SPEAKER.person, "hum": True, "noise": False}
        assert said(stage, "treat", SPEAKER, person=SPEAKER.person, hum=True) == [
            ("treated", {**at, "by": "self"})
        ]
        stage.tell("treated", **at, by="self")
        assert said(stage, "treat", HOST, person=SPEAKER.person, hum=True, noise=False) == []
        assert said(stage, "treat", HOST, person=SPEAKER.person) == []
        assert said(stage, "treat", COHOST, person=SPEAKER.person, hum=False, noise=True) == [
            ("treated", {**at, "hum": False, "noise": True, "by": COHOST.person})
        ]
        assert code(stage, "treat", SPEAKER, person=HOST.person, hum=True) == "role_too_low"

    def test_a_treatment_needs_a_person_and_truths(self, stage):
        assert code(stage, "treat", HOST, person="nobody", hum=True) == "person_unknown"
        for odd in (1, "true", None, []):
            assert code(stage, "treat", HOST, person=SPEAKER.person, noise=odd) == "bad_request"
        stage.tell("left", person=SPEAKER.person)
        assert code(stage, "treat", HOST, person=SPEAKER.person, hum=True) == "person_unknown"

    def test_remove(self, stage):
        assert said(stage, "remove", COHOST, person=SPEAKER.person)[0][0] == "removed"
        assert code(stage, "remove", COHOST, person=HOST.person) == "role_too_low"
        assert code(stage, "remove", HOST, person=HOST.person) == "bad_request"

    def test_rename(self, stage):
        assert said(stage, "rename", SPEAKER, name=" Sam ") == [
            ("renamed", {"person": SPEAKER.person, "name": "Sam"})
        ]
        for name in ("", "  ", "n" * 61, None, 3):
            assert code(stage, "rename", SPEAKER, name=name) == "name_malformed"

    def test_leave(self, stage):
        assert said(stage, "leave", SPEAKER) == [("left", {"person": SPEAKER.person})]
        assert said(stage, "leave", LISTENER) == []

    def test_deleting_asks_for_the_key(self):
        over = Stage("ended")
        assert said(over, "delete_room", HOST, key="town-hall") == []
        for key in ("", "town-hal", None):
            assert code(over, "delete_room", HOST, key=key) == "bad_request"


class TestSessions:
    def drafts(self, stage, who, kind="browser", speakers_max=13):
        drafts = commands.admit_session(stage.asked(who, speakers_max=speakers_max), kind)
        return [(draft.type, dict(draft.body)) for draft in drafts]

    def refused(self, stage, who, **how):
        with pytest.raises(Refusal) as refusal:
            self.drafts(stage, who, **how)
        return refusal.value

    def test_a_first_session_binds_the_device_and_seats(self):
        drafts = self.drafts(Stage("open"), SPEAKER)
        assert drafts[0] == ("ticket_bound", {"ticket": SPEAKER.ticket, "device": "device-s"})
        assert drafts[1][0] == "joined"
        assert drafts[1][1]["kind"] == "browser"

    def test_a_second_session_of_the_same_device_changes_nothing(self, stage):
        assert self.drafts(stage, SPEAKER) == []

    def test_coming_back(self, stage):
        stage.tell("lost", person=SPEAKER.person)
        assert self.drafts(stage, SPEAKER) == [("back", {"person": SPEAKER.person})]

    def test_another_wire_is_another_join(self, stage):
        assert [kind for kind, _ in self.drafts(stage, SPEAKER, kind="whip")] == ["joined"]

    def test_before_the_doors_after_the_end_and_for_listeners(self):
        closed = self.refused(Stage("planned"), HOST)
        assert closed.code == "doors_closed"
        assert closed.detail["doors_at_ms"] == plan().doors_at_ms
        assert self.refused(Stage("ended"), HOST).code == "room_over"
        assert self.refused(Stage("replay"), HOST).code == "room_over"
        assert self.refused(Stage("open"), LISTENER).code == "role_too_low"

    def test_a_second_device_waits_and_is_announced_once(self, stage):
        phone = person("speaker", "s", device="phone")
        assert self.refused(stage, phone).code == "ticket_in_use"
        first = commands.announce_device(stage.room, phone)
        assert [draft.type for draft in first] == ["device_waiting"]
        stage.tell("device_waiting", **first[0].body)
        assert commands.announce_device(stage.room, phone) == []
        for who in (HOST, COHOST, SPEAKER):
            drafts = said(stage, "admit", who, device="phone", person=SPEAKER.person)
            assert drafts[0][0] == "ticket_bound"
            assert drafts[0][1]["device"] == "phone"
        stage.seat(OTHER)
        assert code(stage, "admit", OTHER, device="phone", person=SPEAKER.person) == "role_too_low"
        assert code(stage, "admit", phone, device="phone", person=SPEAKER.person) == "role_too_low"
        assert code(stage, "admit", HOST, device="tv", person=SPEAKER.person) == "person_unknown"
        assert code(stage, "admit", HOST, device="phone", person="else") == "person_unknown"

    def test_the_stage_is_full_at_its_limit(self, stage):
        assert self.drafts(stage, OTHER, speakers_max=4)
        full = self.refused(stage, OTHER, speakers_max=3)
        assert (full.code, full.detail) == ("stage_full", {"speakers_max": 3})
        # One who only dropped still has his place; one who left makes room.
        stage.tell("lost", person=SPEAKER.person)
        assert self.refused(stage, OTHER, speakers_max=3).code == "stage_full"
        assert self.drafts(stage, SPEAKER, speakers_max=3)
        stage.tell("left", person=SPEAKER.person)
        assert self.drafts(stage, OTHER, speakers_max=3)

    def test_names_without_one_on_the_ticket(self):
        from hustings.rooms.roles import Actor

        stage = Stage("open")
        for role, name in (("host", "Ada"), ("cohost", "Co-host"), ("speaker", "Guest")):
            who = Actor("x" * 8, role, "", "x" * 22, "d")
            assert commands.known_name(stage.room, who) == name
        stage.tell("ticket_signed", ticket="x" * 22, role="speaker", name="Sam", by="h")
        assert commands.known_name(stage.room, who) == "Sam"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ""),
        ({"title": "t" * 200}, ""),
        ({"title": "t" * 201}, "title_too_long"),
        ({"title": " \n"}, "title_empty"),
        ({"description": "d" * 5_000}, ""),
        ({"description": "d" * 5_001}, "description_too_long"),
        ({"doors_before_s": 86_400}, ""),
        ({"doors_before_s": 86_401}, "time_malformed"),
        ({"doors_before_s": -1}, "time_malformed"),
        ({"starts_at_ms": 0}, "time_malformed"),
        ({"profile": "fast"}, ""),
        ({"profile": "fastest"}, "profile_unknown"),
        ({"host_name": "n" * 61}, "name_malformed"),
    ],
)
def test_the_limits_of_a_plan(change, expected):
    if not expected:
        commands.check_plan(plan(**change))
        return
    with pytest.raises(Refusal, match=expected):
        commands.check_plan(plan(**change))
