"""Real speech, and how it comes back out of a loudspeaker."""

from __future__ import annotations

from functools import cache
from importlib import resources

import av
import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from hustings.audio.clock import RATE, TICK
from tests.audio.sounds import Sound

_THROUGH = butter(2, (300, 4_000), "bandpass", fs=RATE, output="sos")


@cache
def speech(name: str) -> Sound:
    """A voice of the demo room at −23 dBFS, without its pauses."""
    with (
        resources.files("hustings.demo").joinpath(f"voices/{name}.opus").open("rb") as file,
        av.open(file) as container,
    ):
        sound = np.concatenate(
            [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        )
    frames = sound[: len(sound) // TICK * TICK].reshape(-1, TICK).astype(np.float32)
    said = frames[np.sqrt(np.mean(frames**2, axis=1)) > 0.003].reshape(-1)
    return (said * 0.07 / np.sqrt(np.mean(said**2))).astype(np.float32)


def back(sound: Sound, lag_s: float, gain_db: float = -20.0) -> Sound:
    """By a cheap loudspeaker through a room with 0.3 s of reverberation, so much later, with some noise."""
    rng = np.random.default_rng(1)
    tail = rng.normal(size=int(0.3 * RATE)) * np.exp(-np.arange(int(0.3 * RATE)) / (0.08 * RATE))
    tail[0] = 8
    wet = fftconvolve(sound, tail / np.sqrt(tail @ tail))[: len(sound)]
    late = np.concatenate([np.zeros(int(lag_s * RATE)), sosfilt(_THROUGH, wet)])[: len(sound)]
    noise = rng.normal(size=len(sound)) * 10 ** (-70 / 20)
    return (late * 10 ** (gain_db / 20) + noise).astype(np.float32)


def seconds(sound: Sound, count: float) -> Sound:
    return np.resize(sound, int(count * RATE))
