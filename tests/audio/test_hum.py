"""Rumble and mains hum: what goes, what stays to a tenth of a decibel, and how a hum is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from hustings.audio.hum import HIGH_PASS_HZ, LEAST_DB, LOOK_TICKS, LOOKS, HumFilter, hums
from tests.audio.sounds import RATE, TICK, Sound, power_db, sine, ticks, voice

LEARNT = LOOK_TICKS * LOOKS


def hum(mains: float, partials: dict[int, float], seconds: float) -> Sound:
    """Amplitudes in dBFS by multiple."""
    size = int(seconds * RATE)
    return np.sum(
        [sine(mains * k, size, 10 ** (level / 20)) for k, level in partials.items()], axis=0
    ).astype(np.float32)


def noise(seconds: float, level_db: float = -65.0, seed: int = 1) -> Sound:
    made = np.random.default_rng(seed).standard_normal(int(seconds * RATE))
    return (made * 10 ** (level_db / 20)).astype(np.float32)


def filtered(sound: Sound, learn: Sound | None = None) -> tuple[Sound, HumFilter]:
    """`sound` as talk, after `learn` as a pause."""
    made = HumFilter()
    if learn is not None:
        for tick in ticks(learn):
            made.apply(tick, False)
    return np.concatenate([made.apply(tick, True) for tick in ticks(sound)]), made


def at(sound: Sound, hertz: float) -> float:
    """Amplitude of one pitch, in dB of full scale."""
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / RATE)
    return float(20 * np.log10(2 * abs(np.mean(sound * turns)) + 1e-12))


def test_the_high_pass_is_a_butterworth_of_24_db_an_octave_whatever_the_ticks() -> None:
    sound = noise(2, -20)
    made, _ = filtered(sound)
    exact = sosfilt(butter(4, HIGH_PASS_HZ, "high", fs=RATE, output="sos"), sound.astype(float))
    np.testing.assert_allclose(made, exact, atol=1e-6)


@pytest.mark.parametrize("mains", [50, 60])
def test_a_hum_in_his_pauses_is_found_and_taken_out(mains: int) -> None:
    partials = {1: -40.0, 2: -46.0, 3: -43.0, 5: -52.0}
    learn = hum(mains, partials, 3) + noise(3)
    talk = hum(mains, partials, 4)
    made, found = filtered(talk, learn)
    assert found.notches == tuple(mains * k for k in partials)
    settled = made[2 * RATE :]
    assert power_db(settled) < power_db(talk) - 40


@pytest.mark.parametrize("off_hz", [-0.1, 0.1])
def test_mains_that_are_a_little_off_are_still_taken_out(off_hz: float) -> None:
    partials = {1: -40.0, 2: -46.0}
    learn = hum(50 + off_hz, partials, 3) + noise(3)
    talk = hum(50 + off_hz, partials, 4)
    made, found = filtered(talk, learn)
    assert found.notches == (50, 100)
    assert power_db(made[2 * RATE :]) < power_db(talk) - 18


def test_noise_is_no_hum_and_neither_is_one_that_nobody_hears() -> None:
    for seed in range(20):
        _, found = filtered(noise(0.02), noise(4, -50, seed))
        assert found.notches == ()
    _, found = filtered(noise(0.02), hum(50, {1: LEAST_DB - 3}, 3) + noise(3, -110))
    assert found.notches == ()
    _, found = filtered(noise(0.02), hum(50, {1: LEAST_DB + 6}, 3) + noise(3, -110))
    assert found.notches == (50,)


def test_300_hz_speaks_for_neither_and_a_voice_is_not_listened_to() -> None:
    power = np.full(2_001, 1e-12)
    power[[60, 120, 300]] = 1e-6
    assert hums(power) == (60, 120, 300)
    power[[50, 100, 150]] = 1e-5
    assert hums(power) == (50, 100, 150, 300)
    _, found = filtered(hum(50, {1: -30, 2: -30}, 4))
    assert found.notches == ()


def test_a_look_needs_a_pause_on_end_and_one_look_too_few_finds_nothing() -> None:
    learn = ticks(hum(50, {1: -40, 2: -46}, 3) + noise(3))
    made = HumFilter()
    for number, tick in enumerate(learn):
        made.apply(tick, number % LOOK_TICKS == LOOK_TICKS - 1)
    assert made.notches == ()
    made = HumFilter()
    for tick in learn[: LEARNT - 1]:
        made.apply(tick, False)
    assert made.notches == ()
    made.apply(learn[LEARNT - 1], False)
    assert made.notches == (50, 100)


def test_a_hum_that_goes_is_let_go_and_no_step_is_heard() -> None:
    made = HumFilter()
    hummed = hum(50, {1: -40, 2: -46, 3: -40}, 3) + noise(3)
    sound = np.concatenate([hummed, noise(3, seed=2)])
    out = np.concatenate([made.apply(tick, False) for tick in ticks(sound)])
    assert made.notches == ()
    steps = np.abs(np.diff(out))
    assert (
        steps[LEARNT * TICK - 20 * TICK : LEARNT * TICK + 20 * TICK].max()
        <= 1.2 * np.abs(np.diff(sound)).max()
    )


def test_nothing_from_4_to_16_khz_moves_by_a_tenth_of_a_decibel() -> None:
    sound = voice(6)
    made, found = filtered(sound, hum(50, dict.fromkeys(range(1, 9), -40.0), 3) + noise(3))
    assert len(found.notches) == 8
    hertz = np.fft.rfftfreq(len(made), 1 / RATE)
    before, after = (np.abs(np.fft.rfft(one)) ** 2 for one in (sound[: len(made)], made))
    for low, high in ((4_000, 16_000), (1_000, 4_000), (16_000, 20_000)):
        band = (hertz >= low) & (hertz < high)
        assert abs(10 * np.log10(after[band].sum() / before[band].sum())) < 0.1, (low, high)
    assert abs(at(filtered(sine(4_000, RATE))[0], 4_000) - at(sine(4_000, RATE), 4_000)) < 0.05


def test_the_blast_of_a_p_is_lower_by_12_db() -> None:
    blast = (np.hanning(int(0.06 * RATE)) * 0.5).astype(np.float32)
    sound = np.concatenate([np.zeros(TICK, np.float32), blast, np.zeros(RATE // 2, np.float32)])
    made, _ = filtered(sound)
    assert power_db(made) < power_db(sound) - 12


def test_who_rests_begins_anew_with_what_he_learnt() -> None:
    made = HumFilter()
    for tick in ticks(hum(50, {1: -40, 2: -46}, 3) + noise(3)):
        made.apply(tick, False)
    made.rest()
    assert np.abs(made.apply(np.zeros(TICK, np.float32), True)).max() == 0
    assert made.notches == (50, 100)
