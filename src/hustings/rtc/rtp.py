"""RTP packets (RFC 3550 §5.1), with the audio level of RFC 6464 and the transport-wide number where the sender has them.

Each packet of each speaker comes through here: a tuple and one walk over the extensions, since both are cheap.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

HEADER = Struct("!BBHLL")
HEADER_BYTES = HEADER.size
EXTENSION = Struct("!HH")
PACKET_MAX = 1_500
ONE_BYTE_EXTENSIONS = 0xBEDE  # RFC 8285 §4.2


class RtpPacket(NamedTuple):
    """One packet. `timestamp` counts 48 kHz samples (Opus, RFC 7587 §4.1); `raw` is the whole packet as it arrived.

    `level` is the sender's claim in -dBov (0 loudest, 127 silence), `number` the transport-wide sequence number; None where
    there is none.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    payload: bytes
    level: int | None
    raw: bytes
    number: int | None = None


def parse(raw: bytes, level_id: int = 0, number_id: int = 0) -> RtpPacket:
    """A packet from its bytes. The ids are those that SDP gave to the two extensions, 0 for none.

    Errors: `ValueError` for anything that is not an RTP version 2 packet with whole header, extension and padding.
    """
    end = len(raw)
    if not HEADER_BYTES <= end <= PACKET_MAX:
        raise ValueError(f"an RTP packet of {end} bytes")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(raw)
    if first >> 6 != 2:
        raise ValueError("an RTP packet of another version")
    start = HEADER_BYTES + 4 * (first & 0x0F)
    level: int | None = None
    number: int | None = None
    if first & 0x10:
        begin = start + EXTENSION.size
        if end < begin:
            raise ValueError("an RTP extension that is cut off")
        profile, words = EXTENSION.unpack_from(raw, start)
        start = begin + 4 * words
        if end < start:
            raise ValueError("an RTP extension that is cut off")
        if profile == ONE_BYTE_EXTENSIONS:
            level, number = _read(raw, begin, start, level_id, number_id)
    if first & 0x20:
        padding = raw[-1]
        if padding == 0 or start + padding > end:
            raise ValueError("RTP padding that is longer than the packet")
        end -= padding
    if start > end:
        raise ValueError("an RTP header that is cut off")
    payload = raw[start:end]
    # Past the named tuple's own constructor, which is a call more.
    return tuple.__new__(
        RtpPacket,
        (second & 0x7F, sequence, timestamp, ssrc, second > 0x7F, payload, level, raw, number),
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


def _read(
    raw: bytes, at: int, end: int, level_id: int, number_id: int
) -> tuple[int | None, int | None]:
    """The level and the number among one-byte extensions (RFC 8285 §4.2), the first of each; a broken list has none from
    the break on."""
    level: int | None = None
    number: int | None = None
    wanted = (level_id > 0) + (number_id > 0)
    while wanted and at < end:
        head = raw[at]
        start = at + 1
        at = start + (head & 0x0F) + 1 if head else start
        kind = head >> 4
        if kind == 15 or at > end:
            break
        if not kind:
            continue  # an id of 0 is padding, whatever its length says
        if kind == level_id and level is None:
            level = raw[start] & 0x7F  # RFC 6464 §3
            wanted -= 1
        elif kind == number_id and number is None and at == start + 2:
            number = raw[start] << 8 | raw[start + 1]
            wanted -= 1
    return level, number
