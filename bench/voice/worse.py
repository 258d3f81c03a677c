"""What is wrong with a microphone, added to a clean one: level, mains, a table, a fan, a room. Mono float32 at 48 kHz, seeded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 48_000
Sound = NDArray[np.float32]


def gained(sound: Sound, decibels: float) -> Sound:
    return np.asarray(sound * 10 ** (decibels / 20), np.float32)


def with_hum(sound: Sound, level_db: float, mains_hz: float = 50.0) -> Sound:
    """The mains and their multiples, as a bad cable brings them."""
    at = np.arange(sound.size) / RATE_HZ
    partials = ((1, 1.0), (2, 0.6), (3, 0.8), (5, 0.3), (7, 0.2))
    return _added(
        sound,
        sum(much * np.sin(2 * np.pi * mains_hz * k * at + k) for k, much in partials),
        level_db,
    )


def with_knocks(sound: Sound, level_db: float, every_s: float = 0.9) -> Sound:
    """The blast of a p and a hand on the table: half a wave of 12 to 25 Hz, at its top so loud."""
    chance = np.random.default_rng(8)
    out = sound.copy()
    for at in range(RATE_HZ // 2, sound.size - RATE_HZ // 8, round(every_s * RATE_HZ)):
        size = int(RATE_HZ / chance.uniform(24, 50))
        out[at : at + size] += (np.hanning(size) * 10 ** (level_db / 20)).astype(np.float32)
    return out


def with_fan(sound: Sound, level_db: float) -> Sound:
    """Noise that falls with pitch, and two tones of a wheel."""
    hertz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    shape = np.maximum(hertz, 60) ** -0.7 / (1 + (hertz / 3_000) ** 2) ** 0.5
    white = np.random.default_rng(9).standard_normal(sound.size)
    noise = np.fft.irfft(np.fft.rfft(white) * shape, sound.size)
    at = np.arange(sound.size) / RATE_HZ
    wheel = 0.4 * np.sin(2 * np.pi * 117 * at) + 0.25 * np.sin(2 * np.pi * 234 * at)
    return _added(sound, noise / noise.std() + wheel, level_db)


def in_a_room(sound: Sound, seconds: float = 0.4) -> Sound:
    """A bare room: its reverberation takes `seconds` to fall by 60 dB, and is as loud as the voice."""
    size = round(seconds * RATE_HZ)
    tail = np.random.default_rng(10).standard_normal(size) * 10 ** (-3 * np.arange(size) / size)
    tail[: RATE_HZ // 200] = 0
    tail /= np.sqrt(tail @ tail)
    tail[0] = 1
    return np.asarray(signal.fftconvolve(sound, tail)[: sound.size] / 2**0.5, np.float32)


def _added(sound: Sound, other: NDArray[np.float64], level_db: float) -> Sound:
    """`other` at so many dBFS of mean power."""
    gain = 10 ** (level_db / 20) / np.sqrt(np.mean(other**2))
    return np.asarray(sound + gain * other, np.float32)
