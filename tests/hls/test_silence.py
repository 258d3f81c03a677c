"""silence: a hole is filled exactly, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.hls.profile import DEFAULT, FAST
from hustings.hls.segmenter import Segmenter
from hustings.hls.silence import silent_parts
from hustings.hls.variant import Variant
from tests.hls.reading import read_fragments
from tests.hls.sounding import AAC, OPUS, VARIANTS, made_up

BOTH = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


@BOTH
@given(start=st.integers(0, 2**32), length=st.integers(0, 40))
def test_a_hole_of_whole_parts_becomes_whole_parts(
    variant: Variant, start: int, length: int
) -> None:
    segmenter = Segmenter(FAST, variant)
    first, end = start * FAST.part_samples, (start + length) * FAST.part_samples
    made = [segmenter.push(*unit) for unit in silent_parts(variant, first, end, b"hush")]
    whole = [part for part in made if part is not None]
    assert [part.clock for part in whole] == list(range(first, end, FAST.part_samples))
    for part in whole:
        assert set(read_fragments(part.payload)[0].payloads) == {b"hush"}


def test_a_hole_in_mid_part_is_filled_and_sound_goes_on() -> None:
    segmenter = Segmenter(DEFAULT, AAC)
    units = list(made_up(AAC, 0, DEFAULT.part_samples))
    filled = [*units[:10], *silent_parts(AAC, 10 * 1024, 30 * 1024, b"hush"), *units[30:]]
    (part,) = [part for unit in filled if (part := segmenter.push(*unit)) is not None]
    payloads = read_fragments(part.payload)[0].payloads
    assert payloads[9:11] == [units[9][2], b"hush"]
    assert payloads[29:31] == [b"hush", units[30][2]]


def test_the_head_of_a_segment_can_be_filled_when_doors_open_inside_it() -> None:
    opened = 2 * DEFAULT.part_samples
    units = list(silent_parts(OPUS, 0, opened, b"hush"))
    assert (units[0][0], units[-1][0] + units[-1][1]) == (0, opened)


@pytest.mark.parametrize(
    ("start", "end", "payload"),
    [(-1024, 0, b"x"), (2048, 1024, b"x"), (1, 1024, b"x"), (0, 1000, b"x"), (0, 1024, b"")],
)
def test_no_such_hole(start: int, end: int, payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"hole|silence"):
        silent_parts(AAC, start, end, payload)
