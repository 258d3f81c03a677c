"""STUN messages: the vectors of RFC 5769, every way to be wrong, and limits."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import stun
from tests.rtc.checks import check

# RFC 5769 §2.1: software "STUN test client", user "evtj:h6vY", password as below, sealed and with a fingerprint.
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e20746573"
    "7420636c69656e74002400046e0001ff80290008932ff9b151263b3600060009"
    "6576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249"
    "c1b571a280280004e57a3bcf"
)
# §2.2 and §2.3: the mapped address is 192.0.2.1:32853, then 2001:db8:1234:5678:11:2233:4455:6677:32853.
ANSWER_4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220"
    "002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
XOR_6 = bytes.fromhex("0002a1470113a9faa5d3f179bc25f4b5bed2b9d9")
PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")


def test_the_request_of_rfc_5769() -> None:
    message = stun.parse(REQUEST)
    assert (message.kind, message.transaction) == (stun.BINDING_REQUEST, TRANSACTION)
    assert message.attributes[stun.USERNAME] == b"evtj:h6vY"
    assert message.attributes[stun.PRIORITY] == bytes.fromhex("6e0001ff")
    assert message.is_signed_with(PASSWORD)
    assert not message.is_signed_with(PASSWORD[:-1])
    assert message.unknown == []


def test_the_answers_of_rfc_5769() -> None:
    message = stun.parse(ANSWER_4)
    assert message.is_signed_with(PASSWORD)
    mapped = stun.xor_address("192.0.2.1", 32853, TRANSACTION)
    assert message.attributes[stun.XOR_MAPPED_ADDRESS] == mapped
    assert stun.xor_address("2001:db8:1234:5678:11:2233:4455:6677", 32853, TRANSACTION) == XOR_6


def test_a_scope_is_no_part_of_an_address() -> None:
    assert stun.xor_address("fe80::1%eth0", 9, TRANSACTION) == stun.xor_address(
        "fe80::1", 9, TRANSACTION
    )


def test_what_is_built_is_read() -> None:
    raw = stun.build(stun.BINDING_ERROR, b"t" * 12, [(stun.ERROR_CODE, b"\0\0\4\x57r")], b"pw")
    message = stun.parse(raw)
    assert message.is_signed_with(b"pw")
    assert message.attributes[stun.ERROR_CODE] == b"\0\0\4\x57r"
    assert stun.error_code(487) == b"\0\0\4\x57"


def test_without_a_fingerprint() -> None:
    assert stun.parse(check(has_fingerprint=False)).is_signed_with(b"p" * 24)


def test_what_nobody_signed_is_not_read() -> None:
    """RFC 8489 §14.5: attributes after MESSAGE-INTEGRITY."""
    raw = check(has_fingerprint=False) + struct.pack("!HH", stun.USE_CANDIDATE, 0)
    raw = raw[:2] + struct.pack("!H", len(raw) - 20) + raw[4:]
    message = stun.parse(raw)
    assert stun.USE_CANDIDATE not in message.attributes
    assert message.is_signed_with(b"p" * 24)


def test_of_two_alike_the_first_counts() -> None:
    message = stun.parse(check(extra=((stun.USERNAME, b"other"),)))
    assert message.attributes[stun.USERNAME] == b"ours:abcd"


def test_a_message_without_integrity_is_signed_with_nothing() -> None:
    raw = stun.HEADER.pack(stun.BINDING_REQUEST, 0, stun.COOKIE, b"t" * 12)
    assert not stun.parse(raw).is_signed_with(b"")


def test_attributes_that_must_be_known_and_are_not() -> None:
    message = stun.parse(check(extra=((0x7FFF, b"?"), (0xC057, b"?"))))
    assert message.unknown == [0x7FFF]


def cut(raw: bytes, length: int) -> bytes:
    return raw[:2] + struct.pack("!H", length - 20) + raw[4:length]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        REQUEST[:19],
        REQUEST[:-1],
        REQUEST[:-4],
        REQUEST + b"\0\0\0\0",
        b"\x40" + REQUEST[1:],
        REQUEST[:4] + b"\x21\x12\xa4\x43" + REQUEST[8:],
        REQUEST[:-1] + b"\xce",
        cut(REQUEST, 24 + 12),
        # a fingerprint that is not the last
        (head := REQUEST[:2] + b"\x00\x5c" + REQUEST[4:]) + b"\x00\x25\x00\x00",
        # a last attribute that would need padding past the end
        cut(REQUEST, 20) [:2] + b"\0\4" + REQUEST[4:20] + b"\x80\x22\x00\x01",
    ],
)  # fmt: skip
def test_what_is_no_message(raw: bytes) -> None:
    with pytest.raises(ValueError, match="STUN"):
        stun.parse(raw)


class TestLimits:
    """Each at the limit and one past it."""

    @staticmethod
    def of(attributes: int, size: int) -> bytes:
        body = (struct.pack("!HH", 0x8022, size) + bytes(size + -size % 4)) * attributes
        return stun.HEADER.pack(1, len(body), stun.COOKIE, b"t" * 12) + body

    def test_attributes(self) -> None:
        assert stun.parse(self.of(stun.ATTRIBUTES_MAX, 0)).kind == 1
        with pytest.raises(ValueError, match="without end"):
            stun.parse(self.of(stun.ATTRIBUTES_MAX + 1, 0))

    def test_size(self) -> None:
        assert len(self.of(1, stun.MESSAGE_MAX - 24)) == stun.MESSAGE_MAX
        assert stun.parse(self.of(1, stun.MESSAGE_MAX - 24)).kind == 1
        with pytest.raises(ValueError, match="1204 bytes"):
            stun.parse(self.of(1, stun.MESSAGE_MAX - 20))


@given(st.binary(max_size=200))
def test_garbage(raw: bytes) -> None:
    with pytest.raises(ValueError, match="STUN"):
        stun.parse(raw)


@given(st.integers(0, 100 * 8 - 1))
def test_one_flipped_bit_before_the_fingerprint_is_never_believed(bit: int) -> None:
    raw = bytearray(REQUEST)
    raw[bit // 8] ^= 1 << bit % 8
    try:
        message = stun.parse(bytes(raw))
    except ValueError:
        return
    assert not message.is_signed_with(PASSWORD)
