"""Stock hls.js plays the low-latency playlist for three minutes, while what it fetches is read by an independent parser."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from tests.e2e.harness.chromium import People
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.sound import Reference
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.peer import Peer, cast
from tests.hls import reading

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

PLAYED_S = float(os.environ.get("HUSTINGS_HLS_JS_S", "180"))
RATE_HZ = 48_000
SEGMENT = 184_320
PART = 46_080
HLS_JS = Path(__file__).parent / "node_modules/hls.js/dist/hls.min.js"
PAGE = "<!doctype html><title>hls.js</title><audio controls></audio>"
PLAY = """([url]) => {
  const audio = document.querySelector('audio');
  const seen = window.seen = {fatal: [], other: [], stalls: 0, latency: [], playlists: {}, gaps: []};
  const hls = window.hls = new Hls({lowLatencyMode: true});
  hls.on(Hls.Events.ERROR, (_, error) => seen[error.fatal ? 'fatal' : 'other'].push(error.details));
  hls.on(Hls.Events.LEVEL_LOADED, (_, {details, networkDetails}) =>
    (seen.playlists[details.url] ??= []).push(networkDetails?.responseText ?? ''));
  audio.addEventListener('waiting', () => audio.currentTime > 1 && seen.stalls++);
  let last = [0, 0];
  setInterval(() => {
    const now = [performance.now() / 1000, audio.currentTime];
    if (last[1] && now[1] - last[1] < 0.25 * (now[0] - last[0])) seen.gaps.push(now);
    last = now;
    if (hls.latency) seen.latency.push(hls.latency);
  }, 1000);
  hls.loadSource(url);
  hls.attachMedia(audio);
  return audio.play();
}"""


@pytest.fixture(scope="module")
def room(house: House, voices: dict[str, Reference]) -> Iterator[tuple[Room, Peer]]:
    """On the air; one voice in a loop, a click in every pause between two rounds."""
    planned = house.plan("hls-js", "For hls.js")
    with cast() as actors:
        house.open_doors(planned)
        hanna = actors.speaker(house.stage, planned.key, planned.host)
        hanna.join()
        house.on_air(planned)
        rounds = int(PLAYED_S // 18) + 12
        hanna.say(np.concatenate([voices["host"].samples, clicks()] * rounds))
        yield planned, hanna


def clicks() -> np.ndarray:
    """Two seconds of silence with a click of 2 ms at 1.0 s."""
    silence = np.zeros(2 * RATE_HZ, np.float32)
    silence[RATE_HZ : RATE_HZ + 96] = 0.8 * np.hanning(96).astype(np.float32)
    return silence


def test_three_minutes_without_a_gap(house: House, room: tuple[Room, Peer], people: People) -> None:
    key = room[0].key
    listener = people.person("hlsjs", autoplay=True)
    page = listener.page
    page.route(
        "**/hls-js.html", lambda route, _: route.fulfill(body=PAGE, content_type="text/html")
    )
    page.goto(f"{house.live}/hls-js.html")
    page.add_script_tag(path=HLS_JS)
    page.evaluate(PLAY, [f"{house.live}/live/{key}/index.m3u8"])
    began_s = time.monotonic()
    before: dict[str, reading.MediaPlaylist] = {}
    faults: list[str] = []
    checked = 0
    while time.monotonic() < began_s + PLAYED_S:
        until(
            lambda: page.evaluate("Object.values(seen.playlists).flat().length > 0"),
            15,
            "a playlist",
        )
        fetched = page.evaluate(
            "(() => {const all = seen.playlists; seen.playlists = {}; return all})()"
        )
        for url, texts in fetched.items():
            for text in filter(None, texts):
                playlist = reading.parse_media_playlist(text)
                faults += reading.check_live(playlist, young=time.monotonic() < began_s + 40)
                variant = url.split("?")[0]
                if variant in before:
                    faults += reading.check_update(before[variant], playlist)
                before[variant] = playlist
                checked += 1
        until(lambda: page.evaluate("seen.latency.length") >= 0, 1, "the page")
        page.wait_for_function("Object.values(seen.playlists).flat().length > 4", timeout=30_000)
    seen = page.evaluate("seen")
    played_s = page.evaluate("document.querySelector('audio').currentTime")
    settled = sorted(seen["latency"][10:])
    listener.leave()
    print(
        f"\nhls.js: {PLAYED_S:.0f} s, {checked} playlists, latency median "
        f"{settled[len(settled) // 2]:.2f} s, worst {settled[-1]:.2f} s, stalls {seen['stalls']}, "
        f"errors {seen['other']}"
    )
    assert faults == []
    assert seen["fatal"] == []
    assert seen["gaps"] == []
    assert seen["stalls"] == 0
    assert checked > PLAYED_S / 2
    assert settled[len(settled) // 2] < 6
    assert played_s > 0


def fetch(house: House, key: str, variant: str) -> tuple[bytes, dict[int, bytes]]:
    """(init, the whole segments by number) that the playlist names now."""
    where = f"{house.live}/live/{key}/{variant}"
    playlist = reading.parse_media_playlist(house.http.get(f"{where}/live.m3u8").text)
    whole = {
        int(re.findall(r"s(\d+)\.m4s", str(one.uri))[0]): house.http.get(
            f"{where}/{one.uri}"
        ).content
        for one in playlist.whole
    }
    init = re.search(r'MAP:URI="([^"]+)"', house.http.get(f"{where}/live.m3u8").text)
    assert init
    return house.http.get(f"{where}/{init[1]}").content, whole


def decoded(init: bytes, segments: dict[int, bytes], folder: Path, name: str) -> np.ndarray:
    """Mono samples of consecutive segments; sample 0 is the first segment's first (by its number)."""
    path = folder / f"{name}.mp4"
    path.write_bytes(init + b"".join(segments[number] for number in sorted(segments)))
    first = min(segments) * SEGMENT
    whole = np.zeros(len(segments) * SEGMENT + RATE_HZ, np.float32)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None and frame.sample_rate == RATE_HZ
            samples = frame.to_ndarray().reshape(len(frame.layout.channels), -1).mean(axis=0)
            at = round(frame.pts * frame.time_base * RATE_HZ) - first
            if 0 <= at < whole.size - samples.size:
                whole[at : at + samples.size] = samples
    return whole


def test_boxes_are_read_by_ffprobe_and_by_another_reader(
    house: House, room: tuple[Room, Peer], tmp_path: Path
) -> None:
    until(lambda: len(fetch(house, room[0].key, "aac")[1]) >= 3, 40, "three segments", 1.0)
    for variant, codec in (("aac", "aac"), ("opus", "opus")):
        init, segments = fetch(house, room[0].key, variant)
        assert reading.read_init(init)
        for number, body in segments.items():
            fragments = reading.read_fragments(body)
            assert fragments[0].time // SEGMENT == number
        path = tmp_path / f"{variant}.mp4"
        path.write_bytes(init + b"".join(segments[number] for number in sorted(segments)))
        entries = ("-show_entries", "stream=codec_name,sample_rate")
        said = subprocess.run(
            [*("ffprobe", "-v", "warning", "-of", "csv=p=0"), *entries, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stderr == ""
        assert said.stdout.strip() == f"{codec},48000"


def test_a_click_lies_in_the_same_part_of_both_variants(
    house: House, room: tuple[Room, Peer], tmp_path: Path
) -> None:
    def clicks_in_both() -> list[tuple[int, int]]:
        aac_init, aac = fetch(house, room[0].key, "aac")
        opus_init, opus = fetch(house, room[0].key, "opus")
        common = sorted(set(aac) & set(opus))
        if not common:
            return []
        one = decoded(aac_init, {n: aac[n] for n in common}, tmp_path, "aac")
        other = decoded(opus_init, {n: opus[n] for n in common}, tmp_path, "opus")
        near = RATE_HZ // 20
        return [(a, b) for a in clicks_at(one) for b in clicks_at(other) if abs(a - b) < near]

    # a round of the voice takes 18 s, and the window holds 30
    pairs = until(clicks_in_both, 90, "a click in whole segments of both", 2.0)
    for one, other in pairs:
        parts = [place // PART for place in (one, other)]
        apart_ms = abs(one - other) * 1000 / RATE_HZ
        print(f"\na click: {apart_ms:.3f} ms apart, in parts {parts}")
        assert apart_ms < 1
        on_the_edge = min(one % PART, PART - one % PART) < RATE_HZ // 1000
        assert parts[0] == parts[1] or on_the_edge


def clicks_at(heard: np.ndarray) -> list[int]:
    """The sample of each click's top: a moment that is far louder than all that lies up to half a second beside it."""
    power = np.convolve(heard.astype(np.float64) ** 2, np.ones(96), "same")
    around, found = RATE_HZ // 2, []
    left = power.copy()
    for _ in range(heard.size // RATE_HZ):
        top = int(np.argmax(left))
        left[max(0, top - around) : top + around] = 0
        if not around < top < heard.size - around:
            continue
        before = power[top - around : top - 960].max()
        after = power[top + 960 : top + around].max()
        if power[top] > 30 * max(before, after, 1e-9) and power[top] > 1e-3:
            found.append(top)
    return found
