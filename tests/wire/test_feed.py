"""The feed's frames: any slices in, the same frames out; garbage ends it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.wire.feed import BODY_MAX, HEADER_MAX, Decoder, Frame, encode

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
frames = st.builds(
    Frame,
    seq=st.integers(0, 2**63),
    term=st.integers(0, 2**31),
    path=texts,
    headers=st.dictionaries(texts, texts, max_size=4),
    body=st.binary(max_size=300),
)


@given(st.lists(frames, max_size=6), st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_any_slices_give_the_same_frames(sent, sizes):
    raw = b"".join(map(encode, sent))
    decoder, got, at, turn = Decoder(), [], 0, 0
    while at < len(raw):
        size = sizes[turn % len(sizes)]
        got += decoder.push(raw[at : at + size])
        at, turn = at + size, turn + 1
    assert got == sent


@given(st.binary(max_size=200))
def test_garbage_gives_frames_or_a_value_error(raw):
    decoder = Decoder()
    try:
        for at in range(0, len(raw), 7):
            decoder.push(raw[at : at + 7])
    except ValueError:
        pass


def test_the_largest_body_and_one_byte_more():
    encode(Frame(1, 1, "a", {}, bytes(BODY_MAX)))
    with pytest.raises(ValueError, match="too large"):
        encode(Frame(1, 1, "a", {}, bytes(BODY_MAX + 1)))


def test_the_largest_header_and_one_byte_more():
    room = HEADER_MAX - (len(encode(Frame(1, 1, ""))) - 4)
    raw = encode(Frame(1, 1, "a" * room))
    assert [frame.path for frame in Decoder().push(raw)] == ["a" * room]
    with pytest.raises(ValueError, match="too large"):
        encode(Frame(1, 1, "a" * (room + 1)))
    with pytest.raises(ValueError, match="too long"):
        Decoder().push((HEADER_MAX + 1).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[]",
        b"3",
        b'{"seq":1,"term":1,"path":"a","headers":{}}',
        b'{"seq":1,"term":1,"path":"a","headers":3,"size":0}',
        b'{"seq":"x","term":1,"path":"a","headers":{},"size":0}',
        b'{"seq":1,"term":1,"path":"a","headers":{},"size":-1}',
        b'{"seq":1,"term":1,"path":"a","headers":{},"size":4194305}',
    ],
)
def test_headers_that_cannot_be_read(header):
    with pytest.raises(ValueError):
        Decoder().push(len(header).to_bytes(4, "big") + header)
