"""RED (RFC 2198): what browsers send, both ways, and what no parser may take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import red
from hustings.rtc.red import Block

OPUS = 111


def block(age: int = 0, payload: bytes = b"opus", payload_type: int = OPUS) -> Block:
    return Block(payload_type, age, payload)


OLDER = st.builds(Block, st.integers(0, 127), st.integers(0, red.AGE_MAX), st.binary(max_size=150))
NEWEST = st.builds(Block, st.integers(0, 127), st.just(0), st.binary(max_size=100))


def test_two_frames_as_a_browser_sends_them() -> None:
    payload = bytes.fromhex("ef0f0003 6f") + b"old" + b"new"  # 111, 960 samples before, 3 bytes
    assert red.parse(payload) == (block(960, b"old"), block(0, b"new"))
    assert red.build(red.parse(payload)) == payload


def test_one_frame_costs_one_byte() -> None:
    assert red.build([block()]) == b"\x6fopus"
    assert red.parse(b"\x6fopus") == (block(),)


@given(st.lists(OLDER, max_size=red.BLOCKS_MAX - 1), NEWEST)
def test_what_is_built_is_read(older: list[Block], newest: Block) -> None:
    assert red.parse(red.build([*older, newest])) == (*older, newest)


@given(st.binary(max_size=300))
def test_garbage_is_read_or_a_value_error(garbage: bytes) -> None:
    try:
        blocks = red.parse(garbage)
    except ValueError:
        return
    assert red.build(blocks) == garbage


def test_blocks_at_the_limit_and_one_past_it() -> None:
    most = [block(960 * n, b"x") for n in range(red.BLOCKS_MAX - 1, -1, -1)]
    assert len(red.parse(red.build(most))) == red.BLOCKS_MAX
    with pytest.raises(ValueError, match="blocks"):
        red.build([most[0], *most])
    with pytest.raises(ValueError, match="too many blocks"):
        red.parse(bytes.fromhex("ef000000") * red.BLOCKS_MAX + b"\x6f")
    with pytest.raises(ValueError, match="blocks"):
        red.build([])


def test_lengths_and_ages_at_the_limit_and_one_past_it() -> None:
    most = [block(red.AGE_MAX, bytes(red.LENGTH_MAX)), block()]
    assert red.parse(red.build(most)) == tuple(most)
    for past in (block(red.AGE_MAX + 1), block(-1), block(0, bytes(red.LENGTH_MAX + 1))):
        with pytest.raises(ValueError, match="too old or too long"):
            red.build([past, block()])
    for none in (block(960), block(payload_type=128), block(payload_type=-1)):
        with pytest.raises(ValueError, match="age or type"):
            red.build([none])


def test_payloads_at_the_limit_and_one_past_it() -> None:
    largest = red.build([block(0, bytes(red.PAYLOAD_MAX - 1))])
    assert len(red.parse(largest)[0].payload) == red.PAYLOAD_MAX - 1
    with pytest.raises(ValueError, match="a RED payload of 1501 bytes"):
        red.parse(largest + b"x")
    with pytest.raises(ValueError, match="a RED payload of 1501 bytes"):
        red.build([block(0, bytes(red.PAYLOAD_MAX))])


@pytest.mark.parametrize("cut", ["", "ef", "ef0f00", "ef0f0003", "ef0f0003 6f", "ef0f0003 6f6f6c"])
def test_cut_off(cut: str) -> None:
    with pytest.raises(ValueError, match="cut off"):
        red.parse(bytes.fromhex(cut))


@given(st.binary(max_size=1_600))
def test_the_newest_alone_is_what_all_of_them_end_with(raw: bytes) -> None:
    try:
        *_, last = red.parse(raw)
    except ValueError:
        with pytest.raises(ValueError, match="RED"):
            red.newest(raw)
    else:
        assert red.newest(raw) == last


@pytest.mark.parametrize("older", [0, 1, red.BLOCKS_MAX - 1])
def test_the_newest_behind_older_ones(older: int) -> None:
    blocks = [red.Block(111, 960, b"old") for _ in range(older)] + [red.Block(111, 0, b"new")]
    assert red.newest(red.build(blocks)) == blocks[-1]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xef",
        bytes([0xEF, 0, 0, 9, 111]),
        b"\xef\0\0\0" * red.BLOCKS_MAX + b"\x6f",
        bytes(1_501),
    ],
)
def test_no_newest(raw: bytes) -> None:
    for read in (red.parse, red.newest):
        with pytest.raises(ValueError, match="RED"):
            read(raw)
