"""A browser's checks, written from RFC 8445 §7.2 and RFC 8489 and not with the code under test."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib

CONTROLLING, CONTROLLED = 0x802A, 0x8029


def check(
    ours: str = "ours",
    theirs: str = "abcd",
    password: str = "p" * 24,
    nominates: bool = False,
    role: int = CONTROLLING,
    extra: tuple[tuple[int, bytes], ...] = (),
    has_fingerprint: bool = True,
) -> bytes:
    """A binding request."""
    attributes = [
        (0x0006, f"{ours}:{theirs}".encode()),
        (role, bytes(8)),
        (0x0024, struct.pack("!I", 1_853_824_767)),
        *extra,
    ]
    if nominates:
        attributes.append((0x0025, b""))
    body = b"".join(
        struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)
        for kind, value in attributes
    )
    return sealed(0x0001, body, password, has_fingerprint)


def sealed(kind: int, body: bytes, password: str, has_fingerprint: bool = True) -> bytes:
    head = struct.pack("!HHI", kind, len(body) + 24, 0x2112A442) + b"transaction!"
    mark = hmac.new(password.encode(), head + body, hashlib.sha1).digest()
    raw = head + body + struct.pack("!HH", 8, 20) + mark
    if not has_fingerprint:
        return raw
    raw = raw[:2] + struct.pack("!H", len(raw) - 20 + 8) + raw[4:]
    return raw + struct.pack("!HHI", 0x8028, 4, zlib.crc32(raw) ^ 0x5354554E)
