"""A listener's ear: the bytes that he was given, decoded to sound, and whether it is whole.

Silent means that nothing was audible in a part. A drop is what a lost access unit sounds like: sound that breaks off into
nothing at all and comes back, both within 5 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from av import AudioCodecContext, Packet
from av.codec.context import CodecContext
from av.error import FFmpegError
from numpy.typing import NDArray

from hustings.hls.profile import RATE
from hustings.rehearse import part

STEP = RATE // 200
AUDIBLE = 10 ** (-60 / 20)
LOUD = 10 ** (-30 / 20)
NOTHING = 1e-6
DROP_STEPS = (2, 60)
"""10 to 300 ms: shorter is a sound's own, longer is a pause."""


@dataclass(slots=True)
class Ear:
    """Counts in parts and seconds. `faults`: what the decoder did not take."""

    parts: int = 0
    seconds: float = 0.0
    silent: int = 0
    drops: int = 0
    faults: int = 0
    _decoder: AudioCodecContext | None = None
    _tail: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def hear(self, name: str, body: bytes) -> None:
        """An init section or a part, in the order in which they came."""
        try:
            if "init" in name:
                self._decoder = _decoder(part.decoder_config(body))
                self._tail = self._tail[:0]
            elif self._decoder is not None:
                self._decode(self._decoder, body)
        except (ValueError, FFmpegError):
            self.faults += 1

    def _decode(self, decoder: AudioCodecContext, body: bytes) -> None:
        sound = part.read(body)
        frames = [frame for unit in sound.units for frame in decoder.decode(Packet(unit))]
        samples = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in frames])
        self.parts += 1
        self.seconds += samples.size / RATE
        # A decoder holds one unit back; more missing than that is sound that was not there.
        if abs(samples.size - sound.samples) > 1024:
            self.faults += 1
        self.silent += bool(np.sqrt(np.mean(samples**2)) < AUDIBLE)
        joined = np.concatenate([self._tail, samples])
        self.drops += drops(joined)
        self._tail = samples[-STEP * DROP_STEPS[1] :]

    def told(self) -> dict[str, float | int]:
        return {
            "parts": self.parts,
            "seconds": round(self.seconds, 2),
            "silent": self.silent,
            "drops": self.drops,
            "faults": self.faults,
        }


def drops(samples: NDArray[np.float32]) -> int:
    """How often loud sound breaks off into nothing and comes back loud."""
    steps = samples[: samples.size // STEP * STEP].reshape(-1, STEP)
    level = np.sqrt(np.mean(steps**2, axis=1))
    found, run = 0, 0
    for at, one in enumerate(level):
        if one < NOTHING:
            run += 1
            continue
        before = at - run - 1
        if run and before >= 0 and DROP_STEPS[0] <= run <= DROP_STEPS[1]:
            found += bool(level[before] > LOUD and one > LOUD)
        run = 0
    return found


def _decoder(config: bytes) -> AudioCodecContext:
    context = CodecContext.create("aac", "r")
    assert isinstance(context, AudioCodecContext)
    context.extradata = config
    context.sample_rate = RATE
    context.open()
    return context
