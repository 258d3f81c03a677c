"""What is measured of a microphone: synthetic sound, and the demo's two voices, filtered, cut off, in noise, through Opus."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from scipy.signal import butter, resample_poly, sosfilt

import hustings.demo
from hustings.audio import watch
from hustings.audio.codec import OpusDecoder, OpusEncoder
from hustings.audio.level import FLOOR_DB
from hustings.audio.watch import Voice, VoiceWatch
from tests.audio.sounds import RATE, Sound, sine, ticks, voice

SPOKEN = Path(hustings.demo.__file__).parent / "voices"
ANA, BEN = "ana", "ben"


@cache
def speech(name: str, seconds: int = 10) -> Sound:
    """Human speech with a peak of 1.0."""
    even = av.AudioResampler("flt", "mono", RATE)
    with av.open(str(SPOKEN / f"{name}.opus")) as file:
        frames = [one for frame in file.decode(audio=0) for one in even.resample(frame)]
    sound = np.concatenate([frame.to_ndarray().ravel() for frame in frames])[: seconds * RATE]
    return (sound / np.abs(sound).max()).astype(np.float32)


def coded(sound: Sound) -> Sound:
    """Through Opus at 64 kbit/s, as all that is watched has come."""
    encoder, decoder = OpusEncoder(1, 64_000), OpusDecoder()
    return np.concatenate([decoder.decode(encoder.encode(tick)) for tick in ticks(sound)])


def headset(sound: Sound, rate: int) -> Sound:
    """A link that carries `rate` samples a second."""
    factor = RATE // rate
    return resample_poly(resample_poly(sound, 1, factor), factor, 1).astype(np.float32)


def in_noise(sound: Sound, dbfs: float) -> Sound:
    noise = np.random.default_rng(5).standard_normal(len(sound))
    return (sound + 10 ** (dbfs / 20) * noise).astype(np.float32)


def watched(sound: Sound) -> Voice:
    made = VoiceWatch()
    for at in range(0, len(sound) - RATE + 1, RATE):
        made.second(sound[at : at + RATE])
    return made.voice


def test_nothing_is_known_of_silence() -> None:
    assert watched(np.zeros(RATE * 3, np.float32)) == Voice()
    made = VoiceWatch()
    made.second(sine(440, watch.WINDOW - 1))
    assert made.voice == Voice()


def test_noise_alone_is_no_talk() -> None:
    found = watched(in_noise(np.zeros(RATE * 3, np.float32), -40))
    assert (found.seconds, found.level_db) == (0, FLOOR_DB)
    assert found.noise_db == pytest.approx(-41, abs=1)


def test_a_second_needs_frames_enough_to_be_talk() -> None:
    """One past the limit, and one short of it."""
    for frames, seconds in ((watch.TALK_FRAMES - 2, 0), (watch.TALK_FRAMES, 1)):
        sound = in_noise(np.zeros(RATE, np.float32), -70)
        sound[: frames * 960] += sine(300, frames * 960)
        assert watched(sound).seconds == seconds


def test_only_the_last_seconds_count() -> None:
    long = voice(watch.SECONDS + 3)
    assert watched(long[: RATE * watch.SECONDS]).seconds == watch.SECONDS
    softer = watched(np.concatenate([long, 0.5 * long]))
    assert softer.level_db == pytest.approx(watched(long).level_db - 6, abs=0.5)


@pytest.mark.parametrize("name", [ANA, BEN])
class TestSpeech:
    def test_a_good_microphone(self, name: str) -> None:
        found = watched(coded(0.7 * speech(name)))
        assert found.band_hz >= 12_000 and found.clipped < 0.002
        assert -25 < found.level_db < -12 and found.noise_db < -55
        assert found.sibilance > 0.004 and 5_000 < found.centroid_hz < 10_000

    def test_a_narrow_band_headset(self, name: str) -> None:
        found = watched(coded(headset(0.7 * speech(name), 8_000)))
        assert found.is_cut and 3_500 <= found.band_hz < 6_500
        assert found.sibilance < 0.001

    def test_a_telephones_filter(self, name: str) -> None:
        low = sosfilt(butter(8, 3_400, fs=RATE, output="sos"), 0.7 * speech(name))
        found = watched(coded(low.astype(np.float32)))
        assert found.is_cut and 3_500 <= found.band_hz < 6_500

    def test_a_wide_band_headset(self, name: str) -> None:
        found = watched(coded(headset(0.7 * speech(name), 16_000)))
        assert found.is_cut and 7_500 <= found.band_hz < 11_500

    def test_behind_noise_nobody_says_that_the_band_is_cut(self, name: str) -> None:
        found = watched(coded(in_noise(headset(0.7 * speech(name), 8_000), -50)))
        assert not found.is_cut and found.band_hz < 6_500
        assert found.noise_db == pytest.approx(-50, abs=3)

    def test_cut_off_at_full_scale(self, name: str) -> None:
        loud = np.clip(2 * speech(name), -1, 1)
        assert watched(coded(loud)).clipped > 0.01 > 5 * watched(coded(speech(name))).clipped

    def test_lost_packets_change_no_verdict_of_the_microphone(self, name: str) -> None:
        whole = coded(0.7 * speech(name))
        holes = whole.copy()
        for at in range(0, len(holes), 960 * 20):
            holes[at : at + 960] = 0
        one, other = watched(whole), watched(holes)
        assert abs(one.band_hz - other.band_hz) <= 1_000 and one.is_cut == other.is_cut
        assert other.level_db == pytest.approx(one.level_db, abs=1)
