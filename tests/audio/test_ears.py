"""What each on the stage hears: shared packets, clean feeds, and a thousand changes between them without a step."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hustings.audio.clock import RATE, TICK
from hustings.audio.codec import OpusDecoder
from hustings.audio.ears import Ears

Sound = NDArray[np.float32]
NOBODY: frozenset[str] = frozenset()
CLEAN = {"ann": np.zeros(TICK, np.float32), "bob": np.zeros(TICK, np.float32)}
SILENCE = np.zeros(TICK, np.float32)


def chord(tick: int) -> Sound:
    """A steady sound whose every tick is as loud as the others: whole periods of three pitches."""
    at = (tick * TICK + np.arange(TICK)) / RATE
    return sum(0.1 * np.sin(2 * np.pi * pitch * at) for pitch in (350, 1_400, 4_900)).astype(
        np.float32
    )


def decibels(sound: Sound) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(sound**2)) + 1e-9))


@pytest.fixture
def ears() -> Ears:
    made = Ears(64_000, hang_ticks=5)
    for person in CLEAN:
        made.add(person)
    return made


def test_the_silent_share_one_packet_and_who_sounds_has_his_own(ears: Ears) -> None:
    packets = ears.encode(SILENCE, CLEAN, NOBODY)
    assert packets["ann"] is packets["bob"]
    packets = ears.encode(SILENCE, CLEAN, {"ann"})
    assert packets["ann"] is not packets["bob"]


def test_a_pause_is_no_change(ears: Ears) -> None:
    ears.encode(SILENCE, CLEAN, {"ann"})
    for _ in range(4):
        packets = ears.encode(chord(0), CLEAN, NOBODY)
        assert packets["ann"] is not packets["bob"]
    packets = ears.encode(chord(0), CLEAN, NOBODY)
    assert packets["ann"] is packets["bob"]


def test_who_is_said_to_need_a_clean_feed_is_who_gets_one(ears: Ears) -> None:
    for sounding in ({"ann"}, *[NOBODY] * 6, {"ann", "bob"}, {"nobody"}):
        own = ears.own(sounding)
        packets = ears.encode(chord(0), {one: CLEAN[one] for one in own}, sounding)
        shared = packets["ann"] is packets["bob"]
        assert shared == (not own)
    assert ears.own({"ann"}) == {"ann", "bob"}, "bob is kept for a while"


def test_whoever_left_has_no_ear(ears: Ears) -> None:
    ears.remove("ann")
    ears.remove("ann")
    assert list(ears.encode(SILENCE, CLEAN, {"ann"})) == ["bob"]


def test_a_thousand_changes_without_a_step_or_a_gap(ears: Ears) -> None:
    """Ann hears Bob's steady sound, and blurts out a word now and then: 500 times to her clean feed and back. Everybody
    else talks too at times, so that the shared encoder rests and is taken up again."""
    decoder, levels, owns = OpusDecoder(), [], []
    for tick in range(500 * 12 + 12):
        frame = chord(tick)
        sounding = {"ann"} if tick % 12 == 6 else set()
        if tick % 60 >= 30:
            sounding |= {"bob"}
        packets = ears.encode(frame, {"ann": frame, "bob": SILENCE}, sounding)
        owns.append(tick % 12 in range(6, 11))
        heard = decoder.decode(packets["ann"])
        assert len(heard) == TICK, "no gap"
        levels.append(decibels(heard))
    assert np.count_nonzero(np.diff(owns)) >= 1_000
    settled = np.array(levels[5:])
    assert np.max(np.abs(np.diff(settled))) < 1.0
    assert np.max(np.abs(settled - np.median(settled))) < 1.0
