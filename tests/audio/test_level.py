from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from hustings.audio.level import (
    FLOOR_DB,
    Level,
    Leveller,
    gated_loudness,
    k_power,
    k_weights,
    lufs,
    peak_dbfs,
    rms_dbfs,
)
from tests.audio.sounds import RATE, TICK, loudness, sine, ticks, voice

SILENCE = np.zeros(TICK, np.float32)


def noise(level_db: float, count: int, seed: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return ticks((10 ** (level_db / 20) * rng.standard_normal(count * TICK)).astype(np.float32))


def test_peak_and_rms_of_a_sine_and_of_silence() -> None:
    tone = sine(1_000, TICK, 0.5)
    assert peak_dbfs(tone) == pytest.approx(-6.02, abs=0.05)
    assert rms_dbfs(tone) == pytest.approx(-9.03, abs=0.01)
    assert peak_dbfs(SILENCE) == rms_dbfs(SILENCE) == FLOOR_DB
    assert rms_dbfs(SILENCE[:0]) == peak_dbfs(SILENCE[:0]) == FLOOR_DB
    assert rms_dbfs(np.full(TICK, 1e-9, np.float32)) == FLOOR_DB


def test_k_weighting_is_that_of_the_standard() -> None:
    # BS.1770-4: a full-scale sine of 997 Hz in one channel reads −3.01 LUFS.
    assert lufs(k_power(sine(997, RATE, 1.0))) == pytest.approx(-3.01, abs=0.02)
    assert lufs(0.0) == FLOOR_DB
    assert len(k_weights(961)) == 481  # an odd length has no bin at half the rate
    for hertz in (60, 200, 4_000, 12_000):
        tone = sine(hertz, RATE, 0.5)
        assert lufs(k_power(tone)) == pytest.approx(loudness(tone), abs=0.1)


def test_the_meter_rises_at_once_and_falls_slowly() -> None:
    level = Level()
    level.update(sine(440, TICK, 0.5))
    assert level.level_db == pytest.approx(-9.03, abs=0.2)
    for _ in range(50):
        level.update(SILENCE)
    assert level.level_db == pytest.approx(-9.03 - 24, abs=0.3)
    assert level.peak_db == FLOOR_DB
    for _ in range(500):
        level.update(None)
    assert level.level_db == FLOOR_DB


def test_talking_starts_with_the_second_loud_tick_and_ends_400_ms_after_the_last() -> None:
    level = Level()
    level.update(sine(300, TICK, 0.1))
    assert not level.talking
    level.update(sine(300, TICK, 0.1))
    assert level.talking
    for _ in range(Level.HANGOVER_TICKS - 1):
        level.update(None)
    assert level.talking
    level.update(None)
    assert not level.talking


def test_a_single_click_is_no_talk() -> None:
    level = Level()
    for frame in [SILENCE, sine(300, TICK, 0.5), SILENCE, SILENCE]:
        level.update(frame)
        assert not level.talking


def test_speech_is_talk_through_its_syllables() -> None:
    level = Level()
    heard = []
    for tick in ticks(voice(9)):
        level.update(tick)
        heard.append(level.talking)
    assert np.mean(heard) > 0.95
    assert level.noise_floor_db < -60


def test_a_fan_is_learned_within_three_seconds_and_speech_above_it_is_still_heard() -> None:
    level = Level()
    for tick in noise(-45, 160):
        level.update(tick)
    assert level.noise_floor_db == pytest.approx(-45, abs=1.5)
    for tick in noise(-45, 50, seed=4):
        level.update(tick)
    assert not level.talking
    for tick, fan in zip(ticks(voice(1)), noise(-45, 50, seed=5), strict=True):
        level.update(tick + fan)
    assert level.talking


def test_hysteresis_between_starting_and_going_on() -> None:
    level = Level()
    for tick in noise(-50, 200):
        level.update(tick)
    between = noise(-50 + 7, 60, seed=6)  # above the 5 dB that keep, below the 9 dB that start
    for tick in between:
        level.update(tick)
    assert not level.talking
    for tick in noise(-30, 3):
        level.update(tick)
    for tick in between:
        level.update(tick)
    assert level.talking


def test_a_steady_shout_stays_talk() -> None:
    level = Level()
    for _ in range(400):
        level.update(sine(500, TICK, 0.3))
    assert level.talking and level.noise_floor_db == Level.FLOOR_MAX_DB


@pytest.mark.parametrize("gain_db", [-9, 0, 9])
def test_speakers_are_brought_to_the_same_loudness(gain_db: float) -> None:
    sound = voice(40, seed=2)
    sound *= 10 ** ((-16 + gain_db - loudness(sound)) / 20)
    level, leveller = Level(), Leveller()
    out = []
    for tick in ticks(sound.astype(np.float32)):
        level.update(tick)
        out.append(leveller.apply(tick, level.talking))
    assert loudness(np.concatenate(out[-1_000:])) == pytest.approx(-16, abs=1)


def test_gain_has_limits_and_a_pace() -> None:
    for amplitude, end in ((0.005, 12.0), (0.99, -12.0)):
        leveller, before = Leveller(-16 if end > 0 else -26), 0.0
        for tick in ticks(
            voice(25, amplitude=amplitude) if end > 0 else sine(1_000, 25 * RATE, amplitude)
        ):
            leveller.apply(tick, True)
            pace = (Leveller.UP_DB if end > 0 else Leveller.DOWN_DB) * Leveller.FIRST_FACTOR
            assert abs(leveller.gain_db - before) <= pace + 1e-9
            before = leveller.gain_db
        assert leveller.gain_db == pytest.approx(end)


def test_gain_is_frozen_in_silence_and_moves_without_steps() -> None:
    leveller = Leveller()
    steady = np.full(TICK, 0.5, np.float32)
    for tick in ticks(sine(1_000, 2 * RATE, 0.05)):
        leveller.apply(tick, True)
    gain = leveller.gain_db
    assert gain > 1
    out = [leveller.apply(steady, False) for _ in range(100)]
    assert leveller.gain_db == gain
    assert np.ptp(np.concatenate(out)) < 1e-6
    assert out[0][0] == pytest.approx(0.5 * 10 ** (gain / 20))
    moving = np.concatenate([leveller.apply(steady, True) for _ in range(20)])
    assert np.abs(np.diff(moving)).max() < 1e-4


def test_nothing_audible_gives_no_gain() -> None:
    leveller = Leveller()
    for _ in range(100):
        leveller.apply(SILENCE, True)
    assert leveller.gain_db == 0.0 and leveller.loudness == FLOOR_DB


def test_loudness_gates_pauses_out() -> None:
    loud, pause = 10 ** (-20 / 10), 10 ** (-40 / 10)
    assert gated_loudness(deque([loud] * 10 + [pause] * 10)) == pytest.approx(lufs(loud))
