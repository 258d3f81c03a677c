"""The encodings that every room's program has: AAC-LC, which every player plays, and Opus, the better voice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hustings.audio.encoder import AacEncoder, OpusProgramEncoder, ProgramEncoder
from hustings.hls import variant
from hustings.hls.variant import Variant

OPUS_HEAD = b"OpusHead\x01\x02" + bytes(2) + (48_000).to_bytes(4, "little") + bytes(3)
"""RFC 7845 §5.1 with pre-skip 0: the encoder's labels have taken its delay off."""

SETTLED_UNITS = 12


@dataclass(frozen=True, slots=True)
class Encoding:
    """A variant, how to make its encoder (from the label of its first unit), one of its units of silence, and the bits
    per second that it gets in a brownout."""

    variant: Variant
    make: Callable[[int], ProgramEncoder]
    silence: bytes
    spare_bitrate: int


@lru_cache(maxsize=4)
def encodings(aac_bitrate: int, opus_bitrate: int) -> tuple[Encoding, ...]:
    """AAC first: a player without a preference starts with the first. A brownout halves both rates."""

    def make_aac(first_clock: int) -> ProgramEncoder:
        return AacEncoder(first_clock, aac_bitrate)

    def make_opus(first_clock: int) -> ProgramEncoder:
        return OpusProgramEncoder(first_clock, opus_bitrate)

    aac = variant.aac(make_aac(0).config, aac_bitrate)
    opus = variant.opus(OPUS_HEAD, opus_bitrate)
    return (
        Encoding(aac, make_aac, _silence(make_aac(0)), aac_bitrate // 2),
        Encoding(opus, make_opus, _silence(make_opus(0)), opus_bitrate // 2),
    )


def _silence(encoder: ProgramEncoder) -> bytes:
    """A unit of silence, once the encoder has settled."""
    nothing = np.zeros((SETTLED_UNITS * encoder.duration, 2), np.float32)
    return encoder.push(0, nothing)[-1].payload
