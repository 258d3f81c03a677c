"""Tickets that the server takes back: who leaves, and whether the room ends."""

from __future__ import annotations

import pytest

from hustings.rooms import commands
from hustings.rooms.roles import Refusal
from tests.rooms.cast import COHOST, HOST, OTHER, SPEAKER, WAYS, Stage

ENDED = ("ended", {"by": "order", "reason": "order"})


def removed(who):
    return ("removed", {"person": who.person, "ticket": who.ticket, "by": "order"})


def cut(stage, *who, ends=False):
    drafts = commands.cut(stage.room, [one.ticket for one in who], ends)
    return [(draft.type, dict(draft.body)) for draft in drafts]


def tell(stage, drafts):
    for kind, body in drafts:
        stage.tell(kind, **body)


@pytest.mark.parametrize("state", ["open", "on_air"])
def test_a_guest_leaves_and_the_room_goes_on(state):
    stage = Stage(state)
    stage.seat(HOST, SPEAKER)
    drafts = cut(stage, SPEAKER, OTHER)
    assert drafts == [removed(SPEAKER), ("ticket_revoked", {"ticket": OTHER.ticket})]
    tell(stage, drafts)
    assert cut(stage, SPEAKER, OTHER) == []
    for who in (SPEAKER, OTHER):
        with pytest.raises(Refusal, match="ticket_revoked"):
            commands.check_ticket(stage.room, who)
    assert stage.room.state == state


@pytest.mark.parametrize("state", ["open", "on_air"])
def test_a_room_ends_with_its_host(state):
    stage = Stage(state)
    stage.seat(HOST, SPEAKER)
    drafts = cut(stage, HOST, ends=True)
    assert drafts == [removed(HOST), ENDED]
    tell(stage, drafts)
    assert stage.room.state == "ended" and stage.room.end_reason == "order"
    assert not stage.room.has_replay and Stage("ended").room.has_replay
    assert cut(stage, HOST, ends=True) == []


def test_a_co_host_on_the_stage_goes_on():
    stage = Stage("on_air")
    stage.seat(HOST, COHOST)
    drafts = cut(stage, HOST, ends=True)
    assert drafts == [removed(HOST)]
    tell(stage, drafts)
    stage.tell("lost", person=COHOST.person)
    assert cut(stage, HOST, ends=True) == [ENDED]  # told again, with nobody there who could go on


def test_a_co_host_who_is_cut_as_well_does_not():
    stage = Stage("on_air")
    stage.seat(HOST, COHOST)
    assert cut(stage, HOST, COHOST, ends=True) == [removed(HOST), removed(COHOST), ENDED]


@pytest.mark.parametrize("state", [*WAYS])
def test_a_ticket_is_taken_back_in_any_state(state):
    stage = Stage(state)
    drafts = cut(stage, HOST, ends=True)
    revoked = ("ticket_revoked", {"ticket": HOST.ticket})
    assert drafts == ([revoked] if state in ("ended", "replay") else [revoked, ENDED])
    tell(stage, drafts)
    with pytest.raises(Refusal, match="ticket_revoked"):
        commands.check_ticket(stage.room, HOST)


def test_a_ticket_that_only_begins_the_same_is_another():
    stage = Stage("open")
    stage.seat(SPEAKER)
    like = SPEAKER.ticket[:8] + "x" * 14
    drafts = commands.cut(stage.room, [like], False)
    assert [draft.type for draft in drafts] == ["ticket_revoked"]
