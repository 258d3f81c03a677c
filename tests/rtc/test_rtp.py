"""RTP packets, RFC 3550 §5.1 and RFC 6464."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import rtp

HEAD = bytes.fromhex("80 6f 00 01 00 00 03 c0 00 00 00 07".replace(" ", ""))


def with_extension(extension: bytes, payload: bytes = b"opus", profile: int = 0xBEDE) -> bytes:
    padded = extension + bytes(-len(extension) % 4)
    head = bytes([HEAD[0] | 0x10]) + HEAD[1:]
    return (
        head + profile.to_bytes(2, "big") + (len(padded) // 4).to_bytes(2, "big") + padded + payload
    )


def test_a_packet_is_read() -> None:
    packet = rtp.parse(HEAD + b"opus")
    assert (packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc) == (111, 1, 960, 7)
    assert packet.payload == b"opus"
    assert packet.raw == HEAD + b"opus"
    assert packet.level is None
    assert not packet.marker


@given(
    st.integers(0, 127),
    st.integers(0, 65_535),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=1_400),
    st.booleans(),
)
def test_what_is_built_is_read(
    kind: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, marker: bool
) -> None:
    packet = rtp.parse(rtp.build(kind, sequence, timestamp, ssrc, payload, marker))
    assert (
        packet.payload_type,
        packet.sequence,
        packet.timestamp,
        packet.ssrc,
        packet.payload,
        packet.marker,
    ) == (
        kind,
        sequence,
        timestamp,
        ssrc,
        payload,
        marker,
    )


def test_numbers_wrap_when_built() -> None:
    packet = rtp.parse(rtp.build(96, 65_536, 2**32 + 5, 1, b"x"))
    assert (packet.sequence, packet.timestamp) == (0, 5)


class TestAudioLevel:
    """RFC 6464 §3 in RFC 8285 §4.2."""

    def test_the_level_is_read_and_voice_activity_is_not_part_of_it(self) -> None:
        assert rtp.parse(with_extension(bytes([0x10, 0x80 | 30])), 1).level == 30

    def test_after_padding_and_another_extension(self) -> None:
        assert rtp.parse(with_extension(bytes([0, 0x21, 1, 2, 0x10, 42])), 1).level == 42

    def test_another_id(self) -> None:
        assert rtp.parse(with_extension(bytes([0x20, 42])), 1).level is None

    def test_none_was_agreed(self) -> None:
        assert rtp.parse(with_extension(bytes([0x10, 42])), 0).level is None

    def test_id_fifteen_ends_the_list(self) -> None:
        assert rtp.parse(with_extension(bytes([0xF0, 0x10, 42])), 1).level is None

    def test_id_nought_is_padding_whatever_its_length(self) -> None:
        packet = rtp.parse(with_extension(bytes([0x02, 42, 42, 42, 0x10, 30])), 0)
        assert (packet.level, packet.number) == (None, None)
        assert rtp.parse(with_extension(bytes([0x02, 42, 42, 42, 0x10, 30])), 1).level == 30

    def test_the_first_of_two_counts(self) -> None:
        twice = bytes([0x10, 42, 0x10, 30, 0x31, 1, 2, 0x31, 3, 4])
        packet = rtp.parse(with_extension(twice), 1, 3)
        assert (packet.level, packet.number) == (42, 0x0102)

    def test_a_number_has_two_bytes(self) -> None:
        assert rtp.parse(with_extension(bytes([0x30, 1])), 1, 3).number is None
        assert rtp.parse(with_extension(bytes([0x32, 1, 2, 3])), 1, 3).number is None

    def test_cut_off_inside_the_level(self) -> None:
        assert rtp.parse(with_extension(bytes([0x22, 1, 1, 0x10])), 1).level is None
        assert rtp.parse(with_extension(bytes([0x22, 1, 1, 1, 0x22, 1, 1, 0x10])), 1).level is None

    def test_two_byte_profile_is_passed_over(self) -> None:
        packet = rtp.parse(with_extension(bytes([1, 1, 42, 0]), profile=0x1000), 1)
        assert packet.level is None
        assert packet.payload == b"opus"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        HEAD[:11],
        bytes([0x40]) + HEAD[1:],
        bytes([0x8F]) + HEAD[1:],
        bytes([0x90]) + HEAD[1:],
        bytes([0x90]) + HEAD[1:] + b"\xbe\xde\x00\x02abcd",
        bytes([0xA0]) + HEAD[1:] + b"\x00",
        bytes([0xA0]) + HEAD[1:] + b"\x09",
        HEAD + bytes(rtp.PACKET_MAX - 11),
    ],
    ids=[
        "empty",
        "short",
        "version",
        "csrc",
        "no extension",
        "half extension",
        "padding 0",
        "padding 9",
        "too long",
    ],
)
def test_what_is_no_packet(raw: bytes) -> None:
    with pytest.raises(ValueError, match="RTP"):
        rtp.parse(raw)


def test_the_longest_packet() -> None:
    assert len(rtp.parse(HEAD + bytes(rtp.PACKET_MAX - 12)).payload) == rtp.PACKET_MAX - 12


def test_padding_and_csrc_are_taken_off() -> None:
    assert rtp.parse(bytes([0xA1]) + HEAD[1:] + b"csrcopus\x00\x00\x03").payload == b"opus"


@given(st.binary(max_size=1_600), st.integers(0, 14))
def test_garbage_is_read_or_refused(raw: bytes, level_id: int) -> None:
    try:
        packet = rtp.parse(raw, level_id)
    except ValueError:
        return
    assert packet.raw == raw
