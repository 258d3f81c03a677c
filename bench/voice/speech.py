"""What is said: twenty seconds of people's voices at 48 kHz, in six segments with pauses between them.

The recordings are people, not synthesis: `tools/speech` takes them out of Debian packages. Sounds are mono float32.
"""

from __future__ import annotations

import random
import wave
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from bench.machine import ROOT

Sound = NDArray[np.float32]
FOLDER = ROOT / "bench/out/voices"
RATE_HZ = 48_000
SEGMENTS, SEGMENT_S, PAUSE_S, LEAD_S, TAIL_S = 6, 2.9, 0.35, 0.5, 1.5
OPENING_SEED, OPENING_S = 9, LEAD_S + SEGMENT_S + PAUSE_S
ACTIVE_DB = -35.0
"""Below the loudest 20 ms of a recording, this much is no speech."""
LEVEL_DBFS = -23.0
"""Where the speech of each recording is brought (mean power of its active part)."""


@dataclass(frozen=True)
class Talk:
    """`segments`: first and last sample of each."""

    samples: Sound
    segments: tuple[tuple[int, int], ...]


def talk(seed: int, folder: Path = FOLDER) -> Talk:
    """The voices in an order of the seed's. Errors: `OSError` when `tools/speech` has not run."""
    files = sorted(folder.glob("*.wav"))
    if not files:
        raise FileNotFoundError(f"no voices in {folder}: run tools/speech")
    chance = random.Random(seed)
    women = [read(path) for path in files if path.name[0].isupper()]
    others = [read(path) for path in files if not path.name[0].isupper()]
    chance.shuffle(women)
    chance.shuffle(others)
    size = round(SEGMENT_S * RATE_HZ)
    pieces = [np.zeros(round(LEAD_S * RATE_HZ), np.float32)]
    places: list[tuple[int, int]] = []
    at = pieces[0].size
    for number in range(SEGMENTS):
        voices = others if number % 2 else women
        segment = np.zeros(size, np.float32)
        filled = 0
        while voices and filled + voices[0].size <= size:
            one = voices.pop(0)
            segment[filled : filled + one.size] = one
            filled += one.size + RATE_HZ // 10
        pieces += [segment, np.zeros(round(PAUSE_S * RATE_HZ), np.float32)]
        places.append((at, at + size))
        at += size + pieces[-1].size
    pieces.append(np.zeros(round(TAIL_S * RATE_HZ), np.float32))
    return Talk(np.concatenate(pieces), tuple(places))


def opening(folder: Path = FOLDER) -> Sound:
    """Some seconds of a voice ahead of a talk, not judged: in them a slow gain finds its level, as it has found it in an evening
    that is under way. Errors: as `talk`."""
    return talk(OPENING_SEED, folder).samples[: round(OPENING_S * RATE_HZ)]


def read(path: Path) -> Sound:
    """A recording at 48 kHz, cut to where somebody speaks and brought to `LEVEL_DBFS`."""
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        rate, channels = file.getframerate(), file.getnchannels()
    sound = raw.reshape(-1, channels).mean(axis=1) / 32768
    if rate != RATE_HZ:
        step = gcd(rate, RATE_HZ)
        sound = signal.resample_poly(sound, RATE_HZ // step, rate // step)
    tick = RATE_HZ // 50
    power = (sound[: sound.size // tick * tick].reshape(-1, tick) ** 2).mean(axis=1)
    active = power > power.max() * 10 ** (ACTIVE_DB / 10)
    first, last = np.flatnonzero(active)[[0, -1]]
    gain = 10 ** (LEVEL_DBFS / 20) / np.sqrt(power[active].mean())
    cut = sound[max(0, first - 2) * tick : (last + 3) * tick] * gain
    edge = np.minimum(1, np.minimum(np.arange(cut.size), np.arange(cut.size)[::-1]) / 480)
    return np.asarray(cut * edge, np.float32)


def write(path: Path, sound: Sound, channels: int = 1) -> None:
    """16 bits, 48 kHz; in two channels the same, as a voice in the centre is."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(
            np.repeat((np.clip(sound, -1, 1) * 32767).astype("<i2"), channels).tobytes()
        )
