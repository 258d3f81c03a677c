"""Stock Firefox ESR: joins the stage and hears and is heard; plays the event page by Media Source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.harness import sound
from tests.e2e.harness.firefox import Firefox
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.sound import Reference
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.peer import Cast, Peer
from tests.e2e.players import renews_its_session, tape

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]


@pytest.fixture(scope="module")
def talk(house: House, actors: Cast) -> tuple[Room, Peer]:
    room = house.plan("with-firefox", "With Firefox")
    house.open_doors(room)
    hanna = actors.speaker(house.stage, room.key, room.host)
    hanna.join()
    house.on_air(room)
    return room, hanna


def test_the_stage_page(
    house: House,
    talk: tuple[Room, Peer],
    firefox: Firefox,
    voices: dict[str, Reference],
    tmp_path: Path,
) -> None:
    room, hanna = talk
    ticket = house.invite(room, "Fox")
    firefox.goto(f"{house.stage}/{room.key}#t={ticket}")
    firefox.see("#consent")
    firefox.fill("#name", "Fox")
    firefox.click("#consent")
    firefox.click("form.notice button[type=submit]")
    firefox.wait(
        "() => [...document.querySelectorAll('.last button')].some((one) => !one.disabled)",
        deadline_s=30,
    )
    firefox.click(".last button")
    firefox.see("person-card", deadline_s=30)
    until(lambda: house.link_of(room, "Fox") == "here", 20, "Firefox on the stage")

    ear = firefox.ear.record("stage")
    taped = tape(f"{house.live}/live/{room.key}/index.m3u8", tmp_path / "live.s16")
    hanna.say(voices["host"].samples[: 8 * sound.RATE_HZ])
    until(lambda: sound.heard(voices["host"], ear.so_far()), 40, "Hanna in Firefox's ear", 1.0)
    playing = firefox.microphone.play(voices["guest1"].path)
    until(lambda: sound.heard(voices["guest1"], taped.so_far()), 60, "Firefox on the air", 1.0)
    playing.stop()
    heard = ear.stop()
    taped.stop()
    renews_its_session(firefox, house, room, "Fox")
    assert sound.absent(voices["guest1"], heard)  # his own clean feed
    assert not sound.doubled(voices["host"], heard)


def test_the_event_page_plays(
    house: House, talk: tuple[Room, Peer], firefox: Firefox, voices: dict[str, Reference]
) -> None:
    room, hanna = talk
    firefox.goto(f"{house.live}/{room.key}")
    assert firefox.evaluate("() => 'MediaSource' in window")
    firefox.see("#play")
    ear = firefox.ear.record("listens")
    firefox.click("#play")
    firefox.wait("() => document.querySelector('#play').classList.contains('on')", deadline_s=20)
    hanna.say(voices["host"].samples)
    until(lambda: sound.heard(voices["host"], ear.so_far()), 60, "Hanna on the page", 1.0)
    heard = ear.stop()
    assert not sound.doubled(voices["host"], heard)
    assert [line for line in firefox.console if "error" in line.lower()] == []
