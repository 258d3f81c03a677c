"""The room's clock crosses a multiple of 2³² samples, as it does once in 24 h 51 min: no player hears of it.

A whole house lives a little before that moment (libfaketime moves its wall clock; the browsers keep the true one). Where a
number of 32 bits was in the way, the sound would end, jump, or begin anew there. Native HLS is Chromium's own.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.harness import sound
from tests.e2e.harness.chromium import People
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.pulse import Recording
from tests.e2e.harness.waiting import until
from tests.e2e.house import START_S, House, Room, alive, descendants_of, start
from tests.e2e.players import Tape, level_of, tape

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not here"),
]

ROUND_S = 2**32 / 48_000
UP_S = 30.0
"""From here to the doors: what a house takes to start on a busy machine."""
BEFORE_S = 8.0
GAP_S = 0.5
HLS_JS = Path(__file__).parent / "node_modules/hls.js/dist/hls.min.js"
PAGE = "<!doctype html><title>x</title><audio controls></audio>"
HLS_PLAYS = """(url) => { const hls = new Hls({lowLatencyMode: true}); window.fatal = [];
  hls.on(Hls.Events.ERROR, (_, error) => error.fatal && window.fatal.push(error.details));
  hls.loadSource(url); const audio = document.querySelector('audio'); hls.attachMedia(audio); return audio.play(); }"""
NATIVE_PLAYS = """(url) => { const audio = document.querySelector('audio'); audio.src = url; return audio.play(); }"""


@dataclass
class Eve:
    """A house whose clock stands `BEFORE_S` before the crossing when the doors of `room` open."""

    house: House
    room: Room
    ahead_s: float
    crossing_s: float

    def left_s(self) -> float:
        """Seconds to the crossing, at the source."""
        return self.crossing_s - (time.time() + self.ahead_s)


@pytest.fixture
def eve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Eve]:
    crossing_s = math.ceil((time.time() + UP_S + BEFORE_S) / ROUND_S) * ROUND_S
    ahead_s = crossing_s - BEFORE_S - UP_S - time.time()
    for line in subprocess.run(
        ["faketime", "-m", "-f", f"+{ahead_s:.3f}", "env"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines():
        name, _, value = line.partition("=")
        if name in ("LD_PRELOAD", "FAKETIME"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    house = start(tmp_path / "data")
    try:
        for name in ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"):
            monkeypatch.delenv(name)
        until(lambda: "Hustings is up" in house.log, START_S, lambda: f"the start:\n{house.log}")
        soon_ms = int((time.time() + ahead_s + 3600) * 1000)
        room = house.plan("crossing", "Crossing", starts_at_ms=soon_ms)
        yield Eve(house, room, ahead_s, crossing_s)
    finally:
        end(house)


def end(house: House) -> None:
    """Not `House.stop`: under libfaketime a sleep of the supervisor's raises EINVAL, and its children outlive it for a moment."""
    family = descendants_of(house.process.pid)
    house.process.terminate()
    house.process.wait(30)
    house.http.close()
    until(lambda: not any(map(alive, family)), 20, "the end of every process")


def test_four_players_cross_it_without_a_gap(eve: Eve, people: People, tmp_path: Path) -> None:
    ears = {name: people.person(name, autoplay=True) for name in ("ours", "hls-js", "native")}
    live = eve.house.live
    playlist = f"{live}/live/{eve.room.key}/aac/live.m3u8"
    for name in ("hls-js", "native"):
        page = ears[name].page
        page.route(
            "**/bare.html", lambda route, _: route.fulfill(body=PAGE, content_type="text/html")
        )
        page.goto(f"{live}/bare.html")
    ears["hls-js"].page.add_script_tag(path=HLS_JS)
    ears["ours"].page.goto(f"{live}/{eve.room.key}")
    until(lambda: eve.left_s() <= BEFORE_S, UP_S + 5, "eight seconds before the crossing")
    eve.house.open_doors(eve.room)
    late_s = BEFORE_S - eve.left_s()
    until(lambda: has_a_segment(eve), 20, "a whole segment")
    with ExitStack() as ending:
        heard = {name: one.ear.record() for name, one in ears.items()}
        taped = tape(playlist.replace("live.m3u8", "plain.m3u8"), tmp_path / "tape.s16")
        ending.callback(taped.stop)
        for recording in heard.values():
            ending.callback(recording.stop)
        ears["ours"].page.locator("#play").click()
        ears["hls-js"].page.evaluate(HLS_PLAYS, playlist.replace("aac/live", "index"))
        ears["native"].page.evaluate(NATIVE_PLAYS, playlist.replace("live.m3u8", "plain.m3u8"))
        everybody: dict[str, Recording | Tape] = {**heard, "ffmpeg": taped}
        begun = {name: first_sound_s(one, name) for name, one in everybody.items()}
        until(lambda: eve.left_s() < -25, 90, "the crossing, and what comes after it")
        until(lambda: taped.seconds > 25, 60, "ffmpeg's tape")
        gaps = {name: gap_s(one.so_far(), begun[name]) for name, one in everybody.items()}
        at_end = {name: level_of(one, 1.0) for name, one in everybody.items()}
        fatal = ears["hls-js"].page.evaluate("window.fatal")
    numbers = segments(eve.house.playlist(eve.room))
    print(f"\ndoors {late_s:.2f} s late; longest gaps: {gaps}; at the end: {at_end} dBFS")
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[-1] * 3.84 > eve.crossing_s
    assert fatal == []
    assert all(level > -50 for level in at_end.values()), at_end
    assert all(gap <= GAP_S for gap in gaps.values()), gaps


def has_a_segment(eve: Eve) -> bool:
    answer = eve.house.http.get(f"{eve.house.live}/live/{eve.room.key}/aac/plain.m3u8")
    return answer.status_code == 200 and "#EXTINF" in answer.text


def segments(playlist: str) -> list[int]:
    return [int(number) for number in re.findall(r"^s(\d+)\.m4s$", playlist, re.M)]


def first_sound_s(one: Recording | Tape, name: str) -> float:
    """Seconds into the recording when sound had begun."""
    until(lambda: level_of(one, 0.5) > -50, 30, f"sound from {name}", 0.1)
    return one.so_far().size / sound.RATE_HZ


def gap_s(heard: sound.Sound, from_s: float) -> float:
    return sound.longest_silence_s(heard, from_s, below_dbfs=-50)
