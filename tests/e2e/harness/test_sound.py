"""The ears' own test: through real codecs, what is there is found, what is not there is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from . import sound
from .sound import Reference, Sound

VOICES = Path(__file__).resolve().parent.parent / "voices"
RATE_HZ = sound.RATE_HZ
LENGTH_S = 12.0


@pytest.fixture(scope="module")
def voices() -> dict[str, Reference]:
    """Eight seconds of each, to keep this fast."""
    loaded = {path.stem: sound.load(path) for path in VOICES.glob("*.opus")}
    return {
        name: Reference(name, voice.path, voice.samples[: 8 * RATE_HZ])
        for name, voice in loaded.items()
    }


def placed(samples: Sound, at_s: float, length_s: float = LENGTH_S) -> Sound:
    """`samples` from second `at_s` on, in `length_s` of silence."""
    whole = np.zeros(int(length_s * RATE_HZ), np.float32)
    at = int(at_s * RATE_HZ)
    part = samples[: whole.size - at]
    whole[at : at + part.size] = part
    return whole


def through(recording: Sound, tmp_path: Path, codec: str, bitrate: str) -> Sound:
    """Encoded and decoded again by ffmpeg."""
    path = tmp_path / ("coded.opus" if codec == "libopus" else "coded.m4a")
    subprocess.run(
        [
            "ffmpeg",
            "-nostdin",
            "-loglevel",
            "error",
            "-y",
            "-f",
            "f32le",
            "-ar",
            str(RATE_HZ),
            "-ac",
            "1",
            "-i",
            "-",
            "-c:a",
            codec,
            "-b:a",
            bitrate,
            str(path),
        ],
        input=recording.astype("<f4").tobytes(),
        check=True,
    )
    return sound.load_samples(path)


def best_scores(reference: Reference, recording: Sound) -> list[float]:
    """The best score of each block, sorted, with no threshold."""
    best: dict[float, float] = {}
    for hit in sound.hits(reference, recording, present=0.01):
        best[hit.said_s] = max(best.get(hit.said_s, 0.0), hit.score)
    return sorted(best.values())


@pytest.mark.parametrize(
    ("codec", "bitrate"), [("libopus", "16k"), ("libopus", "32k"), ("aac", "96k")]
)
def test_present_scores_far_above_absent(
    voices: dict[str, Reference], tmp_path: Path, codec: str, bitrate: str
) -> None:
    recording = through(0.2 * placed(voices["host"].samples, 1.3), tmp_path, codec, bitrate)
    there = best_scores(voices["host"], recording)
    assert there[0] > 2 * sound.PRESENT
    for name in ("guest1", "guest2"):
        assert best_scores(voices[name], recording)[-1] < 0.75 * sound.PRESENT


def test_three_at_once_are_each_found_in_their_place(
    voices: dict[str, Reference], tmp_path: Path
) -> None:
    starts = {"host": 0.5, "guest1": 1.25, "guest2": 2.0}
    mixed = sum((placed(voices[name].samples, at) for name, at in starts.items()), np.float32(0))
    once = through(np.asarray(0.3 * mixed), tmp_path, "libopus", "64k")
    recording = through(once, tmp_path, "aac", "96k")
    for name, at_s in starts.items():
        [match] = sound.find(voices[name], recording)
        assert match.offset_s == pytest.approx(at_s, abs=0.03)
        assert sound.heard(voices[name], recording)
        assert not sound.doubled(voices[name], recording)


def test_a_voice_that_is_muted_is_absent_from_then_on(voices: dict[str, Reference]) -> None:
    said = placed(voices["guest1"].samples, 0)
    said[int(4.0 * RATE_HZ) :] = 0
    mixed = said + placed(voices["host"].samples, 0)
    assert sound.heard(voices["guest1"], mixed, 0, 4)
    assert sound.absent(voices["guest1"], mixed, 4.1)
    assert sound.heard(voices["host"], mixed, 4.1)
    last = sound.last_s(voices["guest1"], mixed)
    assert last == pytest.approx(4.0, abs=0.4)


def test_the_same_voice_with_other_words_is_absent(voices: dict[str, Reference]) -> None:
    whole = voices["host"]
    first = Reference("first", whole.path, whole.samples[: 4 * RATE_HZ])
    assert sound.heard(first, whole.samples, 0, 4.2)
    assert sound.absent(first, whole.samples, 4.2)


@pytest.mark.parametrize("lag_s", [0.05, 0.4, 2.0])
def test_an_echo_is_a_double(voices: dict[str, Reference], lag_s: float) -> None:
    once = placed(voices["host"].samples, 0.5)
    echo = placed(voices["host"].samples, 0.5 + lag_s)
    assert not sound.doubled(voices["host"], once)
    assert sound.doubled(voices["host"], once + 0.6 * echo)


def test_a_second_that_is_played_again_is_a_double(voices: dict[str, Reference]) -> None:
    said, at = voices["host"].samples, 3 * RATE_HZ
    assert sound.doubled(voices["host"], np.concatenate([said[:at], said[at - RATE_HZ :]]))


def test_words_with_holes_are_none(voices: dict[str, Reference]) -> None:
    """A starved browser plays silence in the midst of a word, and goes on where it was."""
    said, pieces = voices["host"].samples, []
    for n, at in enumerate(range(0, said.size, RATE_HZ)):
        hole = np.zeros(int((0.035 + 0.015 * (n % 8)) * RATE_HZ), np.float32)
        pieces += [said[at : at + RATE_HZ], hole]
    assert not sound.doubled(voices["host"], np.concatenate(pieces))


def test_each_playing_of_a_loop_is_a_match_of_its_own(voices: dict[str, Reference]) -> None:
    short = Reference("short", voices["host"].path, voices["host"].samples[: 4 * RATE_HZ])
    recording = placed(short.samples, 1) + placed(short.samples, 6)
    assert [round(match.offset_s, 1) for match in sound.find(short, recording)] == [1.0, 6.0]


def test_a_trace_too_quiet_to_hear_does_not_count(voices: dict[str, Reference]) -> None:
    loud = placed(voices["guest2"].samples, 0)
    assert sound.heard(voices["guest2"], loud * 0.1)
    assert sound.absent(voices["guest2"], loud * 0.001)


def test_a_jitter_buffer_s_stretching_stays_one_match(voices: dict[str, Reference]) -> None:
    """10 ms are cut out at each of twenty places: 0.2 s in all."""
    pieces = np.array_split(voices["guest1"].samples, 20)
    recording = np.concatenate([piece[480:] for piece in pieces]).astype(np.float32)
    [match] = sound.find(voices["guest1"], recording)
    assert sound.share(voices["guest1"], recording) > 0.6
    assert -0.25 < match.offset_s < 0


def test_silence_is_measured_in_frames() -> None:
    noise = np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32) * 0.1
    recording = np.concatenate([noise, np.zeros(RATE_HZ // 2), noise, np.zeros(RATE_HZ // 4)])
    assert sound.silence_s(recording) == pytest.approx(0.75, abs=0.03)
    assert sound.longest_silence_s(recording) == pytest.approx(0.5, abs=0.03)
    assert sound.longest_silence_s(recording, 0, 0.9) == 0
    assert sound.level_dbfs(recording, 0, 1) == pytest.approx(-20, abs=0.2)
    assert sound.level_dbfs(recording, 1.1, 1.4) == -120


def test_nothing_is_heard_in_nothing(voices: dict[str, Reference]) -> None:
    assert sound.find(voices["host"], np.zeros(0, np.float32)) == []
    assert sound.absent(voices["host"], np.zeros(RATE_HZ, np.float32))
    assert sound.first_s(voices["host"], np.zeros(RATE_HZ, np.float32)) is None
