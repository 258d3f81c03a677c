"""profile: the grid that every variant shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.hls.profile import (
    DEFAULT,
    FAST,
    PART_QUANTUM,
    PROFILES,
    RATE,
    SEGMENT_SAMPLES,
    TARGET_DURATION_S,
    Profile,
)

BOTH = pytest.mark.parametrize("profile", [DEFAULT, FAST], ids=lambda profile: profile.name)
CLOCKS = st.integers(0, 2**48)


def test_the_two_profiles() -> None:
    assert (DEFAULT.parts_per_segment, DEFAULT.part_target_s) == (4, 0.96)
    assert (FAST.parts_per_segment, FAST.part_target_s) == (12, 0.32)
    assert PROFILES == {"default": DEFAULT, "fast": FAST}
    assert SEGMENT_SAMPLES / RATE == 3.84


@BOTH
def test_hold_backs_are_three_targets(profile: Profile) -> None:
    assert profile.part_hold_back_s == pytest.approx(3 * profile.part_target_s)
    assert profile.hold_back_s == 3 * TARGET_DURATION_S == 12


@BOTH
@pytest.mark.parametrize("frame", [1024, 960])
def test_a_part_holds_whole_frames_of_both_codecs(profile: Profile, frame: int) -> None:
    assert profile.part_samples % frame == 0
    assert PART_QUANTUM % frame == 0


@BOTH
@given(clock=CLOCKS)
def test_place_and_clock_at_agree(profile: Profile, clock: int) -> None:
    msn, part = profile.place(clock)
    start = profile.clock_at(msn, part)
    assert start <= clock < start + profile.part_samples
    assert 0 <= part < profile.parts_per_segment
    assert msn == clock // 184_320
    assert profile.after(msn, part) == profile.place(start + profile.part_samples)


@BOTH
@given(clock=CLOCKS)
def test_segment_numbers_are_the_same_in_every_profile(profile: Profile, clock: int) -> None:
    assert profile.place(clock)[0] == DEFAULT.place(clock)[0]


def test_a_third_profile_is_allowed_on_the_grid() -> None:
    assert Profile("middle", 30_720, 6).part_target_s == 0.64


@pytest.mark.parametrize(
    ("samples", "count"),
    [(0, 4), (-46_080, -4), (46_079, 4), (1024 * 45 + 960, 4), (46_080, 5), (46_080, 3)],
)
def test_a_profile_off_the_grid_is_refused(samples: int, count: int) -> None:
    with pytest.raises(ValueError, match="part"):
        Profile("odd", samples, count)
