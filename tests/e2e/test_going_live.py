"""Going live is a post whose card plays: by form and without an app, from the plan to a follower's ear."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.banned import planned, token_of
from tests.e2e.harness.chromium import People
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.sound import Reference
from tests.e2e.harness.waiting import until
from tests.e2e.house import House
from tests.e2e.peer import cast
from tests.e2e.players import level_of
from tests.e2e.square import PASSWORD, Member

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture
def members(house: House) -> Iterator[tuple[Member, Member]]:
    """Who hosts, and who follows him."""
    both = Member(house, "livehost"), Member(house, "livefan")
    yield both
    for one in both:
        one.http.close()


def test_a_follower_hears_of_it_and_listens_where_it_stands(
    house: House,
    people: People,
    voices: dict[str, Reference],
    members: tuple[Member, Member],
) -> None:
    host, fan = members
    fan.follow(host)
    (who,) = re.findall(r"/people/(\d+)/bell", fan.http.get("/@livehost").text)
    assert fan.http.post(f"/people/{who}/bell", data={"next": "/home"}).status_code == 303
    room = planned(host, "livehost-talks", announced="on")
    with cast() as actors:
        house.open_doors(room)
        speaker = actors.speaker(house.stage, room.key, room.host)
        speaker.join()
        assert "On the air now" not in fan.http.get("/home").text
        house.on_air(room)
        speaker.say(voices["host"].samples)
        until(lambda: "On the air now" in fan.http.get("/home").text, 30, "the post at home")
        authorized = {"Authorization": f"Bearer {token_of(fan)}"}
        heard = fan.http.get("/api/v1/notifications?types[]=status", headers=authorized).json()
        (status,) = [one["status"] for one in heard]
        assert status["card"]["type"] == "video" and status["card"]["url"] in status["card"]["html"]
        ear = people.person("livefan", microphone=False)
        ear.page.goto(f"{house.web}/login")
        ear.page.fill("#name", "livefan")
        ear.page.fill("#password", PASSWORD)
        ear.page.click("form button[type=submit]")
        ear.page.goto(f"{house.web}/home")
        recording = ear.ear.record()
        ear.page.locator("details.plays summary").click()
        frame = ear.page.frame_locator("details.plays iframe")
        frame.locator("#play").click()
        until(lambda: level_of(recording) > -40.0, 40, "the host's voice in the frame")
        speaker.drop()
