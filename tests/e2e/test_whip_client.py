"""A WHIP client and a WHEP client of another make (aiortc, RFC 9725) on the real stage host."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.harness import sound
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.sound import Reference
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.peer import Cast, Refused

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


@pytest.fixture
def room(house: House, request: pytest.FixtureRequest) -> Room:
    planned = house.plan(request.node.name.replace("_", "-")[:60])
    house.command(planned, "open_doors")
    return planned


def test_what_a_whip_client_says_a_whep_client_hears(
    house: House, actors: Cast, room: Room, voices: dict[str, Reference]
) -> None:
    sends = actors.whip(house.stage, room.key, house.invite(room, "Radio van"))
    hears = actors.whep(house.stage, room.key, house.invite(room, "Ear"))
    took = sends.join(), hears.join()
    assert sends.session.startswith(f"{house.stage}/session/{room.key}/")
    until(lambda: house.link_of(room, "Radio van") == "here", 10, "the van on the stage")
    kinds = {one["name"]: one["kind"] for one in house.view(room)["people"]}
    assert kinds["Radio van"] == "whip"
    voice = voices["guest1"]
    sends.say(voice.samples)
    until(lambda: sends.mouth is not None and sends.mouth.silent, 40, "the end of his words")
    until(lambda: sound.heard(voice, hears.heard()), 20, "him in the ear", 1.0)
    [match] = sound.find(voice, hears.heard())
    print(f"\njoined in {took[0]:.2f} and {took[1]:.2f} s; likeness {match.score:.2f}")
    assert match.score > 0.4
    assert not sound.doubled(voice, hears.heard())
    sends.leave()
    until(lambda: house.link_of(room, "Radio van") in ("", "away"), 10, "the van gone")
    hears.leave()


def test_sendrecv_hears_everybody_but_himself(
    house: House, actors: Cast, room: Room, voices: dict[str, Reference]
) -> None:
    one = actors.speaker(house.stage, room.key, room.host)
    other = actors.speaker(house.stage, room.key, house.invite(room, "Gus"))
    one.join()
    other.join()
    one.say(voices["host"].samples[: 6 * sound.RATE_HZ])
    other.say(np.concatenate([np.zeros(sound.RATE_HZ * 3, np.float32), voices["guest2"].samples]))
    until(lambda: sound.heard(voices["guest2"], one.heard()), 40, "Gus in Hanna's ear", 1.0)
    until(lambda: sound.heard(voices["host"], other.heard()), 20, "Hanna in Gus's ear", 1.0)
    assert sound.absent(voices["host"], one.heard())
    assert sound.absent(voices["guest2"], other.heard())


def test_a_session_url_ends_only_its_own_session(house: House, actors: Cast, room: Room) -> None:
    mine = actors.whip(house.stage, room.key, house.invite(room, "Mine"))
    mine.join()
    stranger = {"Authorization": f"Bearer {house.invite(room, 'Stranger')}"}
    answer = house.http.delete(mine.session, headers=stranger)
    assert answer.status_code >= 400, answer.text
    assert mine.state == "connected"
    trickle = house.http.patch(mine.session, headers={"Authorization": f"Bearer {mine.token}"})
    assert trickle.status_code == 405
    mine.leave()


def test_a_whip_client_before_the_doors_open_is_told_so(house: House, actors: Cast) -> None:
    shut = house.plan("doors-shut")
    with pytest.raises(Refused) as refused:
        actors.whip(house.stage, shut.key, house.invite(shut, "Early")).join()
    assert refused.value.status == 409
    assert "doors_closed" in refused.value.text
