"""From "Join back stage" to his voice in another's ear, on a perfect road and on one that loses a tenth of the handshake.

The newcomer's microphone makes a tone all the time; each join is a page, a ticket and a click of its own. The click is the
page's own time stamp; the first sound is on the board's recording of the host's ear. To load a page stops the host's ear on so
small a machine, and what it has not played meanwhile waits in its jitter buffer: the click comes when that is short again.
"""

from __future__ import annotations

import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from bench.board import Board
from bench.figures.join import CLICKED, Ear
from bench.lossy import ADDRESS, lossy
from bench.rows import Figure
from bench.waiting import Waiting
from tests.e2e.harness import sound
from tests.e2e.harness.chromium import People, Person
from tests.e2e.harness.pulse import RATE_HZ
from tests.e2e.house import House, Room, started
from tests.e2e.players import consent, join

JOINS = 20
LOSS = 0.1
FRAME = RATE_HZ // 50
LOUD = 10 ** (-35 / 20)
VOICE = Path(__file__).parents[2] / "tests/e2e/voices/guest1.opus"
PLENTY = {"STAGE__OFFERS_PER_MINUTE": "100000"}
REST_S = 0.1
"""A browser's jitter buffer at rest is shorter: two packets, and what it took to play them."""
REST_WAIT_S = 40.0
CONNECTED = """window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...how) {
    super(...how);
    this.addEventListener("connectionstatechange", () => {
      if (this.connectionState === "connected") window.connected_ms = performance.timeOrigin + performance.now();
    });
  }
};"""


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("join_stage", "Join to voice")
    _measured(figure, folder, say, "perfect", 0.0, "join: click to his voice in another's ear")
    return figure


def measure_lossy(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("join_stage_lossy", "Join to voice, a tenth lost")
    _measured(figure, folder, say, "lossy", LOSS, "the same, a tenth of all datagrams lost")
    return figure


def _measured(
    figure: Figure, folder: Path, say: Callable[[str], None], id: str, loss: float, label: str
) -> None:
    announced = f'["{ADDRESS}"]'
    with (
        started(folder / "data", STUDIO__ANNOUNCED_ADDRESSES=announced, **PLENTY) as house,
        lossy(int(house.env["HUSTINGS_STUDIO__UDP_PORT"])) as road,
        Board(folder / "pulse") as board,
        sync_playwright() as driver,
    ):
        people = People(board, driver)
        host, newcomer = people.person("host", autoplay=True), people.person("newcomer")
        tape = board.tape()
        try:
            waiting = Waiting(host)
            room = house.plan("bench-join-stage", "Join to voice")
            house.open_doors(room)
            consent(host, f"{house.stage}/{room.key}#t={house.invite(room, 'Hedda')}", "Hedda")
            join(host)
            voice = newcomer.microphone.play(_without_pauses(folder), loop=True)
            joins = Joins(house, room, newcomer, Ear(host, tape), waiting)
            took_ms, road_ms = [], []
            for number in range(JOINS):
                joins.arrive(number)
                road.loss = loss
                heard_ms, up_ms = joins.click()
                road.loss = 0.0
                took_ms.append(heard_ms)
                road_ms.append(up_ms)
                joins.leave()
                if number % 10 == 9:
                    say(f"{number + 1} of {JOINS}: {np.median(took_ms):.0f} ms")
            voice.stop()
        finally:
            tape.stop()
            people.close()
    share = road.lost / max(1, road.lost + road.carried)
    note = f"{share:.1%} of all datagrams lost, but for those after the first sound" if loss else ""
    figure.add(f"{id}.heard", label, "ms", took_ms, note=note)
    figure.add(
        f"{id}.connected", f"{label.split(':')[0]}: until his browser is connected", "ms", road_ms
    )


class Joins:
    """One newcomer's joins: a ticket, a context and a page of its own each time."""

    def __init__(
        self, house: House, room: Room, newcomer: Person, ear: Ear, waiting: Waiting
    ) -> None:
        self._house = house
        self._room = room
        self._newcomer = newcomer
        self._ear = ear
        self._waiting = waiting

    def arrive(self, number: int) -> None:
        """As far as the sound check, with an open microphone."""
        self._name = f"Guest {number}"
        person = self._newcomer
        person.context.close()
        person.context = person.browser.new_context(permissions=["microphone"], locale="en-GB")
        person.page = person.context.new_page()
        person.page.add_init_script(CLICKED)
        person.page.add_init_script(CONNECTED)
        ticket = self._house.invite(self._room, self._name)
        consent(person, f"{self._house.stage}/{self._room.key}#t={ticket}", self._name)
        button = person.page.get_by_role("button", name="Join back stage")
        button.and_(person.page.locator(":enabled")).wait_for(timeout=20_000)
        self._ear.quiet()
        self._rest()

    def _rest(self) -> None:
        """Until the host's jitter buffer is short. Errors: `TimeoutError`."""
        deadline = time.monotonic() + REST_WAIT_S
        while time.monotonic() < deadline:
            self._waiting.mean_s()
            self._newcomer.page.wait_for_timeout(500)
            if self._waiting.mean_s()[0] < REST_S:
                return
        raise TimeoutError("the host's jitter buffer does not come to rest")

    def click(self) -> tuple[float, float]:
        """Milliseconds from the click to the voice in the other's ear, and to a connection."""
        page, frame = self._newcomer.page, self._ear.frames
        page.get_by_role("button", name="Join back stage").click()
        clicked_ms = page.evaluate("window.clicked_ms")
        heard_s = self._ear.first_sound(page, frame)
        clicked_s = clicked_ms / 1000 - (time.time() - time.monotonic())
        return (heard_s - clicked_s) * 1000, page.evaluate("window.connected_ms") - clicked_ms

    def leave(self) -> None:
        """Off the stage, which has thirteen places."""
        everybody: list[dict[str, Any]] = self._house.view(self._room)["people"]
        person = next(one["person"] for one in everybody if one["name"] == self._name)
        self._house.command(self._room, "remove", {"person": person})


def _without_pauses(folder: Path) -> Path:
    """A voice that never pauses: what noise suppression lets through, and what begins whenever one listens."""
    samples = sound.load(VOICE).samples
    frames = samples[: samples.size // FRAME * FRAME].reshape(-1, FRAME)
    loud = frames[np.sqrt(np.mean(frames**2, axis=1)) > LOUD]
    path = folder / "voice.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((np.clip(loud, -1, 1) * 32767).astype("<i2").tobytes())
    return path
