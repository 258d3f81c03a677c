"""Fragmented MP4, written by hand: the init section, and one fragment for each part.

Only what a live audio track needs: one track, every sample a sync sample of the same duration,
no edit list. Encoder delay is compensated in the labels (each encoder is primed before its first
part), so `tfdt` names the first *decoded* sample and Opus pre-skip is 0. Written by hand because
FFmpeg's muxer cannot be told to end a fragment, and because a segment must be, byte for byte, its
parts joined. Box layouts: ISO/IEC 14496-12 §4.2 (box, full box) and the section each function names.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

from hustings.hls.profile import RATE
from hustings.hls.variant import Variant

MAX_ACCESS_UNIT_BYTES = 8_191
"""Largest access unit taken: far above AAC's 1536 (two channels) and Opus's 1275 bytes."""

_TRACK = 1
_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SYNC_SAMPLE = 0x0200_0000
"""sample_flags: depends on no other sample, and is a sync sample (14496-12 §8.8.3.1)."""


def init_section(variant: Variant) -> bytes:
    """`ftyp` + `moov`: what a decoder needs before the first fragment (EXT-X-MAP)."""
    ftyp = _box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6cmfcmp41")
    mvhd = _full(
        b"mvhd",
        struct.pack(">IIIIIH10x", 0, 0, RATE, 0, 0x10000, 0x100),
        _UNITY_MATRIX,
        bytes(24),
        struct.pack(">I", _TRACK + 1),
    )
    # trex: track, sample description 1, duration, size (0: trun gives each), flags.
    trex = _full(b"trex", struct.pack(">IIIII", _TRACK, 1, variant.frame_samples, 0, _SYNC_SAMPLE))
    return ftyp + _box(b"moov", mvhd, _trak(variant), _box(b"mvex", trex))


def init_name(init: bytes) -> str:
    """`init-{hash}.mp4`: an init section that differs has another address, so it never changes."""
    return f"init-{hashlib.sha256(init).hexdigest()[:16]}.mp4"


def fragment(
    sequence: int, base_media_decode_time: int, frame_samples: int, payloads: Sequence[bytes]
) -> bytes:
    """`moof` + `mdat` with one access unit for each of `payloads`, `frame_samples` long each.

    `sequence` is 32 bits, `base_media_decode_time` (the clock of the first sample) 64 bits.
    Raises ValueError if there is no access unit, or one that is empty or too large.
    """
    if not payloads:
        raise ValueError("a fragment holds at least one access unit")
    sizes = [len(payload) for payload in payloads]
    if min(sizes) == 0 or max(sizes) > MAX_ACCESS_UNIT_BYTES:
        raise ValueError(f"access unit of {min(sizes)} to {max(sizes)} bytes")
    mfhd = _full(b"mfhd", struct.pack(">I", sequence))
    # tfhd: default-base-is-moof | default-sample-duration | default-sample-flags (§8.8.7).
    tfhd = _full(b"tfhd", struct.pack(">III", _TRACK, frame_samples, _SYNC_SAMPLE), flags=0x02_0028)
    # tfdt version 1: the clock outgrew 32 bits a day after 1970 began (§8.8.12).
    tfdt = _full(b"tfdt", struct.pack(">Q", base_media_decode_time), version=1)
    # trun: data-offset | sample-size (§8.8.8). The offset runs from the first byte of moof, whose
    # length does not depend on it: 8 (moof) + mfhd + 8 (traf) + tfhd + tfdt + trun + 8 (mdat).
    trun_bytes = 20 + 4 * len(sizes)
    offset = 8 + len(mfhd) + 8 + len(tfhd) + len(tfdt) + trun_bytes + 8
    trun = _full(
        b"trun",
        struct.pack(f">Ii{len(sizes)}I", len(sizes), offset, *sizes),
        flags=0x00_0201,
    )
    moof = _box(b"moof", mfhd, _box(b"traf", tfhd, tfdt, trun))
    return moof + _box(b"mdat", *payloads)


def _box(kind: bytes, *content: bytes) -> bytes:
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, content)), kind), *content))


def _full(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *content)


def _trak(variant: Variant) -> bytes:
    """One enabled audio track (14496-12 §8.3, §8.4)."""
    tkhd = _full(
        b"tkhd",
        # creation, modification, track, reserved, duration; reserved, layer, group; volume 1.0
        struct.pack(">IIIII8xhhH2x", 0, 0, _TRACK, 0, 0, 0, 0, 0x100),
        _UNITY_MATRIX,
        bytes(8),
        flags=7,
    )
    # Language "und", packed as three 5-bit letters.
    mdhd = _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, RATE, 0, 0x55C4, 0))
    hdlr = _full(b"hdlr", struct.pack(">I4s12x", 0, b"soun"), b"program\0")
    dinf = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    minf = _box(b"minf", _full(b"smhd", bytes(4)), dinf, _stbl(variant))
    return _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf))


def _stbl(variant: Variant) -> bytes:
    """The sample table: a description, and no samples (they are all in fragments)."""
    entry = _full(b"stsd", struct.pack(">I", 1), _sample_entry(variant))
    empty = struct.pack(">I", 0)
    return _box(
        b"stbl",
        entry,
        _full(b"stts", empty),
        _full(b"stsc", empty),
        _full(b"stsz", empty, empty),
        _full(b"stco", empty),
    )


def _sample_entry(variant: Variant) -> bytes:
    """AudioSampleEntry (14496-12 §12.2.3) with its codec's configuration box."""
    audio = struct.pack(">6xH8xHH4xI", 1, variant.channels, 16, RATE << 16)
    if variant.codec == "opus":
        # dOps: version 0, channels, pre-skip 0, rate, gain 0, mapping family 0; big-endian, unlike
        # OpusHead (Opus in ISOBMFF §4.3.2).
        dops = _box(b"dOps", struct.pack(">BBHIhB", 0, variant.channels, 0, RATE, 0, 0))
        return _box(b"Opus", audio, dops)
    return _box(b"mp4a", audio, _esds(variant))


def _esds(variant: Variant) -> bytes:
    """ES_Descriptor: audio stream (5), MPEG-4 audio (0x40), AudioSpecificConfig within."""
    specific = _descriptor(5, variant.config)
    rates = struct.pack(">II", variant.bitrate, variant.bitrate)
    # objectTypeIndication, streamType << 2 | reserved 1, bufferSizeDB (24 bits), rates.
    decoder = _descriptor(4, b"\x40\x15", bytes(3), rates, specific)
    sync = _descriptor(6, b"\x02")
    return _full(b"esds", _descriptor(3, struct.pack(">HB", 0, 0), decoder, sync))


def _descriptor(tag: int, *content: bytes) -> bytes:
    """A descriptor with the one-byte length of 14496-1 §8.3.3; ValueError past 127 bytes."""
    length = sum(map(len, content))
    if length > 127:
        raise ValueError(f"descriptor of {length} bytes")
    return b"".join((bytes((tag, length)), *content))
