"""WHIP and WHEP clients of another make (RFC 9725) on the real stage host: aiortc's wire, and FFmpeg whole."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.encoders import ENCODERS, Encoder
from tests.e2e.harness import sound
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.sound import Reference, Sound
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.peer import Cast, Refused
from tests.e2e.players import tape

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


@pytest.fixture
def room(house: House, request: pytest.FixtureRequest) -> Room:
    planned = house.plan(re.sub(r"[^a-z0-9]+", "-", request.node.name)[:60].strip("-"))
    house.open_doors(planned)
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


@pytest.mark.parametrize("encoder", ENCODERS, ids=str)
def test_an_encoder_is_heard_on_the_air(
    encoder: Encoder,
    house: House,
    actors: Cast,
    room: Room,
    voices: dict[str, Reference],
    tmp_path: Path,
) -> None:
    """It asks with a ticket, is on the stage and on the air, and says goodbye when its file ends."""
    voice = voices["guest1"]
    hanna = actors.speaker(house.stage, room.key, room.host)
    hanna.join()
    house.on_air(room)
    # ffmpeg gives up on a playlist that names no whole segment yet
    until(lambda: re.search(r"^s\d+\.m4s$", house.playlist(room), re.M), 15, "a whole segment")
    taped = tape(f"{house.live}/live/{room.key}/index.m3u8", tmp_path / "live.s16")
    ticket = house.invite(room, "Radio van")
    url = f"{house.stage}/whip/{room.key}"
    with encoder.sends(url, ticket, voice.path, tmp_path / "encoder.log") as van:
        until(lambda: house.link_of(room, "Radio van") == "here", 20, "the van on the stage")
        kinds = {one["name"]: one["kind"] for one in house.view(room)["people"]}
        assert kinds["Radio van"] == "whip"
        van.ended(40)
    # Without a goodbye he would be missed, and his place kept.
    until(lambda: house.link_of(room, "Radio van") in ("", "away"), 5, "his goodbye")
    until(lambda: said(voice, taped.so_far()) > 0.8, 40, "all of it on the air", 1.0)
    heard = taped.stop()
    print(
        f"\n{encoder}: {said(voice, heard):.0%} on the air, {said(voice, hanna.heard()):.0%} on the stage"
    )
    assert not sound.doubled(voice, heard)
    assert said(voice, hanna.heard()) > 0.8


def said(voice: Reference, heard: Sound) -> float:
    """What part of the words is in there, 0..1."""
    return len({hit.said_s for hit in sound.hits(voice, heard)}) / len(voice.blocks)


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
    own = {"Authorization": f"Bearer {mine.token}"}
    assert house.http.patch(mine.session, headers=own).status_code == 405
    trickles = {**own, "Content-Type": "application/trickle-ice-sdpfrag"}
    answer = house.http.patch(mine.session, headers=trickles, content=b"a=end-of-candidates\r\n")
    assert (answer.status_code, answer.content) == (204, b"")
    stale = {**trickles, "If-Match": '"another"'}
    answer = house.http.patch(mine.session, headers=stale, content=b"a=end-of-candidates\r\n")
    assert (answer.status_code, answer.json()["code"]) == (412, "session_renewed")
    mine.leave()


def test_a_whip_client_before_the_doors_open_is_told_so(house: House, actors: Cast) -> None:
    shut = house.plan("doors-shut")
    with pytest.raises(Refused) as refused:
        actors.whip(house.stage, shut.key, house.invite(shut, "Early")).join()
    assert refused.value.status == 409
    assert "doors_closed" in refused.value.text
