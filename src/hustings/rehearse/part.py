"""What is inside the bytes of sound: clocks, lengths, access units (ISO/IEC 14496-12). Pure; it reads what `hls.fmp4` writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_CONTAINERS = (b"moof", b"traf", b"moov", b"trak", b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True)
class Sound:
    """`clock` of the first decoded sample, its length in samples, and the access units."""

    clock: int
    samples: int
    units: tuple[bytes, ...]


def read(body: bytes) -> Sound:
    """A part, or a segment of several. Errors: `ValueError` when it is none, or its fragments do not join."""
    clock = end = -1
    units: list[bytes] = []
    base = offset = duration = 0
    sizes: tuple[int, ...] = ()
    for kind, start, content in boxes(body):
        if kind == b"moof":
            offset = start
        elif kind == b"tfhd":
            duration = struct.unpack_from(">I", content, 8)[0]
        elif kind == b"tfdt":
            base = struct.unpack_from(">Q" if content[0] else ">I", content, 4)[0]
        elif kind == b"trun":
            count, data_at = struct.unpack_from(">Ii", content, 4)
            sizes = struct.unpack_from(f">{count}I", content, 12)
            if end not in (-1, base):
                raise ValueError(f"a fragment starts at {base} behind one that ends at {end}")
            clock, end = (base if clock < 0 else clock), base + count * duration
            at = offset + data_at
            for size in sizes:
                units.append(body[at : at + size])
                at += size
            if at > len(body):
                raise ValueError("access units behind the end of the bytes")
    if clock < 0:
        raise ValueError("no fragment of sound")
    return Sound(clock, end - clock, tuple(units))


def decoder_config(init: bytes) -> bytes:
    """The AudioSpecificConfig in an init section (14496-1 §7.2.6.7). Errors: `ValueError` when there is none."""
    at = init.find(b"esds") + 8
    if at < 8:
        raise ValueError("no AAC in this init section")
    for tag, fixed in ((3, 3), (4, 13), (5, 0)):
        if init[at : at + 1] != bytes((tag,)):
            raise ValueError("the AAC description cannot be read")
        length = init[at + 1]
        at += 2 + fixed
    return init[at : at + length]


def boxes(raw: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, bytes]]:
    """(kind, place, content) of each box, those inside of a container behind it. Errors: `ValueError`."""
    stop = len(raw) if end is None else end
    at = start
    while at < stop:
        if stop - at < 8:
            raise ValueError("half a box")
        size, kind = struct.unpack_from(">I4s", raw, at)
        if size < 8 or at + size > stop:
            raise ValueError(f"a box {kind!r} of {size} bytes")
        if kind in _CONTAINERS:
            yield kind, at, b""
            yield from boxes(raw, at + 8, at + size)
        else:
            yield kind, at, raw[at + 8 : at + size] if kind != b"mdat" else b""
        at += size
