"""PURE. Opus packets as an Ogg file (RFC 3533 §6, RFC 7845 §3–5): what a speaker said, as it came, never re-encoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct

PAGE = Struct("<4sBBqIIIB")
PRE_SKIP = 312
PACKETS_A_PAGE = 50
FIRST, LAST = 2, 4


def _crc_table() -> tuple[int, ...]:
    """RFC 3533 §6: polynomial 0x04c11db7, no reflection."""
    table = []
    for number in range(256):
        remainder = number << 24
        for _ in range(8):
            remainder = (remainder << 1) ^ (0x04C11DB7 if remainder & 0x80000000 else 0)
        table.append(remainder & 0xFFFFFFFF)
    return tuple(table)


CRC = _crc_table()


def write(packets: Iterable[tuple[bytes, int]], serial: int, title: str) -> Iterator[bytes]:
    """Pages of one mono stream. `packets` are (Opus packet, samples at 48 kHz)."""
    head = (
        b"OpusHead"
        + bytes([1, 1])
        + PRE_SKIP.to_bytes(2, "little")
        + (48_000).to_bytes(4, "little")
        + bytes(3)
    )
    yield _page([head], 0, serial, 0, FIRST)
    vendor, comment = b"Hustings", f"TITLE={title}".encode()
    tags = b"OpusTags" + _counted(vendor) + (1).to_bytes(4, "little") + _counted(comment)
    yield _page([tags], 0, serial, 1, 0)
    number, granule = 2, 0
    page: list[bytes] = []
    for packet, samples in packets:
        if page and (
            len(page) == PACKETS_A_PAGE or sum(_laces(kept) for kept in page) + _laces(packet) > 255
        ):
            yield _page(page, granule, serial, number, 0)
            number, page = number + 1, []
        page.append(packet)
        granule += samples
    yield _page(page, granule, serial, number, LAST)


def _page(packets: list[bytes], granule: int, serial: int, number: int, flags: int) -> bytes:
    lacing = b"".join(
        b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets
    )
    head = PAGE.pack(b"OggS", 0, flags, granule, serial, number, 0, len(lacing)) + lacing
    body = b"".join(packets)
    crc = 0
    for byte in head + body:
        crc = ((crc << 8) & 0xFFFFFFFF) ^ CRC[(crc >> 24) ^ byte]
    return head[:22] + crc.to_bytes(4, "little") + head[26:] + body


def _laces(packet: bytes) -> int:
    return len(packet) // 255 + 1


def _counted(text: bytes) -> bytes:
    return len(text).to_bytes(4, "little") + text
