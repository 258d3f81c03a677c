"""Tickets that are forged, expired, taken back, for another room, of a lesser role, or on a second device."""

from __future__ import annotations

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hustings.wire.ticket import Signer
from tests.bad_inputs.conftest import ticket_of
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.peer import Cast, Refused

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["message"].endswith(".")
    return answer.status_code, str(answer.json()["code"])


def events(house: House, key: str, ticket: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {ticket}"} if ticket else {}
    return refusal(house.http.get(f"{house.stage}/events/{key}", headers=headers))


def test_no_ticket(house: House, on: Room) -> None:
    assert events(house, on.key, "") == (401, "ticket_missing")


@pytest.mark.parametrize("ticket", ["x", "v1.a.b", "v2.a.b.c", "v1." + "a" * 5000])
def test_a_ticket_that_is_none(house: House, on: Room, ticket: str) -> None:
    assert events(house, on.key, ticket) == (401, "ticket_malformed")


def test_a_ticket_with_another_key(house: House, on: Room, signer: Signer) -> None:
    stranger = Signer(signer.kid, Ed25519PrivateKey.generate())
    assert events(house, on.key, ticket_of(stranger, on.key)) == (401, "ticket_forged")
    unknown = Signer("nobody", Ed25519PrivateKey.generate())
    assert events(house, on.key, ticket_of(unknown, on.key)) == (401, "ticket_forged")


def test_a_ticket_whose_role_was_raised_by_hand(house: House, on: Room) -> None:
    mine = house.invite(on, "Speaker").split(".")
    hosts = on.host.split(".")
    forged = ".".join([mine[0], mine[1], hosts[2], mine[3]])
    assert events(house, on.key, forged) == (401, "ticket_forged")


def test_a_ticket_for_another_room(house: House, on: Room, yet: Room) -> None:
    assert events(house, on.key, yet.host) == (403, "ticket_wrong_room")


def test_a_ticket_of_a_room_that_never_was(house: House, signer: Signer) -> None:
    assert events(house, "never-was", ticket_of(signer, "never-was")) == (404, "room_unknown")


def test_a_ticket_that_was_taken_back(house: House, on: Room) -> None:
    before = {one["person"] for one in house.view(on)["people"]}
    ticket = house.invite(on, "Taken back")
    me = house.view(on, ticket)["you"]["person"]
    assert me not in before
    house.command(on, "revoke", {"ticket": ticket_id(ticket)})
    assert events(house, on.key, ticket) == (401, "ticket_revoked")


def ticket_id(ticket: str) -> str:
    import base64
    import json

    payload = ticket.split(".")[2]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["t"])


def test_a_speakers_ticket_after_the_end(
    house: House, actors: Cast, signer: Signer, over: Room
) -> None:
    with pytest.raises(Refused) as refused:
        actors.speaker(house.stage, over.key, ticket_of(signer, over.key)).join()
    assert refused.value.status in (401, 410)
    assert any(code in refused.value.text for code in ("ticket_expired", "room_over"))


@pytest.mark.parametrize("command", ["end", "go_on_air", "invite", "late", "recording.link"])
def test_a_speaker_does_no_more_than_his_ticket_says(house: House, on: Room, command: str) -> None:
    ticket = house.invite(on, "Lesser")
    bodies = {"invite": {"role": "cohost", "name": ""}, "late": {"reason": "x"}}
    answer = house.asked(on, command, bodies.get(command, {"file": "mix.m4a"}), ticket)
    assert refusal(answer) == (403, "role_too_low")


def test_a_cohost_makes_no_cohost(house: House, on: Room) -> None:
    cohost = house.invite(on, "Co", "cohost")
    answer = house.asked(on, "invite", {"role": "cohost", "name": ""}, cohost)
    assert refusal(answer) == (403, "role_too_low")


def test_a_listeners_ticket_opens_no_session(
    house: House, actors: Cast, signer: Signer, on: Room
) -> None:
    with pytest.raises(Refused) as refused:
        actors.speaker(house.stage, on.key, ticket_of(signer, on.key, "listener")).join()
    assert refused.value.status == 403 and "role_too_low" in refused.value.text


def test_a_second_device_waits_until_it_is_admitted(house: House, actors: Cast, on: Room) -> None:
    ticket = house.invite(on, "Twice")
    first = actors.speaker(house.stage, on.key, ticket, "1" * 22)
    second = actors.speaker(house.stage, on.key, ticket, "2" * 22)
    first.join()
    with pytest.raises(Refused) as refused:
        second.join()
    assert refused.value.status == 409 and "ticket_in_use" in refused.value.text
    until(lambda: waiting(house, on), 10, "the host is told of the second device")
    alarm = waiting(house, on)[0]
    house.command(on, "admit", {"device": alarm["device"], "person": alarm["person"]})
    second.join()
    until(lambda: house.link_of(on, "Twice") == "here", 10, "the second device on the stage")
    second.leave()
    first.drop()


def waiting(house: House, room: Room) -> list[dict[str, str]]:
    return [one for one in house.view(room)["alarms"] if one["code"] == "device_waiting"]
