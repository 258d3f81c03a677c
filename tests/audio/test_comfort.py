"""Noise of his own level where a road breaks off: how loud, how long, and without a step."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.comfort import LAST_TICKS, LOUDEST_DB, WHOLE_TICKS, Comfort
from hustings.audio.ears import HANG_TICKS
from hustings.audio.jitter_buffer import DRY_TICKS_MAX
from hustings.audio.level import FLOOR_DB
from hustings.audio.room_tone import ROOM_TONE_DBFS
from tests.audio.sounds import TICK, Sound, power_db

ROOM_DB = -58.0


def stalled(ticks: int, noise_db: float = ROOM_DB) -> list[Sound | None]:
    comfort = Comfort()
    comfort.tick(None, False, noise_db)
    return [comfort.tick(None, True, FLOOR_DB) for _ in range(ticks)]


def test_a_road_that_stands_costs_nothing_and_changes_nothing() -> None:
    comfort, sound = Comfort(), np.ones(TICK, np.float32)
    assert comfort.tick(None, False, ROOM_DB) is None
    assert comfort.tick(sound, False, ROOM_DB) is sound


def test_it_is_as_loud_as_his_room_and_gone_within_a_second() -> None:
    made = stalled(LAST_TICKS + 2)
    whole = np.concatenate([one for one in made[1:WHOLE_TICKS] if one is not None])
    assert power_db(whole) == pytest.approx(ROOM_DB, abs=1.5)
    later = made[WHOLE_TICKS + 20]
    assert later is not None and power_db(later) < ROOM_DB - 6
    assert made[LAST_TICKS - 1] is not None and made[LAST_TICKS] is None
    assert LAST_TICKS <= HANG_TICKS


def test_a_loud_room_is_not_made_up_to_its_height() -> None:
    made = stalled(WHOLE_TICKS, noise_db=-38.0)
    whole = np.concatenate([one for one in made[1:] if one is not None])
    assert power_db(whole) == pytest.approx(LOUDEST_DB, abs=1.5)


def test_it_comes_and_goes_without_a_step() -> None:
    comfort = Comfort()
    comfort.tick(None, False, LOUDEST_DB)
    made = [comfort.tick(None, True, LOUDEST_DB) for _ in range(5)]
    back = comfort.tick(np.zeros(TICK, np.float32), False, LOUDEST_DB)
    whole = [one for one in [*made, back] if one is not None]
    sound = np.concatenate([np.zeros(1, np.float32), *whole])
    inside = np.abs(np.diff(sound[TICK : 5 * TICK])).max()
    assert np.abs(np.diff(sound))[[0, 5 * TICK]].max() <= inside
    assert abs(sound[-1]) < 1e-6
    assert comfort.tick(None, False, LOUDEST_DB) is None


def test_the_room_is_that_of_before_the_guesses_and_who_had_none_gets_room_tone() -> None:
    comfort = Comfort()
    for room in [ROOM_DB] * 3 + [-75.0] * DRY_TICKS_MAX:
        comfort.tick(None, False, room)
    made = [comfort.tick(None, True, FLOOR_DB) for _ in range(WHOLE_TICKS)]
    whole = np.concatenate([one for one in made[1:] if one is not None])
    assert power_db(whole) == pytest.approx(ROOM_DB, abs=1.5)
    first = Comfort().tick(None, True, FLOOR_DB)
    assert first is not None and power_db(first) < ROOM_TONE_DBFS


def test_what_the_decoder_still_gives_stays_whole_under_it() -> None:
    guess = np.full(TICK, 0.25, np.float32)
    comfort = Comfort()
    comfort.tick(guess, False, ROOM_DB)
    made = comfort.tick(guess, True, ROOM_DB)
    assert made is not None and np.abs(made - guess).max() < 0.02 and made is not guess
