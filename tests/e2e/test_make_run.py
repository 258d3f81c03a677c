"""What `make run` starts: a newcomer is one click from sound, and any player plays it; then a clean stop."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.harness import sound
from tests.e2e.harness.chromium import People
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, descendants_of, start

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

DEMO_VOICES = Path(__file__).parents[2] / "src/hustings/demo/voices"


def test_from_one_command_to_sound_and_to_a_clean_stop(tmp_path: Path, people: People) -> None:
    house = start(tmp_path / "data", demo=True)
    began_s = house.started_s
    try:
        until(lambda: "Hustings is up" in house.log, 60, lambda: f"the start:\n{house.log}")
        up_s = time.monotonic() - began_s
        assert "/demo  (two voices, on the air)" in house.log
        assert "#t=v1." in house.log  # a host link

        ana, ben = (sound.load(DEMO_VOICES / f"{name}.opus") for name in ("ana", "ben"))
        newcomer = people.person("newcomer")
        newcomer.page.goto(house.web)
        newcomer.page.locator("a[href$='/demo']").first.click()
        newcomer.page.wait_for_url(f"{house.live}/demo*")
        recording = newcomer.ear.record()
        clicked_s = time.monotonic()
        newcomer.page.locator("#play").click()
        until(lambda: sound.level_dbfs(recording.so_far()) > -50, 30, "sound in the ear")
        heard_s = time.monotonic()

        # ffmpeg begins three segments back: by then they are of the talk, not of what was before it
        until(lambda: on_air_s(house) > 18, 40, "eighteen seconds on the air", 0.5)
        out = tmp_path / "out.wav"
        playlist = f"{house.live}/live/demo/index.m3u8"
        subprocess.run(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", playlist, "-t", "10", str(out)],
            check=True,
            timeout=60,
        )
        taped = sound.load_samples(out)
        assert taped.size / sound.RATE_HZ == pytest.approx(10, abs=0.1)
        assert (
            sound.level_dbfs(taped) > -30
        )  # speech, not silence and not the holding sound (-26 LUFS)
        assert sound.heard(ana, taped) or sound.heard(ben, taped)
        until(lambda: recording.now_s > heard_s - recording.started_s + 8, 20, "eight seconds")
        heard = recording.stop()
        assert sound.heard(ana, heard) or sound.heard(ben, heard)
        print(
            f"\nstart to addresses {up_s:.1f} s; click to sound {heard_s - clicked_s:.2f} s; "
            f"the tape is {sound.level_dbfs(taped):.1f} dBFS"
        )
        assert newcomer.console == [], newcomer.console
        assert len(descendants_of(house.process.pid)) >= 6
    finally:
        code = house.stop()
    assert code == 0
    assert "died" not in house.log


def on_air_s(house: House) -> float:
    """For how long the demo has been on the air."""
    pulse = house.http.get(f"{house.live}/live/demo/pulse.json").json()
    since_ms = pulse["on_air_since_ms"]
    return time.time() - since_ms / 1000 if since_ms else 0.0
