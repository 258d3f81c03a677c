"""RTP packets (RFC 3550 §5.1), with the audio level of RFC 6464 where the sender claims one."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

HEADER = Struct("!BBHLL")
PACKET_MAX = 1_500
ONE_BYTE_EXTENSIONS = 0xBEDE  # RFC 8285 §4.2


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet. `timestamp` counts 48 kHz samples (Opus, RFC 7587 §4.1); `raw` is the whole packet as it arrived.

    `level` is the sender's claim in -dBov (0 loudest, 127 silence), None where there is none.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    payload: bytes
    level: int | None
    raw: bytes


def parse(raw: bytes, level_id: int = 0) -> RtpPacket:
    """A packet from its bytes. `level_id` is the extension id that SDP gave to the audio level, 0 for none.

    Errors: `ValueError` for anything that is not an RTP version 2 packet with whole header, extension and padding.
    """
    if not HEADER.size <= len(raw) <= PACKET_MAX:
        raise ValueError(f"an RTP packet of {len(raw)} bytes")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(raw)
    if first >> 6 != 2:
        raise ValueError("an RTP packet of another version")
    start, extensions = _extensions(raw)
    claimed = _element(extensions, level_id) if level_id else b""
    end = len(raw)
    if first & 0x20:
        padding = raw[-1]
        if padding == 0 or start + padding > end:
            raise ValueError("RTP padding that is longer than the packet")
        end -= padding
    if start > end:
        raise ValueError("an RTP header that is cut off")
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        marker=bool(second & 0x80),
        payload=raw[start:end],
        level=claimed[0] & 0x7F if claimed else None,  # RFC 6464 §3
        raw=raw,
    )


def build(
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    marker: bool = False,
) -> bytes:
    """A packet's bytes, without extensions."""
    return (
        HEADER.pack(
            0x80,
            payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc & 0xFFFFFFFF,
        )
        + payload
    )


def extension(raw: bytes, number: int) -> bytes:
    """The content of one header extension of a packet that `parse` took; empty for none."""
    return _element(_extensions(raw)[1], number)


def _extensions(raw: bytes) -> tuple[int, bytes]:
    """Where the payload begins, and the one-byte header extensions before it. Errors: `ValueError`."""
    start = HEADER.size + 4 * (raw[0] & 0x0F)
    if not raw[0] & 0x10:
        return start, b""
    end = start + 4 + 4 * int.from_bytes(raw[start + 2 : start + 4], "big")
    if len(raw) < max(end, start + 4):
        raise ValueError("an RTP extension that is cut off")
    profile = int.from_bytes(raw[start : start + 2], "big")
    return end, raw[start + 4 : end] if profile == ONE_BYTE_EXTENSIONS else b""


def _element(extensions: bytes, number: int) -> bytes:
    """One element of one-byte extensions (RFC 8285 §4.2), empty for none; a broken list has none from there on."""
    at = 0
    while at < len(extensions):
        head = extensions[at]
        if head == 0:
            at += 1
            continue
        if head >> 4 == 15:
            return b""
        length = (head & 0x0F) + 1
        if head >> 4 == number:
            found = extensions[at + 1 : at + 1 + length]
            return found if len(found) == length else b""
        at += 1 + length
    return b""
