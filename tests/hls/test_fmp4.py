"""fmp4: boxes, read back by the independent walker in `reading`."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.hls.fmp4 import MAX_ACCESS_UNIT_BYTES, fragment, init_name, init_section
from hustings.hls.variant import Variant, aac
from tests.hls.reading import read_fragments, read_init, walk_boxes
from tests.hls.sounding import AAC, OPUS, VARIANTS

BOTH = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


@BOTH
def test_the_init_section(variant: Variant) -> None:
    facts = read_init(init_section(variant))
    assert (facts.timescale, facts.movie_timescale, facts.rate) == (48_000, 48_000, 48_000)
    assert facts.default_duration == variant.frame_samples
    assert (facts.handler, facts.channels) == ("soun", 2)
    assert not facts.edits, "encoder delay is compensated in the labels, not by an edit list"


def test_aac_carries_its_audio_specific_config() -> None:
    facts = read_init(init_section(AAC))
    assert (facts.entry, facts.config) == ("mp4a", AAC.config)


def test_opus_head_becomes_dops_without_pre_skip() -> None:
    facts = read_init(init_section(OPUS))
    assert facts.entry == "Opus"
    assert struct.unpack(">BBHIhB", facts.config) == (0, 2, 0, 48_000, 0, 0)


@BOTH
def test_the_same_variant_gives_the_same_bytes_and_name(variant: Variant) -> None:
    init = init_section(variant)
    assert init == init_section(variant)
    assert init_name(init) == init_name(bytes(init))
    assert init_name(init) != init_name(init + b"\0")
    assert len(init_name(init)) == len("init-0123456789abcdef.mp4")


def test_a_configuration_too_long_for_its_descriptor_is_refused() -> None:
    read_init(init_section(aac(AAC.config + bytes(80))))
    with pytest.raises(ValueError, match="descriptor"):
        init_section(aac(AAC.config + bytes(126)))


@given(
    sequence=st.integers(0, 2**32 - 1),
    time=st.integers(0, 2**64 - 1),
    payloads=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=60),
)
def test_a_fragment_reads_back(sequence: int, time: int, payloads: list[bytes]) -> None:
    (facts,) = read_fragments(fragment(sequence, time, 960, payloads))
    assert (facts.sequence, facts.time, facts.track) == (sequence, time, 1)
    assert facts.payloads == payloads
    assert facts.samples == 960 * len(payloads)


def test_fragments_joined_are_read_as_fragments() -> None:
    joined = fragment(1, 0, 1024, [b"a"]) + fragment(2, 1024, 1024, [b"bc", b"d"])
    assert [facts.payloads for facts in read_fragments(joined)] == [[b"a"], [b"bc", b"d"]]


def test_boxes_cost_little() -> None:
    payloads = [b"x" * 160] * 48
    assert len(fragment(1, 0, 960, payloads)) - 48 * 160 == 104 + 4 * 48
    assert [box.kind for box in walk_boxes(fragment(1, 0, 960, payloads))] == ["moof", "mdat"]


@pytest.mark.parametrize("payloads", [[], [b""], [b"a", b""], [bytes(MAX_ACCESS_UNIT_BYTES + 1)]])
def test_access_units_of_a_wrong_size_are_refused(payloads: list[bytes]) -> None:
    with pytest.raises(ValueError, match="access unit"):
        fragment(0, 0, 960, payloads)


def test_the_largest_access_unit_is_taken() -> None:
    (facts,) = read_fragments(fragment(0, 0, 960, [bytes(MAX_ACCESS_UNIT_BYTES)]))
    assert len(facts.payloads[0]) == MAX_ACCESS_UNIT_BYTES
