"""segmenter: number is time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hustings.hls.fmp4 import MAX_ACCESS_UNIT_BYTES
from hustings.hls.profile import DEFAULT, FAST, RATE, SEGMENT_SAMPLES, Profile
from hustings.hls.segmenter import Part, Segmenter, join
from hustings.hls.variant import Variant
from tests.hls.reading import read_fragments
from tests.hls.sounding import AAC, OPUS, VARIANTS, made_up, parts

PROFILES = pytest.mark.parametrize("profile", [DEFAULT, FAST], ids=lambda profile: profile.name)
BOTH = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)

NOW = 1_800_000_000 * RATE // SEGMENT_SAMPLES * SEGMENT_SAMPLES
"""A segment start in January 2027."""


def eight_seconds_before(wrap: int) -> int:
    """The part boundary (of every profile) just before 8 s ahead of `wrap` x 2**32 samples."""
    return (wrap * 2**32 - 8 * RATE) // DEFAULT.part_samples * DEFAULT.part_samples


@PROFILES
@BOTH
@given(wrap=st.integers(1, 2**16))
@example(wrap=1)
@example(wrap=2**15)
def test_time_runs_on_over_a_multiple_of_two_to_the_32(
    profile: Profile, variant: Variant, wrap: int
) -> None:
    start = eight_seconds_before(wrap)
    made = parts(profile, variant, start, 16 * RATE // profile.part_samples)
    assert made[0].clock < wrap * 2**32 < made[-1].end
    at = start
    for part in made:
        (facts,) = read_fragments(part.payload)
        assert (part.clock, part.samples) == (at, profile.part_samples)
        assert (facts.time, facts.samples) == (at, profile.part_samples)
        assert (part.msn, part.index) == profile.place(at)
        assert part.name == f"s{part.msn}.{part.index}.m4s"
        at = part.end


@given(number=st.integers(0, 2**34))
def test_both_variants_name_the_same_sound_alike(number: int) -> None:
    start = number * FAST.part_samples
    first, second = (parts(FAST, variant, start, 1)[0] for variant in VARIANTS)
    assert (first.name, first.clock, first.end) == (second.name, second.clock, second.end)


@PROFILES
@BOTH
def test_every_access_unit_is_in_its_part_once_and_in_order(
    profile: Profile, variant: Variant
) -> None:
    units = list(made_up(variant, NOW, NOW + 2 * SEGMENT_SAMPLES))
    made = parts(profile, variant, NOW, 2 * profile.parts_per_segment)
    inside = [unit for part in made for unit in read_fragments(part.payload)[0].payloads]
    assert inside == [payload for _, _, payload in units]


@PROFILES
def test_a_segment_is_its_parts_joined(profile: Profile) -> None:
    made = parts(profile, AAC, NOW, profile.parts_per_segment)
    segment = join(made)
    assert segment.payload == b"".join(part.payload for part in made)
    assert (segment.clock, segment.samples, segment.end) == (NOW, 184_320, NOW + 184_320)
    assert segment.name == f"s{NOW // 184_320}.m4s"
    assert len(read_fragments(segment.payload)) == profile.parts_per_segment


def test_a_program_may_end_inside_a_segment() -> None:
    assert join(parts(DEFAULT, AAC, NOW, 2)).samples == 2 * 46_080


def test_what_is_no_segment_is_not_joined() -> None:
    made = parts(DEFAULT, AAC, NOW, 5)
    for wrong in ([], made[1:4], made[:1] + made[2:3], made[1::-1], [*made[:1], part_of(made, 1)]):
        with pytest.raises(ValueError, match=r"segment"):
            join(wrong)


def part_of(made: list[Part], index: int) -> Part:
    """Part `index` of the segment after the first of `made`."""
    part = made[index]
    return Part(part.msn + 1, index, part.clock + SEGMENT_SAMPLES, part.samples, part.payload)


def test_the_same_sound_gives_the_same_bytes_after_a_restart() -> None:
    whole = parts(FAST, OPUS, NOW, 12)
    restarted = parts(FAST, OPUS, NOW + 5 * FAST.part_samples, 7)
    assert whole[5:] == restarted


def test_sequence_numbers_grow_and_stay_in_32_bits() -> None:
    made = parts(FAST, OPUS, NOW, 3)
    numbers = [read_fragments(part.payload)[0].sequence for part in made]
    assert numbers == [NOW // FAST.part_samples + step & 0xFFFF_FFFF for step in range(3)]


def test_it_may_start_at_any_part_of_a_segment() -> None:
    (part,) = parts(DEFAULT, AAC, NOW + 3 * DEFAULT.part_samples, 1)
    assert part.index == 3


@pytest.mark.parametrize("clock", [NOW + 1024, NOW - 1024, NOW + 1, -46_080])
def test_it_starts_nowhere_else(clock: int) -> None:
    with pytest.raises(ValueError, match="part boundary"):
        Segmenter(DEFAULT, AAC).push(clock, 1024, b"x")


def test_a_gap_a_repeat_and_a_step_back_are_refused_and_change_nothing() -> None:
    segmenter = Segmenter(FAST, OPUS)
    assert segmenter.next_clock is None
    units = list(made_up(OPUS, NOW, NOW + FAST.part_samples))
    for unit in units[:-1]:
        assert segmenter.push(*unit) is None
        for wrong in (unit[0], unit[0] + 2 * 960, unit[0] - 960, unit[0] + 961):
            with pytest.raises(ValueError, match="expected"):
                segmenter.push(wrong, 960, b"x")
        assert segmenter.next_clock == unit[0] + 960
    assert segmenter.push(*units[-1]) == parts(FAST, OPUS, NOW, 1)[0]


@pytest.mark.parametrize(
    ("duration", "size"), [(1024, 1), (480, 1), (960, 0), (960, MAX_ACCESS_UNIT_BYTES + 1)]
)
def test_an_access_unit_of_a_wrong_size_is_refused(duration: int, size: int) -> None:
    segmenter = Segmenter(FAST, OPUS)
    with pytest.raises(ValueError, match="access unit"):
        segmenter.push(NOW, duration, bytes(size))
    assert segmenter.push(NOW, 960, bytes(MAX_ACCESS_UNIT_BYTES)) is None
