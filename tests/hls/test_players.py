"""Real AAC and Opus through our boxes: FFmpeg reads them without a word, and on time."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from hustings.hls.fmp4 import init_section
from hustings.hls.playlist import media, multivariant, replay
from hustings.hls.profile import DEFAULT, FAST, RATE, SEGMENT_SAMPLES, Profile
from hustings.hls.segmenter import Part, Segment
from hustings.hls.silence import silent_parts
from hustings.hls.variant import Variant
from hustings.hls.window import Window
from tests.hls.sounding import LEAD, Unit, clicks, coded, parts_of
from tests.hls.test_segmenter import NOW, eight_seconds_before

CODECS = pytest.mark.parametrize("name", ["aac", "opus"])
ONE_MS = RATE // 1000


def run(*command: str) -> bytes:
    """Run FFmpeg or ffprobe; a failure or a single warning is a failure of the test."""
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout


def sound_of(name: str, start: int, samples: int, at: list[int]) -> tuple[Variant, list[Unit]]:
    """Coded units from `start` to `start` + `samples` exactly, with a click at each of `at`."""
    spare = 4096
    variant, units = coded(name, start, clicks(start - LEAD, LEAD + samples + spare, at))
    units = [unit for unit in units if unit[0] < start + samples]
    assert units[0][0] == start and units[-1][0] + units[-1][1] == start + samples
    return variant, units


def joined(variant: Variant, parts: list[Part], path: Path) -> Path:
    """init + parts as one file."""
    path.write_bytes(init_section(variant) + b"".join(part.payload for part in parts))
    return path


def decoded(path: Path) -> npt.NDArray[np.int16]:
    """The left channel as FFmpeg decodes it, sample 0 being the first access unit's first."""
    raw = run(
        *("ffmpeg", "-v", "warning", "-nostdin", "-i", str(path)),
        *("-f", "s16le", "-ac", "2", "-ar", str(RATE), "-"),
    )
    return np.frombuffer(raw, np.int16)[::2]


def peak(sound: npt.NDArray[np.int16], near: int) -> int:
    """Where the sound is loudest within 20 ms of `near`, by the middle of its burst's energy."""
    low = near - 20 * ONE_MS
    power = sound[low : near + 20 * ONE_MS].astype(np.float64) ** 2
    assert power.max() > 2000**2, "no click there"
    return low + round(float(np.average(np.arange(len(power)), weights=power)))


@CODECS
@pytest.mark.parametrize("profile", [DEFAULT, FAST], ids=lambda profile: profile.name)
@pytest.mark.parametrize("start", [NOW, eight_seconds_before(20_000)], ids=["now", "before_wrap"])
def test_ffprobe_reads_exact_durations_without_a_warning(
    name: str, profile: Profile, start: int, tmp_path: Path
) -> None:
    length = 12 * DEFAULT.part_samples
    variant, units = sound_of(name, start, length, [])
    path = joined(variant, parts_of(profile, variant, units), tmp_path / "a.mp4")
    told = json.loads(
        run(
            *("ffprobe", "-v", "warning", "-of", "json", "-show_packets", "-show_streams"),
            *("-show_entries", "stream=codec_name,sample_rate,channels,time_base"),
            *("-show_entries", "stream=start_pts,duration_ts", str(path)),
        )
    )
    (stream,) = told["streams"]
    assert stream["codec_name"] == name
    assert (stream["sample_rate"], stream["channels"]) == ("48000", 2)
    assert Fraction(stream["time_base"]) == Fraction(1, RATE)
    packets = told["packets"]
    assert [int(packet["pts"]) for packet in packets] == [unit[0] for unit in units]
    assert (stream["start_pts"], stream["duration_ts"]) == (start, start + length)
    assert [int(packet["size"]) for packet in packets] == [len(unit[2]) for unit in units]
    assert all("K" in packet["flags"] for packet in packets)
    # FFmpeg 5's ffprobe leaves packet durations out (of its own files too); PyAV's FFmpeg has them.
    with av.open(str(path)) as container:
        durations = [packet.duration for packet in container.demux() if packet.size]
    assert durations == [variant.frame_samples] * len(units)


@CODECS
def test_any_part_is_playable_by_itself(name: str, tmp_path: Path) -> None:
    variant, units = sound_of(name, NOW, SEGMENT_SAMPLES, [])
    for number, part in enumerate(parts_of(DEFAULT, variant, units)):
        sound = decoded(joined(variant, [part], tmp_path / f"{number}.mp4"))
        assert len(sound) == DEFAULT.part_samples


@pytest.mark.parametrize("start", [NOW, eight_seconds_before(20_000)], ids=["now", "before_wrap"])
def test_a_click_is_heard_when_it_was_made_and_in_both_variants_alike(
    start: int, tmp_path: Path
) -> None:
    length = 10 * DEFAULT.part_samples
    # In mid frame, across a part boundary, at a segment start, near the end.
    made = [start + at for at in (20_000, 46_080, 100_001, SEGMENT_SAMPLES, 400_000)]
    heard: dict[str, list[int]] = {}
    for name in ("aac", "opus"):
        variant, units = sound_of(name, start, length, made)
        sound = decoded(joined(variant, parts_of(DEFAULT, variant, units), tmp_path / name))
        assert len(sound) == length
        heard[name] = [start + peak(sound, at - start) for at in made]
    for clock, aac_clock, opus_clock in zip(made, heard["aac"], heard["opus"], strict=True):
        assert abs(aac_clock - clock) <= ONE_MS
        assert abs(opus_clock - clock) <= ONE_MS
        assert abs(aac_clock - opus_clock) <= ONE_MS


@CODECS
def test_a_hole_filled_with_coded_silence_keeps_the_time(name: str, tmp_path: Path) -> None:
    length = 6 * DEFAULT.part_samples
    made = [NOW + 30_000, NOW + 250_000]
    variant, units = sound_of(name, NOW, length, made)
    _, quiet = sound_of(name, NOW, DEFAULT.part_samples, [])
    hole = (2 * DEFAULT.part_samples, 4 * DEFAULT.part_samples)
    filled = [unit for unit in units if unit[0] < NOW + hole[0]]
    filled += silent_parts(variant, NOW + hole[0], NOW + hole[1], quiet[20][2])
    filled += [unit for unit in units if unit[0] >= NOW + hole[1]]
    sound = decoded(joined(variant, parts_of(DEFAULT, variant, filled), tmp_path / "a.mp4"))
    assert len(sound) == length
    assert np.abs(sound[hole[0] + 4096 : hole[1] - 4096]).max() < 10
    for clock in made:
        assert abs(NOW + peak(sound, clock - NOW) - clock) <= ONE_MS


def published(folder: Path, length: int, made: list[int]) -> None:
    """A room that has ended, as files: both variants, the playlists, and a replay of each."""
    variants = []
    for name in ("aac", "opus"):
        variant, units = sound_of(name, NOW, length, made)
        variants.append(variant)
        window = Window(DEFAULT, variant)
        place = folder / name
        place.mkdir(parents=True)
        (place / window.map_uri).write_bytes(window.init)
        segments: list[Segment | None] = []
        for part in parts_of(DEFAULT, variant, units):
            (place / part.name).write_bytes(part.payload)
            segments.append(window.append(part))
        segments.append(window.end())
        whole = [segment for segment in segments if segment is not None]
        for segment in whole:
            (place / segment.name).write_bytes(segment.payload)
        (place / "live.m3u8").write_text(media(window))
        rows = [(segment.name, segment.samples, segment.clock) for segment in whole]
        (place / "replay.m3u8").write_text(replay(rows, window.map_uri))
    (folder / "index.m3u8").write_text(multivariant(variants, "A test"))


@pytest.mark.parametrize("playlist", ["index.m3u8", "opus/live.m3u8", "aac/replay.m3u8"])
def test_ffmpeg_plays_the_playlists(playlist: str, tmp_path: Path) -> None:
    length = 10 * DEFAULT.part_samples
    made = [NOW + 30_000, NOW + SEGMENT_SAMPLES + 500, NOW + 400_000]
    published(tmp_path, length, made)
    raw = run(
        *("ffmpeg", "-v", "error", "-nostdin", "-i", str(tmp_path / playlist)),
        *("-map", "0:a:0", "-f", "s16le", "-ac", "2", "-ar", str(RATE), "-"),
    )
    sound = np.frombuffer(raw, np.int16)[::2]
    assert len(sound) == length
    for clock in made:
        assert abs(NOW + peak(sound, clock - NOW) - clock) <= ONE_MS
