"""Sound for the tests: parts with made-up bytes, and real AAC and Opus by PyAV with true labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
import numpy as np
import numpy.typing as npt

from hustings.hls.profile import RATE, Profile
from hustings.hls.segmenter import Part, Segmenter
from hustings.hls.variant import Variant, aac, opus

Unit = tuple[int, int, bytes]
"""(clock, duration, payload), as `Segmenter.push` takes it."""

AAC = aac(bytes.fromhex("1190"))
OPUS = opus(b"OpusHead\x01\x02" + bytes.fromhex("380180bb0000000000"))
VARIANTS = (AAC, OPUS)

LEAD = 15_360
"""Samples that prime an encoder before the first unit that counts."""


def made_up(variant: Variant, start: int, end: int) -> Iterator[Unit]:
    """Units with bytes that no decoder would take, each different, for tests of the boxes alone."""
    for clock in range(start, end, variant.frame_samples):
        number = clock // variant.frame_samples
        yield clock, variant.frame_samples, number.to_bytes(8, "big") * (1 + number % 3)


def parts_of(profile: Profile, variant: Variant, units: Iterable[Unit]) -> list[Part]:
    """The parts that a segmenter makes of `units`."""
    segmenter = Segmenter(profile, variant)
    return [part for unit in units if (part := segmenter.push(*unit)) is not None]


def parts(profile: Profile, variant: Variant, start: int, count: int) -> list[Part]:
    """`count` parts of made-up units from clock `start` on."""
    end = start + count * profile.part_samples
    return parts_of(profile, variant, made_up(variant, start, end))


def clicks(start: int, samples: int, at: Iterable[int]) -> npt.NDArray[np.float32]:
    """Mono sound from clock `start` on: silence with a 2 ms burst of 3 kHz centred on each `at`."""
    sound = np.zeros(samples, np.float32)
    time = np.arange(-48, 49)
    burst = (np.hanning(97) * np.cos(2 * np.pi * 3000 * time / RATE)).astype(np.float32)
    for clock in at:
        place = clock - start
        sound[place - 48 : place + 49] += 0.8 * burst
    return sound


def coded(name: str, start: int, sound: npt.NDArray[np.float32]) -> tuple[Variant, list[Unit]]:
    """`sound` (mono, from clock `start` - LEAD on) as real access units from `start` on.

    Labels are compensated: the decoder's sample 0 of a unit is the sound at the unit's clock. AAC
    lags 1024 samples, whole frames; Opus lags 312, so its input is cut to make frames fall on the
    clock's grid. Units before `start` only primed the encoder and are left out.
    """
    encoder = av.CodecContext.create("aac" if name == "aac" else "libopus", "w")
    encoder.sample_rate = RATE
    encoder.layout = "stereo"
    encoder.format = "fltp" if name == "aac" else "flt"
    encoder.bit_rate = 96_000 if name == "aac" else 64_000
    encoder.open()
    variant = (aac if name == "aac" else opus)(bytes(encoder.extradata or b""))
    delay = 1024 if name == "aac" else 312
    size = variant.frame_samples
    skip = delay % size
    packets = []
    for at in range(skip, len(sound) - size + 1, size):
        mono = sound[at : at + size]
        planar = np.stack([mono, mono])
        shaped = planar if name == "aac" else planar.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(shaped), format=encoder.format.name, layout="stereo"
        )
        frame.sample_rate = RATE
        frame.pts = at - skip
        packets += encoder.encode(frame)
    first = start - LEAD + skip - delay
    units = [(first + size * number, size, bytes(p)) for number, p in enumerate(packets)]
    return variant, [unit for unit in units if unit[0] >= start]
