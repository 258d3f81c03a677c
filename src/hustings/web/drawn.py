"""The pictures of who has none: a voice as bars, drawn from an address, always the same. Two colours, a kilobyte, no decoder.

They are quiet on paper and on slate; red and amber are none of theirs.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from functools import lru_cache

from hustings.social.portraits import AVATAR, HEADER

SEED = re.compile(r"[0-9a-f]{16}")
SIZES = {AVATAR: (400, 400), HEADER: (1_500, 500)}
BARS = {AVATAR: 9, HEADER: 45}
GROUNDS = ("3d4a57", "3f5b4b", "574a60", "2f4f6b", "5c5041", "2f5c5b", "4b4f7a", "54583a")
BAR = {AVATAR: "f1ece1", HEADER: "ffffff"}
TALLEST, LEAST = 0.62, 0.08
"""Of the height."""
FAINT = 0.22
"""How much of its own colour a bar has on a header: it stands behind."""
KEPT = 256


def seed(address: str) -> str:
    """`ada`, `ada@other.example`: sixteen letters that say how its pictures look."""
    return hashlib.sha256(address.lower().encode()).hexdigest()[:16]


@lru_cache(KEPT)
def picture(seed: str, name: str) -> bytes:
    """A PNG of one bit a pixel (ISO 15948)."""
    width, height = SIZES[name]
    digest = hashlib.sha256(seed.encode()).digest() * 2
    tall = [LEAST + (TALLEST - LEAST) * one / 255 for one in digest[1 : BARS[name] + 1]]
    ground, bar = bytes.fromhex(GROUNDS[digest[0] % len(GROUNDS)]), bytes.fromhex(BAR[name])
    if name == HEADER:
        bar = bytes(round(g + (b - g) * FAINT) for g, b in zip(ground, bar, strict=True))
    rows = b"".join(b"\0" + _row(tall, width, y, height) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", ground + bar), (b"IDAT", zlib.compress(rows, 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in (*parts, (b"IEND", b"")))


def _row(tall: list[float], width: int, y: int, height: int) -> bytes:
    """Bars as wide as the gaps between them, as far from the middle line up as down."""
    away = abs(2 * y + 1 - height) / height
    step = width / (len(tall) + 1)
    bits = 0
    for place, much in enumerate(tall):
        if away < much:
            left, right = round(step * (place + 0.75)), round(step * (place + 1.25))
            bits |= ((1 << (right - left)) - 1) << (width - right)
    spare = -width % 8
    return (bits << spare).to_bytes((width + spare) // 8, "big")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
