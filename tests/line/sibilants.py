"""Sentences of vowels, s and f, and what is left of them: the band from 4 to 16 kHz, and where a hiss has its middle.

The s is noise from 4.5 to 11 kHz with its top at 7; the f is weaker, and flat from 1.5 to 14 kHz: as phoneticians measure
them, and nothing is harder for a transform coder that is short of bits. All seeded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from hustings.audio.clock import RATE

Sound = NDArray[np.float32]
BAND_HZ = (4_000, 16_000)
HISS_HZ = (1_000, 20_000)
SYLLABLE, HISS = 9_600, 7_200  # 200 and 150 ms
_S = signal.firwin2(
    257, [0, 3_500, 5_000, 7_000, 9_500, 12_000, 24_000], [0, 0.02, 0.5, 1, 0.5, 0.1, 0], fs=RATE
)
_F = signal.firwin2(
    257, [0, 1_000, 1_800, 8_000, 14_000, 17_000, 24_000], [0, 0.1, 1, 1, 0.6, 0.05, 0], fs=RATE
)
LEVELS_DB = {"vowel": -22.0, "s": -30.0, "f": -40.0}
Place = tuple[str, int, int]


def sentences(count: int, seed: int = 5) -> tuple[Sound, list[Place]]:
    """So many syllables, each a vowel and an s or f in turn; every eighth is a pause. The hisses with their first and last
    samples."""
    chance = np.random.default_rng(seed)
    pieces: list[NDArray[np.float64]] = []
    places: list[Place] = []
    at = 0
    for number in range(count):
        if number % 8 == 7:
            pieces.append(np.zeros(SYLLABLE + HISS))
        else:
            name = "s" if number % 2 else "f"
            pieces += [_vowel(chance), _hiss(name, chance)]
            places.append((name, at + SYLLABLE, at + SYLLABLE + HISS))
        at += SYLLABLE + HISS
    return np.concatenate(pieces).astype(np.float32), places


def _vowel(chance: np.random.Generator) -> NDArray[np.float64]:
    pitch = chance.uniform(100, 180)
    phase = 2 * np.pi * np.cumsum(np.linspace(pitch, 1.1 * pitch, SYLLABLE)) / RATE
    tone = sum(np.sin(k * phase + chance.uniform(0, 6)) / k for k in range(1, 30))
    return _at_level(tone, "vowel")


def _hiss(name: str, chance: np.random.Generator) -> NDArray[np.float64]:
    noise = chance.standard_normal(HISS + 256)
    return _at_level(signal.fftconvolve(noise, _S if name == "s" else _F, "valid"), name)


def _at_level(sound: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    edge = np.minimum(1, np.minimum(np.arange(sound.size), np.arange(sound.size)[::-1]) / 960)
    return sound * edge * (10 ** (LEVELS_DB[name] / 20) / np.sqrt(np.mean(sound**2)))


def power_of(sound: Sound, low_hz: float, high_hz: float) -> float:
    """Power in a band."""
    hertz, power = signal.welch(sound, RATE, nperseg=2_048)
    return float(power[(hertz >= low_hz) & (hertz < high_hz)].sum())


def band_db(sound: Sound, places: list[Place]) -> float:
    """Power of all hisses from 4 to 16 kHz against that of the vowels' band below: level changes cancel."""
    whole = np.concatenate([sound[first:last] for _, first, last in places])
    vowels = np.concatenate([sound[first - SYLLABLE : first] for _, first, _ in places])
    return float(10 * np.log10(power_of(whole, *BAND_HZ) / power_of(vowels, 100, 4_000)))


def centroid_hz(sound: Sound, places: list[Place], name: str) -> float:
    """Middle of the power spectrum of all hisses of that name."""
    whole = np.concatenate([sound[first:last] for one, first, last in places if one == name])
    hertz, power = signal.welch(whole, RATE, nperseg=2_048)
    kept = (hertz >= HISS_HZ[0]) & (hertz < HISS_HZ[1])
    return float((hertz * power)[kept].sum() / power[kept].sum())
