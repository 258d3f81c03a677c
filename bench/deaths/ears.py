"""Three who listen at once, each with an ear of his own: our page and stock hls.js in Chromium, ffmpeg into a sound card.

In life each has a machine of his own: here theirs are processes that do not wait for a processor.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from bench import peer_page
from tests.e2e.harness.chromium import People
from tests.e2e.harness.pulse import RATE_HZ, Pulse, Recording, stop
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.player_faults import FRAME_S, SILENT_DBFS, InChromium
from tests.e2e.players import last

LEAST_FRAMES = 5
"""A silence is a tenth of a second at least: a sound card that a full machine forgot for 20 ms is no death's doing."""

READY_S = 60.0
STEADY_S = 3.0


def silent_s(heard: NDArray[np.float32]) -> float:
    """Seconds of it that lie in silences of a tenth of a second or longer."""
    size = int(FRAME_S * RATE_HZ)
    frames = heard[: heard.size // size * size].reshape(-1, size).astype(np.float64)
    silent = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12) < SILENT_DBFS
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= LEAST_FRAMES].sum()) * FRAME_S


def own_machine(pid: int) -> None:
    """All threads of a process run when they want to (as root; else nothing changes)."""
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(1))


@dataclass
class Player:
    """`begins` (again) from nothing; `lives`: it has not ended itself; `processes` that play."""

    name: str
    ear: Recording
    begins: Callable[[], object]
    lives: Callable[[], bool]
    processes: Callable[[], list[int]]
    begun: int = 0

    def sounds(self, seconds: float) -> bool:
        """All the last seconds without a break."""
        size = int(seconds * RATE_HZ)
        recent = last(self.ear, seconds)[-size:]  # it grows while it is read
        return recent.size == size and silent_s(recent) == 0

    def ready(self) -> None:
        """Plays steadily; begun again when it has given up. Errors: `TimeoutError`."""
        if not self.lives():
            self.begin()
        try:
            until(lambda: self.sounds(STEADY_S), READY_S / 2, f"sound from {self.name}", 0.1)
        except TimeoutError:
            self.begin()
            until(lambda: self.sounds(STEADY_S), READY_S, f"sound from {self.name}", 0.1)
        for pid in self.processes():
            own_machine(pid)

    def begin(self) -> None:
        self.begun += 1
        self.begins()

    def silent_s(self, from_s: float, upto_s: float) -> float:
        """Between two moments of its ear's recording."""
        return silent_s(self.ear.so_far()[int(from_s * RATE_HZ) : int(upto_s * RATE_HZ)])


class Ffmpeg:
    """Debian's, playing the HLS address into a sound card at the card's own pace."""

    def __init__(self, pulse: Pulse, url: str, folder: Path) -> None:
        self._pulse, self._url, self._log = pulse, url, folder / "ffmpeg.log"
        self._process: subprocess.Popen[bytes] | None = None

    def begins(self) -> None:
        self.ends()
        command = ["ffmpeg", "-nostdin", "-loglevel", "warning", "-i", self._url]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "-f", "pulse", "-device", "ear-ffmpeg", "ffmpeg"],
                env=self._pulse.person_env("ffmpeg"),
                stdout=log,
                stderr=log,
            )

    def ends(self) -> None:
        if self._process is not None:
            stop(self._process)

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def processes(self) -> list[int]:
        return [self._process.pid] if self._process is not None else []


@contextlib.contextmanager
def listening(house: House, room: Room, folder: Path) -> Iterator[list[Player]]:
    """Our player first, then hls.js, then ffmpeg; all three play steadily."""
    master = f"{house.live}/live/{room.key}/index.m3u8"
    with contextlib.ExitStack() as stack:
        pulse = stack.enter_context(Pulse(folder / "pulse"))
        people = People(pulse, stack.enter_context(sync_playwright()))
        stack.callback(people.close)
        peer = stack.enter_context(peer_page.served())
        ours, other = people.person("ours"), people.person("hls-js", autoplay=True)
        ffmpeg = Ffmpeg(pulse, master, folder)
        stack.callback(ffmpeg.ends)
        ear = pulse.ear("ffmpeg")

        def click(page: Page, url: str) -> None:
            page.goto(url)
            page.locator("#play").click()

        players = [
            Player(
                "ours",
                ours.ear.record(),
                partial(click, ours.page, f"{house.live}/{room.key}"),
                lambda: True,
                InChromium(ours).processes,
            ),
            Player(
                "hls_js",
                other.ear.record(),
                partial(click, other.page, f"{peer}?url={quote(master, safe='')}"),
                lambda: True,
                InChromium(other).processes,
            ),
            Player("ffmpeg", ear.record(), ffmpeg.begins, lambda: ffmpeg.lives, ffmpeg.processes),
        ]
        for player in players:
            player.begin()
            stack.callback(player.ear.stop)
        for player in players:
            player.ready()
        yield players
