"""From the click on Listen to the first sound in the ear, in real Chromium.

Warm: the page is open and has played before. Cold: a browser context without cache, cookies or connections; its page has
just been loaded. The room sounds without a pause, so the first sound that comes is the first that could.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from bench import crew, peer_page
from bench.board import Board, Tape
from bench.rows import Figure
from tests.e2e.harness.chromium import People, Person
from tests.e2e.harness.pulse import RATE_HZ
from tests.e2e.house import started

WARM, COLD, PEER = 20, 6, 6
AUDIBLE = 10 ** (-50 / 20)
FRAME = RATE_HZ // 200
WAIT_S = 15.0
CLICKED = """addEventListener("click", (event) => {
  window.clicked_ms = performance.timeOrigin + event.timeStamp;
}, true)"""


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("join", "Click to sound")
    figure.notes.append("Click and sound are on two clocks that agree within 20 ms.")
    with (
        started(folder / "data") as house,
        Board(folder / "pulse") as board,
        sync_playwright() as driver,
        peer_page.served() as peer_url,
    ):
        people = People(board, driver)
        listener = people.person("listener")
        tape = board.tape()
        try:
            for profile in ("default", "fast"):
                room = house.plan(f"bench-{profile}", "Click to sound", profile=profile)
                house.open_doors(room)
                on_stage, _ = crew.invited(house, room, 1, ["noise"])
                with crew.speaking(on_stage):
                    house.on_air(room)
                    time.sleep(8)  # a window of program
                    url = f"{house.live}/{room.key}"
                    playlist = f"{peer_url}?url={house.live}/live/{room.key}/index.m3u8"
                    ear = Ear(listener, tape)
                    say(f"{profile}: {WARM} warm joins")
                    warm = ear.joins(url, WARM, again=True)
                    figure.add(f"{profile}.warm", f"our page, warm ({profile})", "ms", warm)
                    say(f"{profile}: {COLD} cold joins")
                    cold = ear.joins(url, COLD)
                    figure.add(f"{profile}.cold", f"our page, cold ({profile})", "ms", cold)
                    say(f"{profile}: {PEER} joins of hls.js")
                    other = ear.joins(playlist, PEER)
                    figure.add(
                        f"{profile}.hls_js",
                        f"stock hls.js, cold ({profile})",
                        "ms",
                        other,
                        peer=True,
                    )
        finally:
            tape.stop()
            people.close()
    return figure


class Ear:
    """One listener's ear, and what he clicks."""

    def __init__(self, listener: Person, tape: Tape) -> None:
        self._listener = listener
        self._tape = tape
        self._channel = tape.channels[f"ear-{listener.name}"]

    @property
    def frames(self) -> int:
        """Recorded so far."""
        return self._tape.frames

    def joins(self, url: str, count: int, again: bool = False) -> list[float]:
        """Milliseconds of each join; with `again` on one page, whose first (not counted) join warms it."""
        found = []
        page: Page | None = None
        for number in range(count + again):
            if page is None or not again:
                page = self._opened(url, page)
            took_ms = self._join(page)
            if number or not again:
                found.append(took_ms)
            if again:
                page.locator("#play").click()
                self.quiet()
        if page is not None:
            page.context.close()
            self.quiet()
        return found

    def _opened(self, url: str, before: Page | None) -> Page:
        if before is not None:
            before.context.close()
            self.quiet()
        page = self._listener.browser.new_context(locale="en-GB").new_page()
        page.add_init_script(CLICKED)
        page.goto(url)
        page.wait_for_load_state("networkidle")
        return page

    def _join(self, page: Page) -> float:
        frame = self._tape.frames
        # Anywhere within a part: joins must not fall in step with them.
        page.wait_for_timeout(50 + (frame * 7919) % 900)
        frame = self._tape.frames
        page.locator("#play").click()
        clicked_s = page.evaluate("window.clicked_ms") / 1000 - (time.time() - time.monotonic())
        heard_s = self.first_sound(page, frame)
        return float(heard_s - clicked_s) * 1000

    def first_sound(self, page: Page, frame: int) -> float:
        """On `time.monotonic()`. Errors: `TimeoutError`."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            page.wait_for_timeout(50)
            start, upto = frame, self._tape.frames - FRAME
            rows, _ = self._tape.since(start)
            loud = _loud(rows[: max(0, upto - start), self._channel])
            if loud is not None:
                return self._tape.begun_s + (start + loud) / RATE_HZ
        raise TimeoutError(f"no sound {WAIT_S:g} s after the click")

    def quiet(self) -> None:
        """Until the ear has had a third of a second of silence."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            frame = self._tape.frames
            while self._tape.frames < frame + RATE_HZ // 3:
                time.sleep(0.02)
            rows, _ = self._tape.since(frame)
            if _loud(rows[:, self._channel]) is None:
                return
        raise TimeoutError("the ear does not fall silent")


def _loud(sound: NDArray[np.float32]) -> int | None:
    """The first sample of the first 5 ms that are audible."""
    whole = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)
    loud = np.flatnonzero(np.sqrt(np.mean(whole**2, axis=1)) > AUDIBLE)
    return int(loud[0]) * FRAME if loud.size else None
