"""Fills a hole in a variant with coded silence, so that numbers and timestamps never jump."""

from __future__ import annotations

from collections.abc import Iterator

from hustings.hls.variant import Variant


def silent_parts(
    variant: Variant, from_clock: int, to_clock: int, payload_of_silence: bytes
) -> Iterator[tuple[int, int, bytes]]:
    """The access units that fill [from_clock, to_clock), each ready for `Segmenter.push(*unit)`.

    Yields (clock, duration in samples, payload); nothing if the hole is empty.
    `payload_of_silence` is one access unit of silence from the variant's encoder. It is repeated:
    a frame of silence neither needs nor leaves anything in the overlap of its neighbours. Raises
    ValueError (at the call) if the hole is negative or does not start and end between frames.
    """
    frame = variant.frame_samples
    if from_clock < 0 or to_clock < from_clock:
        raise ValueError(f"no hole from {from_clock} to {to_clock}")
    if from_clock % frame or to_clock % frame:
        raise ValueError(f"a hole from {from_clock} to {to_clock} cuts a frame of {frame}")
    if not payload_of_silence:
        raise ValueError("silence needs its access unit")
    return ((clock, frame, payload_of_silence) for clock in range(from_clock, to_clock, frame))
