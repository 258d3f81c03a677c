"""The pilot is found where it is, however it was treated on its way, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from bench import pilot

RATE_HZ = pilot.RATE_HZ


def heard(train: pilot.Train, delay_s: float, gain: float = 1.0) -> pilot.Sound:
    late = np.zeros(round(delay_s * RATE_HZ), np.float32)
    return np.concatenate([late, train.samples * np.float32(gain)])


def test_a_train_is_found_where_it_was_made() -> None:
    train = pilot.train(20)
    found = pilot.find(train.samples)
    assert found == pytest.approx(train.starts_s, abs=0.0005)


def test_the_same_seed_gives_the_same_train() -> None:
    assert pilot.train(5, 2).starts_s == pilot.train(5, 2).starts_s != pilot.train(5, 3).starts_s


@pytest.mark.parametrize("gain", [1.0, -0.3, 0.01])
@pytest.mark.parametrize("delay_s", [0.0, 0.2, 3.1])
def test_a_delay_is_measured_to_the_millisecond(delay_s: float, gain: float) -> None:
    train = pilot.train(30)
    found = pilot.delays(pilot.find(train.samples), pilot.find(heard(train, delay_s, gain)), 5.0)
    assert found == pytest.approx([delay_s] * 30, abs=0.001)


def test_noise_a_narrower_band_and_another_phase_do_not_hide_it() -> None:
    train = pilot.train(30)
    random = np.random.default_rng(5)
    sound = heard(train, 1.5, 0.3) + random.normal(0, 0.01, heard(train, 1.5).size)
    narrow = signal.sosfilt(signal.butter(4, 5000, fs=RATE_HZ, output="sos"), sound)
    found = pilot.delays(pilot.find(train.samples), pilot.find(narrow), 5.0)
    assert found == pytest.approx([1.5] * 30, abs=0.002)


def test_what_was_not_heard_is_none() -> None:
    train = pilot.train(30)
    sound = heard(train, 0.25)
    hole = round((train.starts_s[10] + 0.25 - 0.01) * RATE_HZ)
    sound[hole : hole + round(0.1 * RATE_HZ)] = 0
    found = pilot.delays(pilot.find(train.samples), pilot.find(sound), 5.0)
    assert [number for number, one in enumerate(found) if one is None] == [10]


@pytest.mark.parametrize("drift", [-0.05, 0.02, 0.05])
def test_a_drifting_delay_is_followed(drift: float) -> None:
    said = np.array(pilot.train(60).starts_s)
    late = said + 3.0 + drift * said
    assert pilot.delays(said, late, 6.0) == pytest.approx(list(late - said), abs=1e-9)


def test_a_delay_that_jumps_is_followed() -> None:
    said = np.array(pilot.train(60).starts_s)
    late = said + np.where(np.arange(60) < 30, 0.2, 1.4)
    assert pilot.delays(said, late, 5.0) == pytest.approx(list(late - said), abs=1e-9)


def test_at_the_longest_delay_and_past_it() -> None:
    said = np.array(pilot.train(30).starts_s)
    assert pilot.delays(said, said + 3.0, 3.0) == pytest.approx([3.0] * 30)
    assert pilot.delays(said, said + 3.01, 3.0) == [None] * 30


@pytest.mark.parametrize("seconds", [0.0, 0.01, 20.0])
def test_silence_and_noise_hold_no_chirp(seconds: float) -> None:
    size = round(seconds * RATE_HZ)
    assert pilot.find(np.zeros(size, np.float32)).size == 0
    assert pilot.find(np.random.default_rng(1).normal(0, 0.1, size)).size == 0
