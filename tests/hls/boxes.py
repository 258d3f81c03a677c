"""An independent reader of MP4 boxes, for tests only; `reading` passes its functions on.

Written from ISO/IEC 14496-12 and 14496-14, not from the code under test, and strict: sizes must fit
exactly, and what our fragments never have (edit lists, 32-bit `tfdt`) is reported or refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"}


@dataclass
class Box:
    """A box: four-letter `kind`, absolute `start`, whole `size`, `content` after the header."""

    kind: str
    start: int
    size: int
    content: bytes
    children: list[Box] = field(default_factory=list)

    def find(self, *path: str) -> Box:
        """The only descendant at `path`; KeyError unless there is exactly one."""
        box = self
        for kind in path:
            found = [child for child in box.children if child.kind == kind]
            if len(found) != 1:
                raise KeyError(f"{len(found)} x {kind} in {box.kind}")
            box = found[0]
        return box

    @property
    def version(self) -> int:
        """A full box's version."""
        return self.content[0]

    @property
    def flags(self) -> int:
        """A full box's flags."""
        return int.from_bytes(self.content[1:4], "big")


@dataclass
class InitFacts:
    """What an init section says of its one track."""

    track: int
    timescale: int
    movie_timescale: int
    entry: str
    channels: int
    rate: int
    config: bytes
    default_duration: int
    handler: str
    edits: bool


@dataclass
class FragmentFacts:
    """One `moof` + `mdat`: payloads are cut by `trun`'s offset and sizes."""

    sequence: int
    track: int
    time: int
    duration: int
    payloads: list[bytes]

    @property
    def samples(self) -> int:
        """Ticks of the timescale that the fragment lasts."""
        return self.duration * len(self.payloads)


def walk_boxes(content: bytes, start: int = 0) -> list[Box]:
    """The boxes of `content`, containers walked; ValueError unless they fill it exactly (§4.2)."""
    boxes = []
    at = 0
    while at < len(content):
        if len(content) - at < 8:
            raise ValueError(f"{len(content) - at} bytes after the last box at {start + at}")
        size, kind = struct.unpack_from(">I4s", content, at)
        if size < 8 or at + size > len(content):
            raise ValueError(f"box {kind!r} of {size} bytes at {start + at}")
        box = Box(kind.decode("ascii"), start + at, size, content[at + 8 : at + size])
        if kind in _CONTAINERS:
            box.children = walk_boxes(box.content, start + at + 8)
        boxes.append(box)
        at += size
    return boxes


def read_init(content: bytes) -> InitFacts:
    """Read an init section of one audio track; ValueError or KeyError if it is not one."""
    ftyp, moov = walk_boxes(content)
    if (ftyp.kind, moov.kind) != ("ftyp", "moov"):
        raise ValueError(f"an init section of {ftyp.kind}, {moov.kind}")
    brands = {ftyp.content[at : at + 4] for at in range(8, len(ftyp.content), 4)}
    if ftyp.content[:4] not in brands or not brands & {b"iso5", b"iso6"}:
        raise ValueError(f"brands {brands} do not allow default-base-is-moof")
    trak = moov.find("trak")
    stbl = trak.find("mdia", "minf", "stbl")
    for empty in ("stts", "stsc", "stco"):
        if stbl.find(empty).content[4:] != bytes(4):
            raise ValueError(f"{empty} is not empty")
    trex = struct.unpack(">5I", moov.find("mvex", "trex").content[4:])
    track = struct.unpack_from(">I", trak.find("tkhd").content, 12)[0]
    if trex[0] != track or trex[1] != 1:
        raise ValueError("trex is of another track")
    (count,) = struct.unpack_from(">I", stbl.find("stsd").content, 4)
    (entry,) = walk_boxes(stbl.find("stsd").content[8:])
    if count != 1:
        raise ValueError(f"{count} sample descriptions")
    channels, bits, rate = struct.unpack_from(">16xHH4xI", entry.content)
    (config,) = walk_boxes(entry.content[28:])
    if bits != 16:
        raise ValueError(f"{bits} bits a sample")
    return InitFacts(
        track=track,
        timescale=struct.unpack_from(">I", trak.find("mdia", "mdhd").content, 12)[0],
        movie_timescale=struct.unpack_from(">I", moov.find("mvhd").content, 12)[0],
        entry=entry.kind,
        channels=channels,
        rate=rate >> 16,
        config=_esds_config(config) if config.kind == "esds" else config.content,
        default_duration=trex[2],
        handler=trak.find("mdia", "hdlr").content[8:12].decode(),
        edits=any(child.kind == "edts" for child in trak.children),
    )


def _esds_config(box: Box) -> bytes:
    """The DecoderSpecificInfo in ES_Descriptor > DecoderConfigDescriptor (14496-1 §7.2.6)."""
    es = _descriptors(box.content[4:])
    stream = _descriptors(es[3][3:])
    if stream[6] != b"\x02" or stream[4][0] != 0x40 or stream[4][1] >> 2 != 5:
        raise ValueError("not MPEG-4 audio in an MP4 file")
    return _descriptors(stream[4][13:])[5]


def _descriptors(content: bytes) -> dict[int, bytes]:
    found = {}
    at = 0
    while at < len(content):
        tag, size = content[at], 0
        while True:
            at += 1
            size = size << 7 | content[at] & 127
            if content[at] < 128:
                break
        at += 1
        if at + size > len(content):
            raise ValueError(f"descriptor {tag} of {size} bytes")
        found[tag] = content[at : at + size]
        at += size
    return found


def read_fragments(content: bytes) -> list[FragmentFacts]:
    """Read a part, a segment or several in a row: `moof` + `mdat` pairs and nothing else."""
    boxes = walk_boxes(content)
    kinds = [box.kind for box in boxes]
    if not boxes or kinds != ["moof", "mdat"] * (len(boxes) // 2):
        raise ValueError(f"boxes {kinds}")
    return [
        _fragment(content, moof, mdat) for moof, mdat in zip(boxes[::2], boxes[1::2], strict=True)
    ]


def _fragment(content: bytes, moof: Box, mdat: Box) -> FragmentFacts:
    traf = moof.find("traf")
    tfhd, tfdt, trun = traf.find("tfhd"), traf.find("tfdt"), traf.find("trun")
    if not tfhd.flags & 0x02_0000 or not tfhd.flags & 0x8 or not tfhd.flags & 0x20:
        raise ValueError(f"tfhd flags {tfhd.flags:#x}")
    track, duration, sample_flags = struct.unpack(">III", tfhd.content[4:])
    if sample_flags >> 16 & 1:
        raise ValueError("audio samples are sync samples")
    if tfdt.version != 1:
        raise ValueError("tfdt is not 64 bits wide")
    if trun.flags != 0x201:
        raise ValueError(f"trun flags {trun.flags:#x}")
    count, offset = struct.unpack_from(">Ii", trun.content, 4)
    sizes = struct.unpack(f">{count}I", trun.content[12:])
    at = moof.start + offset
    if at != mdat.start + 8 or sum(sizes) != mdat.size - 8:
        raise ValueError("trun does not fill mdat exactly")
    payloads = []
    for size in sizes:
        payloads.append(content[at : at + size])
        at += size
    (sequence,) = struct.unpack(">I", moof.find("mfhd").content[4:])
    (time,) = struct.unpack(">Q", tfdt.content[4:])
    return FragmentFacts(sequence, track, time, duration, payloads)
