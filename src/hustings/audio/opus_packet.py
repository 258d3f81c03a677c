"""What the first bytes of an Opus packet say (RFC 6716 §3): how long it is, and whether it carries its predecessor.

Read in Python because the jitter buffer needs it before anything is decoded, from bytes that nobody has vouched for.
"""

from __future__ import annotations

PACKET_SAMPLES_MAX = 5_760
"""120 ms: the longest packet there is (RFC 6716 §3.2.5, requirement R5)."""

PACKET_BYTES_MAX = 7_700
"""More than six frames of 1,275 bytes with their lengths; a longer packet is padding or an attack."""

_SILK_SAMPLES = (480, 960, 1_920, 2_880)
_HYBRID_SAMPLES = (480, 960)
_CELT_SAMPLES = (120, 240, 480, 960)


def frame_samples(packet: bytes) -> int:
    """Samples at 48 kHz in one frame of the packet, from its TOC byte (RFC 6716 §3.1, table 2)."""
    config = packet[0] >> 3
    if config < 12:
        return _SILK_SAMPLES[config & 3]
    if config < 16:
        return _HYBRID_SAMPLES[config & 1]
    return _CELT_SAMPLES[config & 3]


def packet_samples(packet: bytes) -> int:
    """Samples at 48 kHz in the whole packet. Errors: `ValueError` when its length or count cannot be right."""
    if not 0 < len(packet) <= PACKET_BYTES_MAX:
        raise ValueError(f"an Opus packet has 1 to {PACKET_BYTES_MAX} bytes, not {len(packet)}")
    code = packet[0] & 3
    if code == 3:
        if len(packet) < 2:
            raise ValueError("an Opus packet of code 3 has no frame count")
        frames = packet[1] & 63
    else:
        frames = 2 if code else 1
    samples = frames * frame_samples(packet)
    if not 0 < samples <= PACKET_SAMPLES_MAX:
        raise ValueError(f"an Opus packet holds 2.5 to 120 ms, not {samples / 48:g}")
    return samples


def has_fec(packet: bytes) -> bool:
    """Whether the packet carries a low-bitrate copy of the frame before it (LBRR, RFC 6716 §4.2.4).

    Only SILK and hybrid packets can. `packet` has passed `packet_samples`.
    """
    if packet[0] >= 0x80:
        return False
    start = _first_frame(packet)
    if start is None or start >= len(packet):
        return False
    silk_frames = max(1, frame_samples(packet) // 960)
    flags = packet[start]
    # The VAD flags come first, one for each 20 ms, then the LBRR flag; a stereo packet repeats both for its side channel.
    middle = flags >> (7 - silk_frames) & 1
    side = packet[0] & 4 and flags >> (6 - 2 * silk_frames) & 1
    return bool(middle or side)


def _first_frame(packet: bytes) -> int | None:
    """Where the first frame starts (RFC 6716 §3.2), None when it is empty or its place lies past the end."""
    code = packet[0] & 3
    if code < 2:
        return 1
    at = 1
    if code == 3:
        at = 2
        if packet[1] & 0x40:
            while at < len(packet) and packet[at] == 255:
                at += 1
            at += 1
        if not packet[1] & 0x80:
            return at
        if packet[1] & 63 == 1:
            return at
    if at >= len(packet) or packet[at] == 0:
        return None
    return at + (1 if packet[at] < 252 else 2)
