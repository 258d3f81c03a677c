"""Records and pieces of a track: there and back, and what a crash may leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.wire.track import PACKET_MAX, Piece, read_pieces, read_records, to_record

rows = st.lists(
    st.tuples(st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=60)), max_size=8
)


@given(rows, st.integers(0, 80))
def test_what_is_whole_is_read_and_nothing_else(records, cut):
    raw = b"".join(to_record(*row) for row in records)
    got = list(read_records(raw[: max(0, len(raw) - cut)]))
    assert got == records[: len(got)]
    if not cut:
        assert got == records


@given(st.binary(max_size=120))
def test_garbage_raises_nothing(raw):
    list(read_records(raw))


def test_the_largest_packet_and_one_byte_more():
    assert list(read_records(to_record(1, bytes(PACKET_MAX)))) == [(1, bytes(PACKET_MAX))]
    for packet in (b"", bytes(PACKET_MAX + 1)):
        with pytest.raises(ValueError, match="a packet of"):
            to_record(1, packet)


def test_the_last_line_about_a_file_counts():
    begun = Piece(1, "ann", "tracks/ann-0.rtp", True, 5)
    other = Piece(1, "bob", "tracks/bob-0.rtp", True, 6)
    closed = Piece(1, "ann", "tracks/ann-0.rtp", True, 5, 9)
    raw = begun.to_line() + other.to_line() + b"\nbroken\n[]\n" + closed.to_line()
    assert read_pieces(raw + b'{"term":1,') == [closed, other]
