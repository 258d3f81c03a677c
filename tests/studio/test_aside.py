"""An encoder beside the loop gives out what the encoder itself gives, in order, and later."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from hustings.audio.clock import TICK
from hustings.audio.encoder import AacEncoder, AccessUnit, ProgramEncoder
from hustings.studio import aside
from hustings.studio.aside import Aside
from hustings.studio.ground import here
from tests.audio.sounds import stereo, voice
from tests.studio.house_rig import Rig, frames_of

FIRST = 1_024 * 1_000


class Held:
    """An encoder that waits until it may go on, and notes what it is asked."""

    duration, config = TICK, b"config"

    def __init__(self) -> None:
        self.free = threading.Event()
        self.asked: list[object] = []

    def set_bitrate(self, bitrate: int) -> None:
        self.asked.append(bitrate)

    def push(self, clock: int, frame: object) -> list[AccessUnit]:
        assert self.free.wait(20)
        self.asked.append(clock)
        if clock < 0:
            raise ValueError("no such clock")
        return [AccessUnit(clock, TICK, b"%d" % clock)]

    def finish(self) -> list[AccessUnit]:
        return [AccessUnit(99, TICK, b"tail")]


def nothing() -> np.ndarray:
    return np.zeros((TICK, 2), np.float32)


def test_the_same_units_as_without() -> None:
    sound = stereo(voice(2.0))
    made: list[list[AccessUnit]] = []
    encoder: ProgramEncoder
    for encoder in (AacEncoder(FIRST), Aside(AacEncoder(FIRST))):
        units: list[AccessUnit] = []
        for at in range(0, len(sound), TICK):
            units += encoder.push(FIRST + at, sound[at : at + TICK])
        made.append(units + encoder.finish())
    assert len(made[0]) > 80 and made[0] == made[1]


def test_nobody_waits_for_a_slow_one_and_nothing_is_lost() -> None:
    held = Held()
    encoder = Aside(held)
    assert (encoder.duration, encoder.config) == (TICK, b"config")
    assert [encoder.push(clock, nothing()) for clock in range(5)] == [[]] * 5
    held.free.set()
    assert [unit.clock for unit in encoder.finish()] == [0, 1, 2, 3, 4, 99]


def test_bits_change_from_the_next_frame_on() -> None:
    held = Held()
    encoder = Aside(held)
    encoder.push(0, nothing())
    encoder.set_bitrate(48_000)
    encoder.push(1, nothing())
    held.free.set()
    encoder.finish()
    assert held.asked == [0, 48_000, 1]


def test_at_the_limit_and_one_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "WAITING_MAX", 3)
    held = Held()
    encoder = Aside(held)
    for clock in range(4):
        assert encoder.push(clock, nothing()) == []
    later = threading.Timer(0.05, held.free.set)
    later.start()
    came = encoder.push(4, nothing())
    assert held.free.is_set() and came[0].clock == 0, "the fifth waited for the first"
    came += encoder.finish()
    assert [unit.clock for unit in came] == [0, 1, 2, 3, 4, 99]
    later.join()


def test_an_error_comes_with_a_later_push_and_the_next_frame_goes_on() -> None:
    held = Held()
    held.free.set()
    encoder = Aside(held)
    encoder.push(-1, nothing())
    encoder._waiting[0].exception(20)
    with pytest.raises(ValueError, match="no such clock"):
        encoder.push(0, nothing())
    encoder.push(1, nothing())
    assert [unit.clock for unit in encoder.finish()] == [1, 99]


async def test_a_room_sounds_the_same_to_its_end(tmp_path: Path) -> None:
    """Down to the last byte of its last segment."""
    parts: list[dict[str, bytes]] = []
    for name, kind in (("with", Aside), ("without", here)):
        rig = Rig(tmp_path / name, aside=kind)
        live = await rig.ended(2)
        frames = await frames_of(live)
        parts.append({one.path: one.body for one in frames if one.path.endswith(".m4s")})
        await rig.crash()
    assert len(parts[0]) > 8 and parts[0] == parts[1]
