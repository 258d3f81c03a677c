"""What became of a talk: PESQ, ViSQOL, gaps, delay. Pure but for the two libraries, which only the bench has.

PESQ is ITU-T P.862.2 (wide band), by the PyPI package `pesq`; its licence is for evaluation only, so it is no part of Hustings.
ViSQOL is `visqol-python` in speech mode with Google's lattice. Both hear 16 kHz. Sounds are mono at 48 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from bench.voice.speech import RATE_HZ, Talk

Sound = NDArray[np.float32]
FRAME = RATE_HZ // 100
MARGIN = RATE_HZ // 5
SEEK_S = (0.3, 2.5)
"""A segment is looked for so far before and behind where the first one lay."""
ACTIVE_DB, GONE_DB = -30.0, -25.0
"""A frame speaks when it is above the loudest less 30 dB; it is a gap when 25 dB of it are missing."""
GAP_FRAMES = 3
PESQ_LEAST, VISQOL_LEAST = 1.0, 1.0
"""What a segment without any sound is worth: neither library has a word for it."""


@dataclass(frozen=True, slots=True)
class Score:
    """One segment. `at`: the sample of `heard` where it begins. gaps: spans of speech above 20 ms that are missing, `gone_s`
    their sum."""

    pesq: float
    visqol: float | None
    gaps: int
    gone_s: float
    at: int


def scores(talk: Talk, heard: Sound, ideal: Sound, with_visqol: frozenset[int]) -> list[Score]:
    """Each segment of the talk in what was heard. A gap is what `ideal` (the same talk, nothing lost) has and `heard` has not."""
    ideal = ideal[found_at(talk.samples, ideal) :]
    rough = found_at(talk.samples, heard)
    told = []
    for number, (first, last) in enumerate(talk.segments):
        said = talk.samples[first:last]
        low = max(0, first + rough - round(SEEK_S[0] * RATE_HZ))
        high = last + rough + round(SEEK_S[1] * RATE_HZ)
        at = low + found_at(said, heard[low:high])
        cut = _cut(heard, at - MARGIN, last - first + 2 * MARGIN)
        whole = _cut(talk.samples, first - MARGIN, last - first + 2 * MARGIN)
        gaps, gone_s = _gaps(ideal[first:last], cut[MARGIN:-MARGIN])
        quality = visqol(whole, cut) if number in with_visqol else None
        told.append(Score(pesq(whole, cut), quality, gaps, gone_s, at))
    return told


def found_at(said: Sound, heard: Sound) -> int:
    """Where in `heard` the sound begins that was said: the peak of their cross-correlation."""
    if heard.size == 0 or not np.any(heard):
        return 0
    likeness = np.abs(signal.fftconvolve(heard, said[::-1], mode="full"))
    return int(np.argmax(likeness)) - said.size + 1


def _cut(sound: Sound, start: int, size: int) -> Sound:
    """So many samples from `start`, silence where there is none."""
    out = np.zeros(size, np.float32)
    first, last = max(0, start), min(sound.size, start + size)
    if last > first:
        out[first - start : last - start] = sound[first:last]
    return out


def _gaps(said: Sound, heard: Sound) -> tuple[int, float]:
    count = said.size // FRAME * FRAME
    level = [
        10 * np.log10((one[:count].reshape(-1, FRAME) ** 2).mean(axis=1) + 1e-12)
        for one in (said, heard)
    ]
    speaks = level[0] > level[0].max() + ACTIVE_DB
    gain = float(np.median((level[1] - level[0])[speaks]))
    gone = speaks & (level[1] < level[0] + max(gain, -12.0) + GONE_DB)
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], gone, [0]]))))[::2]
    long = runs[runs >= GAP_FRAMES]
    return len(long), float(long.sum()) * FRAME / RATE_HZ


def pesq(said: Sound, heard: Sound) -> float:
    import pesq as library  # noqa: PLC0415

    try:
        return float(library.pesq(16_000, _wide(said), _wide(heard), "wb"))
    except library.NoUtterancesError:
        return PESQ_LEAST


def visqol(said: Sound, heard: Sound) -> float:
    if not np.any(np.abs(heard) > 1e-4):
        return VISQOL_LEAST
    told = _visqol().measure_from_arrays(
        _wide(said).astype(float), _wide(heard).astype(float), 16_000
    )
    return float(told.moslqo)


@cache
def _visqol() -> Any:
    import visqol as library  # noqa: PLC0415

    api = library.VisqolApi()
    api.create(mode="speech")
    return api


def _wide(sound: Sound) -> Sound:
    return np.asarray(signal.resample_poly(sound, 1, 3), np.float32)


def delays_ms(
    said_at: list[int],
    said_s: NDArray[np.float64],
    heard_at: list[int],
    heard_s: NDArray[np.float64],
) -> list[float]:
    """For each segment, from its packet leaving the browser to its tick in the mix. `_at`: the segment's first sample in either
    sound; `_s`: when each 960 samples of it came."""
    told = []
    for said, heard in zip(said_at, heard_at, strict=True):
        # Halfway through the segment, with the two grids' own steps averaged out.
        late = [
            heard_s[min((heard + step) // 960, heard_s.size - 1)]
            - said_s[min((said + step) // 960, said_s.size - 1)]
            for step in range(48_000, 96_000, 500)
        ]
        told.append(float(np.mean(late)) * 1000)
    return told
