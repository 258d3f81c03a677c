"""Steady noise turned down: by how much, what it leaves of a voice, and that it never does more than it says."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.clock import RATE
from hustings.audio.denoise import LATENCY, LEAST_DB, Denoiser
from tests.audio.sounds import TICK, Sound, power_db, sine, ticks, voice
from tests.audio.speech import speech
from tests.line import sibilants

KNOWN_S = 3
"""Longer than it takes to know a noise."""


def denoised(sound: Sound) -> Sound:
    """What comes of it, where it was."""
    made = Denoiser(np.zeros(TICK, np.float32))
    out = [made.apply(tick) for tick in [*ticks(sound), np.zeros(TICK, np.float32)]]
    return np.concatenate(out)[LATENCY:]


def fan(seconds: float, level_db: float = -50.0, seed: int = 1) -> Sound:
    """Noise that falls with pitch, and two tones of a wheel."""
    size = int(seconds * RATE)
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    shape = np.maximum(hertz, 60) ** -0.7 / (1 + (hertz / 3_000) ** 2) ** 0.5
    noise = np.fft.irfft(
        np.fft.rfft(np.random.default_rng(seed).standard_normal(size)) * shape, size
    )
    noise /= np.std(noise)
    noise += 0.4 * sine(117, size, 1) + 0.25 * sine(234, size, 1)
    return (noise / np.std(noise) * 10 ** (level_db / 20)).astype(np.float32)


def said(seconds: float) -> Sound:
    """Real speech in sentences of two seconds with half a second between them, from −23 dBFS up."""
    sound = np.resize(speech("ana"), int(seconds * RATE))
    at = np.arange(sound.size) % (5 * RATE // 2)
    edge = np.clip(np.minimum(at, 2 * RATE - at) / 480, 0, 1)
    return (sound * edge).astype(np.float32)


def settled(sound: Sound) -> Sound:
    return sound[KNOWN_S * RATE :]


def test_a_fan_is_turned_down_by_nine_decibels_and_never_by_more_than_it_says() -> None:
    noise = fan(8)
    left = settled(denoised(noise))
    fell = power_db(settled(noise)) - power_db(left)
    assert 9 <= fell <= -LEAST_DB + 0.1


def test_a_hum_is_turned_down_to_the_limit() -> None:
    hum = sum(sine(50 * k, 6 * RATE, 0.004 / k) for k in (1, 2, 3, 5))
    fell = power_db(settled(hum)) - power_db(settled(denoised(hum)))
    assert fell == pytest.approx(-LEAST_DB, abs=0.3)


def test_a_voice_in_a_fan_comes_out_ahead_of_it() -> None:
    """Signal to noise between sentence and pause, before and after."""
    voiced, noise = said(12), fan(12, -45)
    made = denoised(voiced + noise)
    pause = np.arange(voiced.size) % (5 * RATE // 2) > 2 * RATE + RATE // 10
    pause[: KNOWN_S * RATE] = False
    talk = (np.abs(voiced) > 0) & (np.arange(voiced.size) > KNOWN_S * RATE)
    gained = (power_db((voiced + noise)[pause]) - power_db(made[pause])) - (
        power_db((voiced + noise)[talk]) - power_db(made[talk])
    )
    assert gained > 8


def test_clean_speech_keeps_s_and_f_within_a_decibel_and_its_level() -> None:
    sound, places = sibilants.sentences(48)
    made = denoised(sound)
    places = [place for place in places[8:] if place[2] < len(made)]
    assert abs(sibilants.band_db(made, places) - sibilants.band_db(sound, places)) < 0.5
    for name in "sf":
        moved = sibilants.centroid_hz(made, places, name) / sibilants.centroid_hz(
            sound, places, name
        )
        assert abs(moved - 1) < 0.01
    assert abs(power_db(made) - power_db(sound)) < 0.2


def test_s_and_f_in_a_fan_keep_their_band_too() -> None:
    sound, places = sibilants.sentences(48)
    made = denoised(sound + fan(len(sound) / RATE, -55)[: len(sound)])
    for name in "sf":
        whole = [place for place in places[8:] if place[0] == name and place[2] < len(made)]
        before, after = (
            sum(sibilants.power_of(one[first:last], 4_000, 16_000) for _, first, last in whole)
            for one in (sound, made)
        )
        assert abs(10 * np.log10(after / before)) < 1.0, name


def test_before_it_knows_a_noise_it_changes_nothing() -> None:
    sound = voice(1.4)
    made = denoised(sound)
    np.testing.assert_allclose(made[: 65 * TICK], sound[: 65 * TICK], atol=1e-6)


def test_silence_stays_silence_and_full_scale_stays_finite() -> None:
    assert np.abs(denoised(np.zeros(3 * RATE, np.float32))).max() == 0
    loud = np.sign(sine(200, 4 * RATE)).astype(np.float32)
    made = denoised(loud)
    assert np.isfinite(made).all() and np.abs(made).max() < 2


def test_who_rests_keeps_what_is_known_of_his_noise_and_none_of_his_sound() -> None:
    made = Denoiser(np.zeros(TICK, np.float32))
    noise = ticks(fan(4))
    for tick in noise[:150]:
        made.apply(tick)
    made.rest()
    assert np.abs(made.apply(np.zeros(TICK, np.float32))).max() < 1e-3
    later = np.concatenate([made.apply(tick) for tick in noise[150:170]][2:])
    assert power_db(later) < power_db(np.concatenate(noise[150:170])) - 8
