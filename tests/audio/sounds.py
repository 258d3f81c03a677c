"""Synthetic sound, a synthetic network, and measurements that share no code with the package. All seeded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, resample_poly, sosfilt

RATE, TICK = 48_000, 960
Sound = NDArray[np.float32]
_SIBILANT = butter(4, (4_000, 11_000), "bandpass", fs=RATE, output="sos")


def sine(hertz: float, samples: int, amplitude: float = 0.5) -> Sound:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)).astype(np.float32)


def voice(seconds: float, seed: int = 1, amplitude: float = 0.25) -> Sound:
    """Speech as the meters see it: syllables of a gliding buzz or a hiss, four a second, with a pause after every eighth."""
    rng = np.random.default_rng(seed)
    length = RATE // 4
    swell = np.sin(np.linspace(0, np.pi, length)) ** 2
    syllables = []
    for number in range(int(np.ceil(seconds * 4))):
        if number % 9 == 8:
            syllables.append(1e-4 * rng.standard_normal(length))
            continue
        pitch = rng.uniform(90, 140)
        phase = 2 * np.pi * np.cumsum(np.linspace(pitch, pitch * 1.15, length)) / RATE
        buzz = sum(np.sin(k * phase + rng.uniform(0, 6)) / k for k in range(1, 25))
        hiss = sosfilt(_SIBILANT, rng.standard_normal(length))
        syllables.append(swell * (0.6 * buzz if number % 3 else 0.25 * hiss))
    sound = np.concatenate(syllables)[: int(seconds * RATE)]
    return (amplitude * sound / np.abs(sound).max()).astype(np.float32)


def ticks(sound: Sound) -> list[Sound]:
    """Whole ticks of it, (960,) or (960, 2) each."""
    return [sound[at : at + TICK] for at in range(0, len(sound) - TICK + 1, TICK)]


def stereo(sound: Sound) -> Sound:
    return np.stack([sound, sound], axis=1)


def power_db(sound: Sound) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-20))


def true_peak_db(sound: Sound) -> float:
    """Eight times oversampled, in dB of full scale."""
    return float(20 * np.log10(np.abs(resample_poly(sound.astype(np.float64), 8, 1, axis=0)).max()))


def loudness(sound: Sound) -> float:
    """Integrated LUFS by BS.1770-4, in the time domain; (n,) or (n, 2)."""
    channels = sound.reshape(len(sound), -1).T.astype(np.float64)
    shelf = (
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1, -1.69065929318241, 0.73248077421585],
    )
    high_pass = ([1.0, -2.0, 1.0], [1, -1.99004745483398, 0.99007225036621])
    weighted = lfilter(*high_pass, lfilter(*shelf, channels, axis=1), axis=1) ** 2
    starts = range(0, weighted.shape[1] - 19_200 + 1, 4_800)
    blocks = np.array([weighted[:, at : at + 19_200].mean(axis=1).sum() for at in starts])
    blocks = blocks[-0.691 + 10 * np.log10(blocks + 1e-20) > -70]
    kept = blocks[blocks > blocks.mean() / 10]
    return float(-0.691 + 10 * np.log10(kept.mean()))


def delay_of(heard: Sound, said: Sound) -> int:
    """By how many samples `heard` is behind `said`: the peak of their cross-correlation."""
    size = 1 << (len(heard) + len(said)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    at = int(np.argmax(np.fft.irfft(product, size)))
    return at if at < size // 2 else at - size


@dataclass(frozen=True)
class Sent:
    """A packet on its way: as pushed, and when."""

    sequence: int
    timestamp: int
    payload: bytes
    arrival: int


def stream(
    payloads: list[bytes],
    samples: int = TICK,
    sequence: int = 100,
    timestamp: int = 5_000,
    start: int = 0,
    late_by: dict[int, int] | None = None,
    lost: frozenset[int] = frozenset(),
) -> list[Sent]:
    """Packets as a network delivers them: `late_by` packet number in samples, `lost` by number; in order of arrival."""
    late_by = late_by or {}
    sent = [
        Sent(
            (sequence + n) % 0x1_0000,
            (timestamp + n * samples) % 0x1_0000_0000,
            payload,
            start + n * samples + late_by.get(n, 0),
        )
        for n, payload in enumerate(payloads)
        if n not in lost
    ]
    return sorted(sent, key=lambda packet: packet.arrival)
