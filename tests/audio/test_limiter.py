from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings.audio.limiter import (
    _QUIET,
    CEILING_DBTP,
    CODEC_HEADROOM_DB,
    LATENCY,
    Limiter,
    _interpolator,
)
from tests.audio.sounds import RATE, TICK, Sound, delay_of, sine, stereo, ticks, true_peak_db, voice

CEILING_DB = CEILING_DBTP - CODEC_HEADROOM_DB


def limited(sound: Sound, limiter: Limiter | None = None) -> Sound:
    limiter = limiter or Limiter(sound.ndim)
    return np.concatenate([limiter.limit(tick) for tick in ticks(sound)])


def test_what_is_below_the_ceiling_passes_untouched_and_late_by_the_latency() -> None:
    assert Limiter.latency == LATENCY == 240
    for amplitude in (0.05, 0.6):  # below and above the level at which true peaks are looked at
        sound = voice(1, amplitude=amplitude)
        out = limited(sound)
        np.testing.assert_allclose(out[LATENCY:], sound[: len(out) - LATENCY], atol=1e-6)
        assert not out[:LATENCY].any()
        assert delay_of(out, sound) == LATENCY


@pytest.mark.parametrize("gain_db", [0, 6, 20, 40])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_true_peak_of_speech_gets_through(gain_db: float, seed: int) -> None:
    out = limited(voice(4, seed, amplitude=0.9) * np.float32(10 ** (gain_db / 20)))
    assert true_peak_db(out) <= CEILING_DB + 0.1


def test_peaks_between_samples_are_seen() -> None:
    # A sine at a quarter of the rate, 45° off: every sample is 3 dB below its true peak.
    sound = (1.2 * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)).astype(np.float32)
    out = limited(sound)
    assert np.abs(out[RATE // 2 :]).max() < 10 ** ((CEILING_DB - 2.9) / 20)
    assert true_peak_db(out[RATE // 2 : RATE - 2_000]) == pytest.approx(CEILING_DB, abs=0.15)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9_000), st.floats(-50, 50)), max_size=12))
def test_no_click_wherever_gets_through(clicks: list[tuple[int, float]]) -> None:
    sound = np.zeros(10 * TICK, np.float32)
    for place, height in clicks:
        sound[place] = height
    out = limited(sound)
    assert np.abs(out).max() <= 10 ** (CEILING_DB / 20) * 1.0001


def test_gain_comes_back_within_the_release_and_says_what_it_did() -> None:
    limiter = Limiter()
    limited(sine(500, 10 * TICK, 4.0), limiter)
    assert limiter.gain == pytest.approx(10 ** (CEILING_DB / 20) / 4, rel=0.02)
    out = limited(sine(500, 20 * TICK, 0.5), limiter)
    assert limiter.gain == 1.0
    assert np.abs(out[-TICK:]).max() == pytest.approx(0.5, abs=1e-4)


def test_gain_moves_in_ramps() -> None:
    sound = np.full(20 * TICK, 0.3, np.float32)
    sound[5 * TICK : 6 * TICK] = 3.0
    limiter = Limiter()
    gains = limited(sound, limiter) / np.concatenate([np.full(LATENCY, 0.3), sound[:-LATENCY]])
    assert np.abs(np.diff(gains[LATENCY:])).max() < 0.01


def test_quiet_after_loud_is_still_released() -> None:
    limiter = Limiter()
    limited(sine(500, 3 * TICK, 4.0), limiter)
    limited(np.zeros(3 * TICK, np.float32), limiter)
    assert limiter.gain < 1.0
    limited(np.zeros(12 * TICK, np.float32), limiter)
    assert limiter.gain == 1.0


def test_channels_share_one_gain() -> None:
    sound = stereo(voice(1, amplitude=4.0)) * np.array([1.0, 0.25], np.float32)
    out = limited(sound)
    np.testing.assert_allclose(out[:, 1] * 4, out[:, 0], atol=1e-5)
    assert true_peak_db(out) <= CEILING_DB + 0.1
    np.testing.assert_allclose(out[:, 0], limited(sound[:, 0]), atol=1e-5)


def test_frames_of_any_length_give_the_same_sound() -> None:
    sound = voice(1, amplitude=3.0)
    limiter, at, parts = Limiter(), 0, []
    for size in (1, 7, 100, 960, 5_000, 2_000):
        parts.append(limiter.limit(sound[at : at + size]))
        at += size
    out = np.concatenate(parts)
    np.testing.assert_allclose(out, limited(sound)[: len(out)], atol=1e-5)


def test_no_interpolated_peak_can_hide_below_the_quiet_threshold() -> None:
    assert np.abs(_interpolator()).sum(axis=0).max() < 1 / _QUIET
