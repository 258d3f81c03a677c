"""window: what is named, what is next, and whose bytes may go."""

from __future__ import annotations

import pytest

from hustings.hls.fmp4 import init_name, init_section
from hustings.hls.profile import DEFAULT, FAST, RATE, SEGMENT_SAMPLES, Profile
from hustings.hls.segmenter import join
from hustings.hls.window import BYTES_SAMPLES, NAMED_SAMPLES, Window
from tests.hls.sounding import AAC, parts
from tests.hls.test_segmenter import NOW, PROFILES

MSN = NOW // SEGMENT_SAMPLES


def filled(profile: Profile, count: int, start: int = NOW) -> Window:
    """A window after `count` parts from `start` on."""
    window = Window(profile, AAC)
    for part in parts(profile, AAC, start, count):
        window.append(part)
    return window


def test_an_empty_window() -> None:
    window = Window(DEFAULT, AAC)
    assert (window.last, window.next, window.open, window.complete) == (None, None, None, ())
    assert window.init == init_section(AAC)
    assert window.map_uri == init_name(window.init)
    assert window.expired() == ()
    assert not window.ended


@PROFILES
def test_last_and_next_follow_the_parts(profile: Profile) -> None:
    window = Window(profile, AAC)
    made = parts(profile, AAC, NOW, 2 * profile.parts_per_segment)
    for number, part in enumerate(made):
        segment = window.append(part)
        msn, index = MSN + number // profile.parts_per_segment, number % profile.parts_per_segment
        assert window.last == (msn, index)
        assert window.next == profile.after(msn, index)
        first = number - index
        if index == profile.parts_per_segment - 1:
            assert segment == join(made[first : number + 1])
            assert window.open is None
        else:
            assert segment is None
            assert window.open is not None
            assert window.open.samples == (index + 1) * profile.part_samples
            assert window.open.end == part.end
    assert [row.msn for row in window.complete] == [MSN, MSN + 1]


@PROFILES
def test_thirty_seconds_stay_named_and_no_more(profile: Profile) -> None:
    window = Window(profile, AAC)
    for part in parts(profile, AAC, NOW, 12 * profile.parts_per_segment):
        window.append(part)
        named = sum(row.samples for row in window.complete)
        assert named < NAMED_SAMPLES + SEGMENT_SAMPLES
        if part.end - NOW >= 8 * SEGMENT_SAMPLES:
            assert len(window.complete) == 8
            assert named >= NAMED_SAMPLES
    assert window.complete[0].msn == MSN + 4


def test_bytes_go_ninety_seconds_after_their_last_sample() -> None:
    window = filled(DEFAULT, 5)
    names = [f"s{MSN}.{index}.m4s" for index in range(4)]
    first = NOW + DEFAULT.part_samples + BYTES_SAMPLES
    assert BYTES_SAMPLES == 90 * RATE
    assert window.expired(first - 1) == ()
    assert window.expired(first) == (names[0],)
    assert window.expired(first) == (), "each name is given once"
    whole = NOW + SEGMENT_SAMPLES + BYTES_SAMPLES
    assert window.expired(whole - 1) == (names[1], names[2])
    assert window.expired(whole) == (names[3], f"s{MSN}.m4s")
    assert window.expired(2**62) == (f"s{MSN + 1}.0.m4s",)


def test_without_a_clock_the_newest_part_tells_the_time() -> None:
    window = Window(DEFAULT, AAC)
    gone: list[str] = []
    made = parts(DEFAULT, AAC, NOW, 100)
    for part in made:
        window.append(part)
        gone += window.expired()
        kept = {one.name for one in made if one.end > part.end - BYTES_SAMPLES}
        assert not kept & set(gone)
    assert gone[0] == made[0].name
    assert made[5].name in gone, "made[5] ended 94 parts = 90.24 s ago"
    assert made[6].name not in gone, "made[6] ended 93 parts = 89.28 s ago"
    named = {f"s{row.msn}.m4s" for row in window.complete}
    assert not named & set(gone)


@pytest.mark.parametrize("step", [-1, 0, 2, 4])
def test_only_the_next_part_is_taken(step: int) -> None:
    window = filled(DEFAULT, 5)
    wrong = parts(DEFAULT, AAC, NOW + (4 + step) * DEFAULT.part_samples, 1)[0]
    with pytest.raises(ValueError, match="next"):
        window.append(wrong)
    assert window.last == (MSN + 1, 0)
    window.append(parts(DEFAULT, AAC, NOW + 5 * DEFAULT.part_samples, 1)[0])


def test_a_start_inside_a_segment_is_not_named_until_the_next() -> None:
    window = Window(FAST, AAC)
    made = parts(FAST, AAC, NOW + 10 * FAST.part_samples, 3)
    for part in made[:2]:
        assert window.append(part) is None
        assert (window.last, window.open, window.complete) == (None, None, ())
    window.append(made[2])
    assert window.last == (MSN + 1, 0)
    assert window.expired(2**62) == tuple(part.name for part in made), "their bytes are dropped too"


def test_an_end_at_a_segments_end() -> None:
    window = filled(DEFAULT, 4)
    assert window.end() is None
    assert (window.ended, window.next, window.last) == (True, None, (MSN, 3))


def test_an_end_inside_a_segment_gives_its_short_segment_once() -> None:
    window = filled(DEFAULT, 6)
    segment = window.end()
    assert segment == join(parts(DEFAULT, AAC, NOW + SEGMENT_SAMPLES, 2))
    assert window.last == (MSN + 1, 1)
    assert window.complete[-1].samples == 2 * DEFAULT.part_samples
    assert window.end() is None
    with pytest.raises(ValueError, match="ended"):
        window.append(parts(DEFAULT, AAC, NOW + 6 * DEFAULT.part_samples, 1)[0])


def test_the_short_last_segment_counts_towards_the_thirty_seconds() -> None:
    window = filled(FAST, 8 * 12 + 11)
    window.end()
    assert [row.msn for row in window.complete] == list(range(MSN + 1, MSN + 9))
    assert sum(row.samples for row in window.complete) >= NAMED_SAMPLES


def test_an_end_before_anything() -> None:
    window = Window(DEFAULT, AAC)
    assert window.end() is None
    assert window.ended
