"""RTCP: typed both ways, aiortc's writer as the other side, strict and bounded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiortc import rtp as theirs
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import rtcp, transport_cc
from hustings.rtc.rtcp import (
    Bye,
    Nack,
    Packet,
    ReceiverReport,
    Report,
    SenderReport,
    SourceNames,
    TransportFeedback,
)

BITS_16, BITS_24 = st.integers(0, 0xFFFF), st.integers(-(1 << 23), (1 << 23) - 1)
BITS_32, BITS_64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
REPORTS = st.lists(
    st.builds(Report, BITS_32, st.integers(0, 255), BITS_24, BITS_32, BITS_32, BITS_32, BITS_32),
    max_size=3,
).map(tuple)
TEXT = st.text(max_size=20)
DELTAS = st.lists(
    st.none() | st.integers(0, 255) | st.integers(-32_768, 32_767), min_size=1, max_size=60
)


def arrivals(deltas: list[int | None]) -> tuple[int | None, ...]:
    """Ticks as a feedback has them, from the steps between those that came."""
    ticks, out = 0, []
    for delta in deltas:
        ticks += delta or 0
        out.append(None if delta is None else ticks)
    return tuple(out)


PACKETS = st.one_of(
    st.builds(SenderReport, BITS_32, BITS_64, BITS_32, BITS_32, BITS_32, REPORTS),
    st.builds(ReceiverReport, BITS_32, REPORTS),
    st.builds(SourceNames, st.lists(st.tuples(BITS_32, TEXT), max_size=3).map(tuple)),
    st.builds(Bye, st.lists(BITS_32, max_size=3).map(tuple), TEXT),
    st.builds(
        Nack,
        BITS_32,
        BITS_32,
        st.tuples(BITS_16, st.sets(st.integers(0, 500), min_size=1, max_size=30)).map(
            lambda drawn: tuple(drawn[0] + step & 0xFFFF for step in sorted(drawn[1]))
        ),
    ),
    st.builds(
        TransportFeedback,
        BITS_32,
        BITS_32,
        BITS_16,
        BITS_24,
        st.integers(0, 255),
        DELTAS.map(arrivals),
    ),
)
REPORT = Report(8, 25, -3, 65_600, 12, 0x1234, 65_536)
FEEDBACK = TransportFeedback(7, 8, 65_530, -2, 3, (10, None, 12, 900, 3, *[None] * 20))


@given(st.lists(PACKETS, min_size=1, max_size=3))
def test_what_is_built_is_read(packets: list[Packet]) -> None:
    assert rtcp.parse(rtcp.build(packets)) == tuple(packets)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda b: b"\x81\xcd\x00\x05" + b))
def test_garbage_is_read_or_a_value_error(garbage: bytes) -> None:
    try:
        rtcp.parse(garbage)
    except ValueError:
        return


@given(st.lists(PACKETS, min_size=1, max_size=3), st.data())
def test_a_changed_byte_is_read_or_a_value_error(
    packets: list[Packet], draw: st.DataObject
) -> None:
    raw = bytearray(rtcp.build(packets))
    raw[draw.draw(st.integers(0, len(raw) - 1))] = draw.draw(st.integers(0, 255))
    try:
        rtcp.parse(bytes(raw))
    except ValueError:
        return


class TestOtherWriters:
    """aiortc writes, we read; we write, aiortc reads."""

    INFO = theirs.RtcpReceiverInfo(
        ssrc=8, fraction_lost=25, packets_lost=-3, highest_sequence=65_600, jitter=12,
        lsr=0x1234, dlsr=65_536,
    )  # fmt: skip

    def test_reports(self) -> None:
        sender = theirs.RtcpSrPacket(
            ssrc=7,
            sender_info=theirs.RtcpSenderInfo(
                ntp_timestamp=1 << 60, rtp_timestamp=960, packet_count=5, octet_count=500
            ),
            reports=[self.INFO],
        )
        ours: list[Packet] = [SenderReport(7, 1 << 60, 960, 5, 500, (REPORT,))]
        assert rtcp.parse(bytes(sender)) == tuple(ours)
        assert rtcp.build(ours) == bytes(sender)
        receiver = theirs.RtcpRrPacket(ssrc=7, reports=[self.INFO])
        assert rtcp.parse(bytes(receiver)) == (ReceiverReport(7, (REPORT,)),)
        assert rtcp.build([ReceiverReport(7, (REPORT,))]) == bytes(receiver)

    def test_names_and_goodbyes(self) -> None:
        names = theirs.RtcpSdesPacket(
            chunks=[theirs.RtcpSourceInfo(ssrc=7, items=[(2, b"Ann"), (1, b"{a-cname}")])]
        )
        assert rtcp.parse(bytes(names)) == (SourceNames(((7, "{a-cname}"),)),)
        for name in ("", "a", "ab", "abc", "abcd"):
            ours = rtcp.build([SourceNames(((7, name),))])
            assert theirs.RtcpPacket.parse(ours)[0].chunks[0].items == [(1, name.encode())]
        nameless = theirs.RtcpSdesPacket(chunks=[theirs.RtcpSourceInfo(ssrc=7, items=[])])
        assert rtcp.parse(bytes(nameless)) == (SourceNames(((7, ""),)),)
        assert rtcp.parse(bytes(theirs.RtcpByePacket(sources=[7, 8]))) == (Bye((7, 8)),)
        assert theirs.RtcpPacket.parse(rtcp.build([Bye((7,), "gone")]))[0].sources == [7]

    def test_nack(self) -> None:
        lost = (3, 8, 9, 19, 20, 400)
        nack = theirs.RtcpRtpfbPacket(fmt=1, ssrc=7, media_ssrc=8, lost=list(lost))
        assert rtcp.parse(bytes(nack)) == (Nack(7, 8, lost),)
        assert theirs.RtcpPacket.parse(rtcp.build([Nack(7, 8, lost)]))[0].lost == list(lost)


class TestTransportFeedback:
    def test_the_bytes_of_one(self) -> None:
        raw = rtcp.build([FEEDBACK])
        assert raw.hex(" ", 4) == (
            # 25 packets from 65,530; reference -2, count 3; seven two-bit symbols, then 18 of a run of missing
            "8fcd0007 00000007 00000008 fffa0019 fffffe03 d1a00012 0a020378 fc7f0000"
        )
        assert rtcp.parse(raw) == (FEEDBACK,)

    def test_chunks_of_every_kind(self) -> None:
        for deltas in (
            [1] * 30,  # a run
            [1, None] * 10,  # one-bit vectors
            [300] * 8 + [1],  # a run of large ones, then the rest
            [300, 1, None] * 5,  # two-bit vectors
            [None] * transport_cc.STATUSES_MAX,
        ):
            feedback = replace(FEEDBACK, arrivals=arrivals(deltas))
            assert rtcp.parse(rtcp.build([feedback])) == (feedback,)
        assert len(rtcp.build([replace(FEEDBACK, arrivals=(None,) * 2_000)])) == 24

    def test_limits(self) -> None:
        for many in (0, transport_cc.STATUSES_MAX + 1):
            with pytest.raises(ValueError, match=f"feedback of {many} packets"):
                rtcp.build([replace(FEEDBACK, arrivals=(None,) * many)])
            raw = bytes.fromhex("8fcd0005 00000007 00000008 0000") + many.to_bytes(2, "big")
            with pytest.raises(ValueError, match=f"feedback of {many} packets"):
                rtcp.parse(raw + bytes(8))
        for step in (1 << 15, -(1 << 15) - 1):
            with pytest.raises(ValueError, match="more than 8 s"):
                rtcp.build([replace(FEEDBACK, arrivals=(step,))])

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("", "cut off"),
            ("00000001 000000", "cut off"),
            ("00000001 00000000", "cut off"),  # no chunk
            ("00000001 00000000 0002", "run that is none"),
            ("00000001 00000000 0000", "run that is none"),
            ("00000001 00000000 6001 00", "delta that is none"),  # the reserved symbol
            ("00000001 00000000 2001", "delta that is none"),  # a small delta that is not there
            ("00000001 00000000 4001 01", "delta that is none"),
        ],
    )
    def test_malformed(self, body: str, words: str) -> None:
        with pytest.raises(ValueError, match=words):
            transport_cc.parse(7, 8, bytes.fromhex(body))


class TestStrictness:
    def test_other_types_and_formats_are_skipped(self) -> None:
        remb = bytes.fromhex("8fce0005 00000007 00000000 52454d42 01000000 00000008")
        other_feedback = bytes.fromhex("83cd0002 00000007 00000008")
        report = rtcp.build([ReceiverReport(7)])
        assert rtcp.parse(remb + other_feedback + report) == (ReceiverReport(7),)

    def test_a_profile_may_add_to_a_report(self) -> None:
        assert rtcp.parse(bytes.fromhex("80c90002 00000007 00000001")) == (ReceiverReport(7),)

    def test_padding(self) -> None:
        padded = bytes.fromhex("a0c90002 00000007 00000004")
        assert rtcp.parse(padded) == (ReceiverReport(7),)
        assert rtcp.parse(rtcp.build([ReceiverReport(9)]) + padded)[1] == ReceiverReport(7)
        for wrong in (
            padded + rtcp.build([ReceiverReport(9)]),  # not the last
            padded[:-1] + b"\x00",
            padded[:-1] + b"\x03",
            padded[:-1] + b"\x0c",
            bytes.fromhex("a0c90000"),
        ):
            with pytest.raises(ValueError, match="padding"):
                rtcp.parse(wrong)

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "80c900",
            "80c90002 00000007",  # longer than the datagram
            "40c90001 00000007",  # version 1
            "80bf0001 00000007",  # a type below RTCP's
            "80e00001 00000007",  # and above
            "80c90001 00000007 80c9",  # a head that is cut off
            "80c90000",
            "81c90001 00000007",  # a report that is not there
            "80c80001 00000007",
            "81ca0000",
            "81ca0001 00000007",  # no end of items
            "81ca0002 00000007 01050000",  # an item that is longer than the packet
            "81ca0002 00000007 00010001 81ca0002 00000007 02020201",
            "81ca0003 00000007 0102ffff 00000000",  # no UTF-8
            "81cb0000",
            "80cb0001 04000000",  # a reason that is longer than the packet
            "81cd0001 00000007",
            "81cd0002 00000007 00000008",  # a NACK of nothing
        ],
    )
    def test_malformed(self, raw: str) -> None:
        with pytest.raises(ValueError, match=r"RTCP|utf-8"):
            rtcp.parse(bytes.fromhex(raw))

    def test_an_item_whose_length_is_cut_off(self) -> None:
        with pytest.raises(ValueError, match="cut off"):
            rtcp.parse(bytes.fromhex("81ca0002 00000007 01010001"))


class TestLimits:
    def test_compounds(self) -> None:
        one = rtcp.build([ReceiverReport(7)])
        assert len(rtcp.parse(one * 187)) == 187  # 1,496 bytes
        with pytest.raises(ValueError, match="an RTCP compound of 1504 bytes"):
            rtcp.parse(one * 188)
        assert len(rtcp.build([ReceiverReport(7)] * 187)) == 1_496
        with pytest.raises(ValueError, match="an RTCP compound of 1504 bytes"):
            rtcp.build([ReceiverReport(7)] * 188)

    def test_parts(self) -> None:
        bye = Bye(tuple(range(rtcp.REPORTS_MAX)))
        assert rtcp.parse(rtcp.build([bye])) == (bye,)
        with pytest.raises(ValueError, match="32 parts"):
            rtcp.build([Bye(tuple(range(rtcp.REPORTS_MAX + 1)))])

    def test_nacks(self) -> None:
        most = Nack(7, 8, tuple(range(rtcp.NACKS_MAX)))
        assert rtcp.parse(rtcp.build([most])) == (most,)
        for count in (0, rtcp.NACKS_MAX + 1):
            with pytest.raises(ValueError, match=f"NACK of {count} packets"):
                rtcp.build([Nack(7, 8, tuple(range(count)))])
        pairs = b"".join((17 * n).to_bytes(2, "big") + b"\xff\xff" for n in range(58))
        pairs += (17 * 58).to_bytes(2, "big")  # 986 so far; 14 more are the limit
        head = bytes.fromhex("81cd003d 00000007 00000008")
        assert len(rtcp.parse(head + pairs + b"\x1f\xff")[0].sequences) == rtcp.NACKS_MAX
        with pytest.raises(ValueError, match="NACK of 1001 packets"):
            rtcp.parse(head + pairs + b"\x3f\xff")

    def test_a_number_asked_for_often_counts_once(self) -> None:
        nack = bytes.fromhex("81cd0004 00000007 00000008 00010003 00020000")
        assert rtcp.parse(nack) == (Nack(7, 8, (1, 2, 3)),)

    def test_numbers_that_do_not_fit(self) -> None:
        for packet in (
            ReceiverReport(1 << 32),
            ReceiverReport(-1),
            ReceiverReport(7, (replace(REPORT, lost_fraction=256),)),
            ReceiverReport(7, (replace(REPORT, lost_total=1 << 23),)),
            SourceNames(((7, "x" * 256),)),
            Bye((7,), "x" * 256),
            Nack(7, 8, (1 << 16,)),
        ):
            with pytest.raises(ValueError, match="cannot hold"):
                rtcp.build([packet])
        longest = SourceNames(((7, "x" * 255),))
        assert rtcp.parse(rtcp.build([longest])) == (longest,)
