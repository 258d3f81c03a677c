"""A speaker's track on disk: his packets before decoding, and the list of pieces that a recording is.

A **record** is, big-endian: packet length u32, CRC-32 (of all that follows) u32, arrival clock u64, the RTP packet. A
file holds records and nothing else; what a crash tore off at its end is passed over. `pieces.jsonl` has one JSON line when
a piece is begun (`to` null) and one when it is closed; the last line about a file counts.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from struct import Struct
from typing import Any

HEAD = Struct(">IIQ")
PACKET_MAX = 1_500


@dataclass(frozen=True, slots=True)
class Piece:
    """One sealed or open stretch of one person's track. Clocks are the room's; `to` is None while it is written."""

    term: int
    person: str
    file: str
    on_air: bool
    from_clock: int
    to_clock: int | None = None

    def to_line(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode() + b"\n"


def to_record(clock: int, packet: bytes) -> bytes:
    """One record. Errors: `ValueError` for a packet that is empty or over `PACKET_MAX`."""
    if not 0 < len(packet) <= PACKET_MAX:
        raise ValueError(f"a packet of {len(packet)} bytes")
    stamp = clock.to_bytes(8, "big")
    crc = zlib.crc32(packet, zlib.crc32(stamp))
    return HEAD.pack(len(packet), crc, clock) + packet


def read_records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """(arrival clock, RTP packet) of each record, up to the first that is not whole."""
    at = 0
    while at + HEAD.size <= len(raw):
        length, crc, clock = HEAD.unpack_from(raw, at)
        end = at + HEAD.size + length
        if not 0 < length <= PACKET_MAX or end > len(raw):
            return
        if zlib.crc32(raw[at + 8 : end]) != crc:
            return
        yield clock, raw[at + HEAD.size : end]
        at = end


def read_pieces(raw: bytes) -> list[Piece]:
    """The pieces of a `pieces.jsonl`, in the order in which they were begun; broken lines are passed over."""
    pieces: dict[str, Piece] = {}
    for line in raw.split(b"\n"):
        try:
            tree: dict[str, Any] = json.loads(line)
            piece = Piece(**tree)
        except (ValueError, TypeError):
            continue
        pieces[piece.file] = piece
    return list(pieces.values())
