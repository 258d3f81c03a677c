"""If the page loads, the voice gets through: a network that lets no datagram of a call through, and one that lets through
nothing but the page. Either way, a studio that dies is a pause.

Chromium's own switch keeps UDP from it; the page is as it is. Where ICE-TCP is to be blocked too, door has no port for it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.harness import sound
from tests.e2e.harness.chromium import Person
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.sound import Reference
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, started
from tests.e2e.players import consent, join, say, words

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
ROADS = """async () => {
  const found = {};
  for (const pc of window.calls) {
    if (pc.connectionState !== "connected") continue;
    const stats = await pc.getStats();
    for (const one of stats.values()) {
      if (one.type !== "candidate-pair" || !one.nominated) continue;
      found.protocol = stats.get(one.localCandidateId).protocol;
      found.to = stats.get(one.remoteCandidateId).port;
    }
  }
  return found;
}"""
NOTED = """() => {
  window.calls = [];
  window.sockets = 0;
  const Socket = WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...all) { super(...all); window.sockets += 1; }
  };
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...all) { super(...all); window.calls.push(this); }
  };
}"""


def enter(house: House, room: Room, person: Person, name: str) -> None:
    person.page.add_init_script(f"({NOTED})()")
    consent(person, f"{house.stage}/{room.key}#t={house.invite(room, name)}", name)
    join(person)


def road_of(person: Person) -> dict[str, object]:
    """The road that carries this person's call."""
    return dict(until(lambda: person.page.evaluate(ROADS), 15, f"{person.name}'s call"))


def hear_each_other(
    one: Person, other: Person, voices: dict[str, Reference], tries: int = 1
) -> None:
    """Each says a sentence, up to `tries` times; the other's ear has it, whole."""
    for mouth, ear, voice in ((one, other, "guest1"), (other, one, "guest2")):
        line = words(voices[voice], f"{mouth.name} says", 0, 5)
        for left in reversed(range(tries)):
            recording = ear.ear.record(f"{ear.name} hears {mouth.name} {left}")
            say(mouth, line)
            time.sleep(2.5)
            found = sound.find(line, recording.stop())
            if found:
                break
        assert len(found) == 1, f"{ear.name} heard {mouth.name} {len(found)} times"


def studio_dies(house: House, room: Room, person: Person) -> None:
    """He and the other go on where they were, on the connections that they had."""
    asked: list[str] = []
    person.page.on("request", lambda one: "/session/" in one.url and asked.append(one.url))
    made = "[window.calls.length, window.sockets]"
    before = person.page.evaluate(made)
    number = len(journal(house, room))
    worker = house.kill("studio")
    house.came_back("studio", worker)

    def since(kind: str) -> int:
        return sum(one["type"] == kind for one in journal(house, room)[number:])

    until(lambda: since("back") == 2, 20, "both back", 0.02)
    assert (since("joined"), asked, person.page.evaluate(made)) == (0, [], before)


def journal(house: House, room: Room) -> list[dict[str, object]]:
    raw = (house.folder / "rooms" / room.key / "journal.jsonl").read_bytes()
    return [json.loads(line) for line in raw[: raw.rfind(b"\n") + 1].splitlines()]


def test_udp_blocked(
    house: House, person: Callable[..., Person], voices: dict[str, Reference]
) -> None:
    room = house.plan("no-udp", "No UDP")
    house.open_doors(room)
    free, blocked = person("free"), person("blocked", flags=(NO_UDP,))
    enter(house, room, free, "Freya")
    enter(house, room, blocked, "Bela")
    assert road_of(free)["protocol"] == "udp"
    port = int(house.env["HUSTINGS_STAGE__VOICE_PORT"])
    assert road_of(blocked) == {"protocol": "tcp", "to": port}
    until(lambda: house.link_of(room, "Bela") == "here", 10, "Bela on the stage")
    hear_each_other(free, blocked, voices)
    studio_dies(house, room, blocked)
    assert road_of(blocked) == {"protocol": "tcp", "to": port}
    hear_each_other(free, blocked, voices, 4)


def test_all_but_the_page_blocked(
    tmp_path: Path, person: Callable[..., Person], voices: dict[str, Reference]
) -> None:
    with started(tmp_path / "data", STAGE__VOICE_PORT="0") as house:
        room = house.plan("no-calls", "No calls")
        house.open_doors(room)
        free, blocked = person("free2"), person("blocked2", flags=(NO_UDP,))
        enter(house, room, free, "Freya")
        enter(house, room, blocked, "Bela")
        try:
            blocked.page.locator("alarm-bar").get_by_text("Your network blocks calls.").wait_for(
                timeout=30_000
            )
            until(lambda: house.link_of(room, "Bela") == "here", 10, "Bela on the stage")
            assert road_of(free)["protocol"] == "udp"
            hear_each_other(free, blocked, voices)
            studio_dies(house, room, blocked)
            hear_each_other(free, blocked, voices, 4)
        except BaseException:
            print(blocked.console, house.log)
            blocked.page.screenshot(path=tmp_path / "blocked.png")
            raise
