from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.clock import SEGMENT, TICK
from hustings.audio.room_tone import (
    GIVEN_WAY,
    LOOP,
    RISE_TICKS,
    ROOM_TONE_DBFS,
    WAIT_TICKS,
    GivesWay,
    RoomTone,
)
from tests.audio.sounds import RATE, power_db, true_peak_db

START = 35_903_600 * SEGMENT


def played(start: int, ticks: int) -> np.ndarray:
    tone = RoomTone()
    return np.concatenate([tone.tick(start + n * TICK) for n in range(ticks)])


def test_it_is_at_65_below_full_scale_in_each_channel_and_each_half_second() -> None:
    sound = played(START, LOOP // TICK)
    assert sound.shape == (LOOP, 2) and sound.dtype == np.float32
    for channel in sound.T:
        assert power_db(channel) == pytest.approx(ROOM_TONE_DBFS, abs=0.01)
        halves = [power_db(channel[at : at + RATE // 2]) for at in range(0, LOOP, RATE // 2)]
        assert max(abs(half - ROOM_TONE_DBFS) for half in halves) < 1.5
    assert true_peak_db(sound) < -51, "or a silent program would count as audible (`live_room`)"


def test_it_is_a_function_of_the_clock_and_has_no_seam() -> None:
    np.testing.assert_array_equal(played(START, 1), played(START + 7 * LOOP, 1))
    steps = np.abs(np.diff(np.concatenate([played(START, LOOP // TICK), played(START, 1)]), axis=0))
    assert steps[LOOP - 2 : LOOP + 1].max() <= steps.max() < 1e-3


def test_it_is_the_same_on_every_machine() -> None:
    """These samples stand in recordings: another generator of numpy's would be another room."""
    first = played(START, 1)[:3, 0] * 1e4
    np.testing.assert_allclose(first, (6.0514, 6.8865, 7.5452), atol=0.001)


def test_it_is_dark_and_its_sides_are_strangers() -> None:
    sound = played(START, LOOP // TICK)
    power = np.abs(np.fft.rfft(sound[:, 0])) ** 2
    hertz = np.fft.rfftfreq(LOOP, 1 / RATE)
    assert power[(hertz >= 4_000) & (hertz < 16_000)].sum() < 0.06 * power.sum()
    assert power[hertz < 30].sum() < 1e-6 * power.sum()
    left, right = sound.T
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.05


def test_only_whole_ticks_and_nobody_can_write_into_it() -> None:
    tone = RoomTone()
    with pytest.raises(ValueError, match="not a multiple of 960"):
        tone.tick(START + 1)
    with pytest.raises(ValueError, match="read-only"):
        tone.tick(START)[0] = 1.0


def test_it_gives_way_to_a_voice_at_once_and_comes_back_after_a_moment_without_a_step() -> None:
    tone = GivesWay()
    assert tone.gain(False) == 1.0, "nobody has said anything yet"
    assert tone.gain(True) == tone.gain(True) == GIVEN_WAY > 0
    assert [tone.gain(False) for _ in range(WAIT_TICKS)] == [GIVEN_WAY] * WAIT_TICKS
    rises = [tone.gain(False) for _ in range(RISE_TICKS)]
    steps = np.diff([GIVEN_WAY, *rises])
    assert steps == pytest.approx([(1 - GIVEN_WAY) / RISE_TICKS] * RISE_TICKS)
    assert rises[-1] == tone.gain(False) == 1.0


def test_a_word_in_its_rise_sends_it_down_again() -> None:
    tone = GivesWay()
    tone.gain(True)
    for _ in range(WAIT_TICKS + RISE_TICKS // 2):
        tone.gain(False)
    assert tone.gain(True) == GIVEN_WAY
    assert [tone.gain(False) for _ in range(WAIT_TICKS)] == [GIVEN_WAY] * WAIT_TICKS
