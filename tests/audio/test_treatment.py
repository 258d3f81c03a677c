"""Hum filter and denoiser as choices: off they are not there, and no turning on or off is heard as a step."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hustings.audio.treatment import Treatment
from tests.audio.sounds import RATE, TICK, Sound, power_db, sine, ticks

CHOICES = list(product((False, True), repeat=2))


def treated(sound: Sound, turns: dict[int, tuple[bool, bool]]) -> Sound:
    """`turns`: what is asked for before that tick."""
    made, out = Treatment(), []
    for number, tick in enumerate(ticks(sound)):
        if number in turns:
            made.turn(*turns[number])
        heard = made.apply(tick, True)
        assert heard is not None
        out.append(heard)
    return np.concatenate(out)


def test_off_is_the_very_same_sound() -> None:
    made, tick = Treatment(), np.ones(TICK, np.float32)
    assert made.apply(tick, True) is tick
    assert made.apply(None, False) is None
    made.turn(True, True)
    made.apply(tick, True)
    made.turn(False, False)
    made.apply(tick, True)
    assert made.apply(tick, True) is tick


@pytest.mark.parametrize(("before", "after"), list(product(CHOICES, repeat=2)))
def test_no_choice_makes_a_step(before: tuple[bool, bool], after: tuple[bool, bool]) -> None:
    """A tone has no step greater than its own anywhere, whatever is turned, at whatever phase of it."""
    sound = sine(437, 2 * RATE)
    made = treated(sound, {0: before, 40: after, 43: before, 47: after})
    own = np.abs(np.diff(sound)).max()
    turned = np.abs(np.diff(made[30 * TICK : 60 * TICK]))
    assert turned.max() <= 1.15 * own


def test_turned_on_before_the_first_word_and_in_the_middle_comes_to_the_same() -> None:
    sound = sine(437, 2 * RATE, 0.1)
    early, late = treated(sound, {0: (True, False)}), treated(sound, {20: (True, False)})
    assert np.abs(early[60 * TICK :] - late[60 * TICK :]).max() < 1e-4


def test_who_falls_silent_is_faded_and_then_silent() -> None:
    for choice in CHOICES[1:]:
        made, sound = Treatment(), sine(437, RATE)
        made.turn(*choice)
        heard = [made.apply(tick, True) for tick in ticks(sound)]
        tail = made.apply(None, True)
        assert tail is not None and abs(tail[-1]) < 1e-3
        assert made.apply(None, True) is None
        assert heard[-1] is not None


def test_who_rests_does_not_bring_back_what_he_said() -> None:
    made = Treatment()
    made.turn(True, True)
    for tick in ticks(sine(437, RATE)):
        made.apply(tick, True)
    made.rest()
    assert made.apply(None, False) is None
    again = made.apply(np.zeros(TICK, np.float32), False)
    assert again is not None and np.abs(again).max() < 1e-6


def test_rumble_and_noise_both_go() -> None:
    chance = np.random.default_rng(4)
    noise = (chance.standard_normal(5 * RATE) * 10 ** (-50 / 20)).astype(np.float32)
    rumble = sine(25, 5 * RATE, 0.05)
    both = treated(noise + rumble, {0: (True, True)})
    assert power_db(both[3 * RATE :]) < power_db(noise) - 8
