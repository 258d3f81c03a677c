"""STUN messages (RFC 8489) as far as ICE needs them (RFC 8445 §7): binding requests in, their answers out.

Only what is whole is read: the cookie, lengths that fit, capped attributes, a FINGERPRINT that is right where there is
one. Whether a message is to be believed is `is_signed_with`; nothing before that may cost more than this parse.
"""

from __future__ import annotations

import hmac
import ipaddress
import zlib
from dataclasses import dataclass
from struct import Struct

HEADER = Struct("!HHI12s")  # §5
ATTRIBUTE = Struct("!HH")  # §14
IPV4, IPV6 = Struct("!BBHI"), Struct("!BBH16s")  # §14.2
COOKIE = 0x2112A442
MESSAGE_MAX = 1_200
ATTRIBUTES_MAX = 24
INTEGRITY_SIZE = 24
FINGERPRINT_SIZE = 8
FINGERPRINT_XOR = 0x5354554E  # §14.7

BINDING_REQUEST = 0x0001
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
UNKNOWN_ATTRIBUTES = 0x000A
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
MUST_BE_KNOWN = 0x8000
"""Attributes below this must be understood (§14)."""
KNOWN = frozenset({USERNAME, MESSAGE_INTEGRITY, PRIORITY, USE_CANDIDATE})


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `attributes` end with MESSAGE-INTEGRITY: what follows it is signed by nobody (§14.5)."""

    kind: int
    transaction: bytes
    attributes: dict[int, bytes]
    signed_bytes: int
    """Where MESSAGE-INTEGRITY begins, 0 without one."""
    raw: bytes

    @property
    def unknown(self) -> list[int]:
        """Attributes that must be understood and are not (§6.3.1)."""
        return [kind for kind in self.attributes if kind < MUST_BE_KNOWN and kind not in KNOWN]

    def is_signed_with(self, password: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY is there and right: HMAC-SHA1 over all before it, with a length that ends at it."""
        if not self.signed_bytes:
            return False
        length = self.signed_bytes + INTEGRITY_SIZE - HEADER.size
        signed = self.raw[:2] + length.to_bytes(2, "big") + self.raw[4 : self.signed_bytes]
        wanted = hmac.digest(password, signed, "sha1")
        return hmac.compare_digest(wanted, self.attributes[MESSAGE_INTEGRITY])


def parse(raw: bytes) -> Message:
    """A message from a datagram. Errors: `ValueError` for anything else."""
    if not HEADER.size <= len(raw) <= MESSAGE_MAX or len(raw) % 4:
        raise ValueError(f"a STUN message of {len(raw)} bytes")
    kind, length, cookie, transaction = HEADER.unpack_from(raw)
    if cookie != COOKIE or kind & 0xC000 or length != len(raw) - HEADER.size:
        raise ValueError("no STUN message")
    attributes: dict[int, bytes] = {}
    signed_bytes = 0
    at = HEADER.size
    for _ in range(ATTRIBUTES_MAX):
        if at == len(raw):
            break
        name, size = ATTRIBUTE.unpack_from(raw, at)
        value = raw[at + 4 : at + 4 + size]
        if len(value) != size:
            raise ValueError("a STUN attribute that is cut off")
        if name == FINGERPRINT:
            _check_fingerprint(raw, at, value)
        elif not signed_bytes:
            attributes.setdefault(name, value)  # §14: the first one counts
            if name == MESSAGE_INTEGRITY:
                signed_bytes = at
        at += 4 + size + -size % 4
    if at != len(raw):
        raise ValueError("STUN attributes without end")
    return Message(kind, transaction, attributes, signed_bytes, raw)


def build(
    kind: int, transaction: bytes, attributes: list[tuple[int, bytes]], password: bytes
) -> bytes:
    """A message's bytes, with MESSAGE-INTEGRITY and FINGERPRINT at its end."""
    body = b"".join(
        ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4)
        for name, value in attributes
    )
    length = len(body) + INTEGRITY_SIZE
    raw = HEADER.pack(kind, length, COOKIE, transaction) + body
    mark = hmac.digest(password, raw, "sha1")
    raw += ATTRIBUTE.pack(MESSAGE_INTEGRITY, len(mark)) + mark
    raw = raw[:2] + (length + FINGERPRINT_SIZE).to_bytes(2, "big") + raw[4:]
    return raw + ATTRIBUTE.pack(FINGERPRINT, 4) + _fingerprint(raw)


def xor_address(host: str, port: int, transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS (§14.2). A scope (`%eth0`) is no part of an address."""
    mixed_port = port ^ COOKIE >> 16
    if ":" not in host:
        address = int.from_bytes(map(int, host.split(".")), "big")
        return IPV4.pack(0, 1, mixed_port, address ^ COOKIE)
    address = int(ipaddress.IPv6Address(host.partition("%")[0]))
    mixed = address ^ (COOKIE << 96 | int.from_bytes(transaction, "big"))
    return IPV6.pack(0, 2, mixed_port, mixed.to_bytes(16, "big"))


def error_code(code: int) -> bytes:
    """The value of ERROR-CODE (§14.8) without a reason: an answer must stay smaller than its request."""
    return bytes((0, 0, code // 100, code % 100))


def _check_fingerprint(raw: bytes, at: int, value: bytes) -> None:
    if at + FINGERPRINT_SIZE != len(raw) or value != _fingerprint(raw[:at]):
        raise ValueError("a STUN fingerprint that is wrong")


def _fingerprint(raw: bytes) -> bytes:
    return (zlib.crc32(raw) ^ FINGERPRINT_XOR).to_bytes(4, "big")
