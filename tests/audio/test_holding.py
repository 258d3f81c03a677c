from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.clock import SEGMENT, TICK
from hustings.audio.holding import HOLDING_LUFS, LOOP, HoldingSound
from tests.audio.sounds import loudness, power_db, true_peak_db

START = 35_903_600 * SEGMENT


def played(start: int, ticks: int) -> np.ndarray:
    holding = HoldingSound()
    return np.concatenate([holding.tick(start + n * TICK) for n in range(ticks)])


def test_it_is_as_quiet_as_it_should_be_everywhere() -> None:
    sound = played(START, LOOP // TICK)
    assert sound.shape == (LOOP, 2) and sound.dtype == np.float32
    assert loudness(sound) == pytest.approx(HOLDING_LUFS, abs=0.3)
    assert true_peak_db(sound) < -12
    seconds = [loudness(sound[at : at + 96_000]) for at in range(0, LOOP - 96_000, 48_000)]
    assert min(seconds) > HOLDING_LUFS - 4 and max(seconds) < HOLDING_LUFS + 3


def test_it_is_a_function_of_the_clock_and_has_no_seam() -> None:
    np.testing.assert_array_equal(played(START, 1), played(START + 7 * LOOP, 1))
    around = played(START - 20 * TICK, 40)
    steps = np.abs(np.diff(around, axis=0))
    assert steps.max() < 0.02
    seam = steps[20 * TICK - 2 : 20 * TICK + 2].max()
    assert seam <= steps.max()
    spectrum_jump = np.abs(np.diff(around, n=2, axis=0))
    assert spectrum_jump[20 * TICK - 3 : 20 * TICK + 2].max() <= 1.2 * spectrum_jump.max()


def test_it_is_gentle_and_wide() -> None:
    sound = played(START, LOOP // TICK)
    power = np.abs(np.fft.rfft(sound[:, 0])) ** 2
    hertz = np.fft.rfftfreq(LOOP, 1 / 48_000)
    assert power[hertz > 1_500].sum() < 1e-3 * power.sum()
    assert power_db(sound[:, 0] - sound[:, 1]) > power_db(sound[:, 0]) - 20


def test_only_whole_ticks_and_nobody_can_write_into_it() -> None:
    holding = HoldingSound()
    with pytest.raises(ValueError, match="not a multiple of 960"):
        holding.tick(START + 1)
    with pytest.raises(ValueError, match="read-only"):
        holding.tick(START)[0] = 1.0
