"""The whole road of a count and of an MP3 through the real processes: edge counts, studio estimates, the pulse says it."""

from __future__ import annotations

import io

import av
import pytest

from tests.e2e.harness.chromium import People
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.players import consent, join

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def on(house: House) -> Room:
    room = house.plan("room-crowd", "A room with a crowd")
    house.on_air(room)
    return room


def pulse_of(house: House, room: Room) -> dict:
    answer = house.http.get(f"{house.live}/live/{room.key}/pulse.json")
    assert answer.status_code == 200 and len(answer.content) <= 4_096
    return dict(answer.json())


def test_beacons_are_counted_and_the_pulse_says_how_many(house: House, on: Room) -> None:
    assert pulse_of(house, on)["listeners"] is None, "nobody heard of yet is not nobody"
    until(
        lambda: pulse_of(house, on)["beacon"] == {"p": 1, "every_s": 10}, 20, "the edges' reports"
    )
    for _ in range(30):
        answer = house.http.post(f"{house.live}/live/{on.key}/beacon?p=1")
        assert answer.status_code == 204 and answer.content == b""
    until(lambda: (pulse_of(house, on)["listeners"] or {"count": 0})["count"] > 0, 20, "a count")
    told = pulse_of(house, on)["listeners"]
    assert told["count"] <= 30 * 10 and told["error"] >= 0
    assert house.view(on)["room"]["listeners"] is not None


def test_the_host_gives_up_lesser_things_and_takes_them_back(house: House, on: Room) -> None:
    live = f"{house.live}/live/{on.key}/aac/live.m3u8"
    until(lambda: "EXTINF" in house.playlist(on), 20, "a whole segment")
    house.command(on, "brownout", {"step": 2})
    until(lambda: "EXT-X-PART" not in house.http.get(live).text, 20, "the plain playlist")
    assert pulse_of(house, on)["brownout"]["says"] == "brownout.2"
    newest = house.http.get(f"{live}?_HLS_msn=1&_HLS_part=0").text
    assert "EXT-X-PART" in newest, "those inside go on"
    shed = house.http.get(f"{house.live}/live/{on.key}/live.mp3")
    assert shed.headers["location"].endswith("/index.m3u8")
    house.command(on, "brownout", {"step": 0})
    until(lambda: "EXT-X-PART" in house.http.get(live).text, 20, "all of it again")


def test_the_host_holds_a_step_on_the_stage_page_and_listeners_are_told(
    house: House, on: Room, people: People
) -> None:
    hanna, listener = people.person("host"), people.person("listener").page
    host = hanna.page
    consent(hanna, f"{house.stage}/{on.key}#t={house.invite(on, 'Hanna', 'cohost')}", "Hanna")
    join(hanna)
    listener.goto(f"{house.live}/{on.key}")
    now = host.locator(".brownout [role=status]")
    now.get_by_text("Nothing is given up").wait_for()
    host.locator(".brownout summary").click()
    host.get_by_role("radio", name="newcomers hear you").check()
    host.locator("[data-command=brownout]").click()
    now.get_by_text("Held by a host").wait_for()
    listener.get_by_text("ten seconds later than those").wait_for()
    host.get_by_role("radio", name="Automatic").check()
    host.locator("[data-command=brownout]").click()
    now.get_by_text("Nothing is given up").wait_for()
    listener.locator("#net").wait_for(state="hidden", timeout=40_000)


def test_live_mp3_plays(house: House, on: Room) -> None:
    url = f"{house.live}/live/{on.key}/live.mp3"
    until(lambda: "live.mp3" in house.http.get(url).headers["location"], 20, "no brownout")
    with house.http.stream("GET", url, follow_redirects=True) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"] == "audio/mpeg"
        sound = b""
        for piece in answer.iter_bytes():
            sound += piece
            if len(sound) > 40_000:
                break
    with av.open(io.BytesIO(sound), format="mp3") as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 2 * 48_000
