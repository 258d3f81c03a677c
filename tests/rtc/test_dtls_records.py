"""DTLS records, fragments and messages: in any order, with a cap on each."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import dtls_records
from hustings.rtc.dtls_records import (
    ALERT,
    APPLICATION,
    HANDSHAKE,
    Fragment,
    Inbox,
    Record,
    fragments,
    packed,
    record,
    records,
)

ONE = record(HANDSHAKE, 5, b"body")


def fragment(sequence: int, at: int, part: bytes, length: int = 10, kind: int = 1) -> Fragment:
    return Fragment(kind, length, sequence, at, part)


def raw(piece: Fragment) -> bytes:
    numbers = ((piece.length, 3), (piece.sequence, 2), (piece.at, 3), (len(piece.part), 3))
    return (
        bytes([piece.kind]) + b"".join(n.to_bytes(size, "big") for n, size in numbers) + piece.part
    )


class TestRecords:
    def test_the_bytes_of_one(self) -> None:
        assert bytes.fromhex("16 fefd 0000 000000000005 0004") + b"body" == ONE
        assert record(HANDSHAKE, 1 << 40, b"")[3:11] == bytes.fromhex("0000 010000000000")
        assert list(records(ONE)) == [Record(HANDSHAKE, 0, b"body", ONE)]

    def test_a_datagram_of_several_up_to_what_is_none(self) -> None:
        for rest in (
            b"",
            b"\x16\xfe",
            ONE[:-1],
            b"\x13" + ONE[1:],
            b"\x18" + ONE[1:],
            b"\x16\x03\x03" + ONE[3:],
            b"\x2f" * 40,  # the head of DTLS 1.3, RFC 9147 §4
        ):
            assert [one.raw for one in records(ONE + ONE + rest)] == [ONE, ONE]

    def test_as_many_as_the_limit(self) -> None:
        assert len(list(records(ONE * dtls_records.RECORDS_MAX))) == dtls_records.RECORDS_MAX
        assert len(list(records(ONE * (dtls_records.RECORDS_MAX + 1)))) == dtls_records.RECORDS_MAX

    def test_packing(self) -> None:
        half = record(APPLICATION, 0, bytes(587))  # 600 bytes with its head
        assert packed([]) == []
        assert packed([half, half, half]) == [half + half, half]
        assert [len(one) for one in packed([ONE, half, half])] == [617, 600]
        assert packed([bytes(1_300), ONE]) == [bytes(1_300), ONE]

    @given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda b: ONE[:11] + b))
    def test_garbage_is_read_up_to_where_it_is_garbage(self, garbage: bytes) -> None:
        whole = b"".join(one.raw for one in records(garbage))
        assert garbage.startswith(whole)
        for one in records(garbage):
            list(fragments(one.body))


class TestFragments:
    def test_several_in_one_record(self) -> None:
        two = [fragment(0, 0, b"01234"), fragment(0, 5, b"56789")]
        assert list(fragments(raw(two[0]) + raw(two[1]))) == two
        assert list(fragments(raw(two[0]) + raw(two[1])[:-1])) == two[:1]

    def test_none_past_its_message_or_of_a_message_too_long(self) -> None:
        assert list(fragments(raw(fragment(0, 6, b"56789")))) == []
        longest = fragment(0, 0, b"x", length=dtls_records.MESSAGE_MAX)
        assert list(fragments(raw(longest))) == [longest]
        assert list(fragments(raw(fragment(0, 0, b"x", length=dtls_records.MESSAGE_MAX + 1)))) == []


class TestInbox:
    def test_a_message_whose_pieces_overlap_and_repeat(self) -> None:
        inbox = Inbox()
        for at, part in ((6, b"6789"), (0, b"01"), (6, b"67"), (1, b"1234"), (0, b"0123")):
            inbox.add(fragment(0, at, part))
            assert inbox.take() is None
        inbox.add(fragment(0, 4, b"456"))
        whole = inbox.take()
        assert whole is not None
        assert whole.raw == raw(fragment(0, 0, b"0123456789"))
        assert inbox.take() is None

    @given(st.integers(0, 2**32), st.integers(1, 200))
    def test_any_order_of_any_pieces(self, seed: int, size: int) -> None:
        random = Random(seed)
        body = random.randbytes(600)
        size = max(size, 600 // dtls_records.SPANS_MAX + 1)
        pieces = [
            fragment(sequence, at, body[at : at + size], length=600)
            for sequence in range(3)
            for at in range(0, 600, size)
        ]
        random.shuffle(pieces)
        inbox = Inbox()
        taken = []
        for piece in pieces:
            inbox.add(piece)
            while (whole := inbox.take()) is not None:
                taken.append(whole.raw)
        assert taken == [raw(fragment(sequence, 0, body, length=600)) for sequence in range(3)]

    def test_a_message_of_nothing(self) -> None:
        inbox = Inbox()
        inbox.add(fragment(0, 0, b"", length=0, kind=14))
        whole = inbox.take()
        assert whole is not None
        assert (whole.kind, whole.raw) == (14, bytes([14]) + bytes(11))

    def test_what_contradicts_begins_anew(self) -> None:
        inbox = Inbox()
        inbox.add(fragment(0, 0, b"forged", length=12))
        inbox.add(fragment(0, 0, b"01234"))
        inbox.add(fragment(0, 5, b"56789"))
        whole = inbox.take()
        assert whole is not None
        assert whole.raw.endswith(b"0123456789")

    def test_messages_ahead_at_the_limit_and_one_past_it(self) -> None:
        inbox = Inbox()
        for sequence in range(dtls_records.AHEAD_MAX, -1, -1):
            inbox.add(fragment(sequence, 0, b"0123456789"))
        taken = 0
        while inbox.take() is not None:
            taken += 1
        assert taken == inbox.next == dtls_records.AHEAD_MAX
        inbox.add(fragment(0, 0, b"0123456789"))
        assert inbox.take() is None

    def test_pieces_at_the_limit_and_one_past_it(self) -> None:
        length = 2 * dtls_records.SPANS_MAX + 2
        inbox = Inbox()
        for at in range(0, length, 2):  # one more piece than is kept
            inbox.add(fragment(0, at, b"x", length=length))
        for at in range(1, length, 2):
            inbox.add(fragment(0, at, b"x", length=length))
        assert inbox.take() is None
        inbox.add(fragment(0, length - 2, b"x", length=length))
        assert inbox.take() is not None

    def test_an_alert_is_no_message(self) -> None:
        assert [one.kind for one in records(record(ALERT, 0, b"\x02\x28"))] == [ALERT]
