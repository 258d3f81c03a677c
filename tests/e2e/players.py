"""Ways to listen, each recorded: our page, a browser's own HLS, ffmpeg. And what a host and guests click."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tests.e2e.harness.chromium import Person
from tests.e2e.harness.pulse import RATE_HZ, Recording, stop
from tests.e2e.harness.sound import Reference, level_dbfs
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room


@dataclass
class Tape:
    """ffmpeg listening to a playlist: mono float32 at 48 kHz from its first decoded sample."""

    path: Path
    process: subprocess.Popen[bytes]
    log: Path

    def so_far(self) -> NDArray[np.float32]:
        raw = np.fromfile(self.path, "<i2") if self.path.exists() else np.zeros(0, "<i2")
        return raw.astype(np.float32) / 32768

    @property
    def seconds(self) -> float:
        return self.path.stat().st_size / 2 / RATE_HZ if self.path.exists() else 0.0

    def stop(self) -> NDArray[np.float32]:
        stop(self.process)
        return self.so_far()

    def ended(self, deadline_s: float) -> NDArray[np.float32]:
        """All of it, once the playlist has come to its end by itself."""
        self.process.wait(deadline_s)
        return self.so_far()


def tape(url: str, path: Path, *options: str) -> Tape:
    """Starts ffmpeg on `url`."""
    log = path.with_suffix(".log")
    command = ["ffmpeg", "-nostdin", "-loglevel", "warning", "-y", *options, "-i", url]
    command += ["-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1", "-flush_packets", "1", str(path)]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stderr=said)
    return Tape(path, process, log)


def level_of(heard: Tape | Recording, seconds: float = 0.5) -> float:
    """dBFS of the last half second, read from the end of the file alone."""
    size = int(seconds * RATE_HZ) * 2
    length = heard.path.stat().st_size if heard.path.exists() else 0
    if length < size:
        return -120.0
    raw = np.fromfile(heard.path, "<i2", offset=(length - size) // 2 * 2)
    return level_dbfs(raw.astype(np.float32) / 32768)


def last(heard: Tape | Recording, seconds: float = 12.0) -> NDArray[np.float32]:
    """The newest seconds of a recording in the making."""
    length = heard.path.stat().st_size if heard.path.exists() else 0
    offset = max(0, length - int(seconds * RATE_HZ) * 2) // 2 * 2
    raw = np.fromfile(heard.path, "<i2", offset=offset) if length else np.zeros(0, "<i2")
    return raw.astype(np.float32) / 32768


def words(voice: Reference, name: str, from_s: float, to_s: float) -> Reference:
    """A piece of a voice, as a reference of its own."""
    first, last = int(from_s * RATE_HZ), int(to_s * RATE_HZ)
    return Reference(name, voice.path, voice.samples[first:last])


@dataclass
class Said:
    """Words on their way: when they began and ended, on `time.monotonic()`."""

    what: Reference
    began_s: float
    ended_s: float = 0.0


def say(person: Person, what: Reference, meanwhile: Callable[[], object] = lambda: None) -> Said:
    """`person` says it to the end; `meanwhile` is done in between."""
    playing = person.microphone.play_samples(what.samples)
    said = Said(what, playing.started_s)
    meanwhile()
    playing.wait(what.length_s + 20)
    said.ended_s = time.monotonic()
    return said


def consent(person: Person, url: str, name: str) -> None:
    """The stage page from its link to the sound check."""
    page = person.page
    page.goto(url)
    page.locator("#consent").wait_for()
    assert page.evaluate("location.hash") == ""  # the ticket has left the address bar
    page.locator("#name").fill(name)
    page.locator("#consent").check()
    page.get_by_role("button", name="Choose a microphone").click()


def join(person: Person) -> float:
    """From the sound check to the stage: seconds from the click to the first packet from studio."""
    button = person.page.get_by_role("button", name="Join back stage")
    until(lambda: button.is_enabled(), 20, f"{person.name}'s microphone")
    clicked_s = time.monotonic()
    button.click()
    person.page.locator(".people person-card").first.wait_for(timeout=20_000)
    return time.monotonic() - clicked_s


def listen(person: Person, url: str) -> Recording:
    """The event page and its button; the ear's recording begins before the click."""
    person.page.goto(url)
    recording = person.ear.record("listens")
    person.page.locator("#play").click()
    return recording


class Page(Protocol):
    """What Chromium's page and Firefox have."""

    def evaluate(self, script: str, /) -> Any: ...


ASKED = """() => performance.getEntriesByType("resource").map((one) => new URL(one.name).pathname)
  .filter((one) => one.startsWith("/session/"))"""


def has_sound(page: Page) -> None:
    """Waits until a stage page's own session stands: its people are there a moment before."""
    connects = "() => document.body.innerText.includes('Connecting your sound.')"
    until(lambda: not page.evaluate(connects), 20, "a session of its own")


def renews_its_session(page: Page, house: House, room: Room, name: str) -> None:
    """Tells a stage page that its network is another one: ICE is restarted in the same session, and nobody notices."""
    has_sound(page)
    journal = house.folder / "rooms" / room.key / "journal.jsonl"
    before, asked = len(journal.read_bytes()), page.evaluate(ASKED)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    until(lambda: len(page.evaluate(ASKED)) > len(asked), 15, "an ICE restart")
    time.sleep(3.0)  # longer than silence is suffered
    new = page.evaluate(ASKED)[len(asked) :]
    assert len(new) == 1 and new[0].count("/") == 3, f"one PATCH, and no POST: {new}"
    assert house.link_of(room, name) == "here"
    told = journal.read_bytes()[before:]
    assert b'"joined"' not in told and b'"lost"' not in told
