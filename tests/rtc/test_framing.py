"""Frames on a stream (RFC 4571 §2): whole ones come out, however they were cut on their way."""

from __future__ import annotations

import pytest

from hustings.rtc.framing import FRAME_MAX, Frames, framed


def test_there_and_back() -> None:
    said = [b"one", b"\0" * FRAME_MAX, b"x"]
    assert Frames().feed(b"".join(map(framed, said))) == said


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_slow_bytes(size: int) -> None:
    """A byte at a time is as good as all at once."""
    stream = framed(b"first") + framed(b"second")
    frames, found = Frames(), []
    for at in range(0, len(stream), size):
        found += frames.feed(stream[at : at + size])
    assert found == [b"first", b"second"]


def test_what_is_not_whole_waits() -> None:
    frames = Frames()
    assert frames.feed(b"\0") == []
    assert frames.feed(b"\5hell") == []
    assert frames.feed(b"o\0\1") == [b"hello"]
    assert frames.feed(b"!") == [b"!"]


def test_a_length_of_zero_says_nothing() -> None:
    """Null packets are legal (RFC 4571 §2)."""
    assert Frames().feed(bytes(6) + framed(b"x") + bytes(2)) == [b"x"]


def test_the_longest_frame_and_one_byte_more() -> None:
    """One past the limit is refused at its length, before a byte of it came."""
    assert Frames().feed(framed(bytes(FRAME_MAX))) == [bytes(FRAME_MAX)]
    with pytest.raises(ValueError, match="1501 bytes"):
        Frames().feed((FRAME_MAX + 1).to_bytes(2, "big"))
    with pytest.raises(ValueError, match="1501 bytes"):
        framed(bytes(FRAME_MAX + 1))
