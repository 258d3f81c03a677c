"""From `hustings serve --demo` in an empty folder to the first second that ffmpeg hears from the live host."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np

from bench.rows import Figure
from tests.e2e.harness.pulse import stop
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, start

RUNS = 3
RATE_HZ = 48_000
AUDIBLE = 10 ** (-50 / 20)


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("start", "Command to sound")
    addresses, sounds = [], []
    for run in range(RUNS):
        house = start(folder / f"data{run}", demo=True)
        try:
            sounds.append(_first_sound(house) - house.started_s)
            until(lambda: "Hustings is up" in house.log, 60, "the addresses")  # noqa: B023
            addresses.append(time.monotonic() - house.started_s)
        finally:
            house.stop()
        say(f"run {run + 1} of {RUNS}: {sounds[-1]:.1f} s")
    figure.add("sound", "command → first audible second", "s", sounds)
    figure.add("addresses", "command → addresses on the console, at most", "s", addresses)
    return figure


def _first_sound(house: House) -> float:
    """As soon as there is a playlist, ffmpeg is started; again if it gave up."""
    url = f"{house.live}/live/demo/index.m3u8"

    def there() -> bool:
        try:
            return house.http.get(url).status_code == 200
        except httpx.HTTPError:
            return False

    until(there, 60, "a playlist", 0.02)
    return until(lambda: _sound(url), 60, "sound", 0.05)


def _sound(url: str) -> float:
    """When ffmpeg had its first audible second; 0 when it gave up before (nothing has been published yet)."""
    command = ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-i", url, "-t", "30"]
    command += ["-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1", "-flush_packets", "1", "-"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        while second := process.stdout.read(RATE_HZ * 2):
            sound = np.frombuffer(second, "<i2") / 32768
            if np.sqrt(np.mean(sound**2)) > AUDIBLE:
                return time.monotonic()
    finally:
        stop(process)
    return 0.0
