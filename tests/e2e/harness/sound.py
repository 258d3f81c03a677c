"""Who is heard in a recording, when, how often; and where it is silent.

A reference (what was said into a microphone) is cut into half-second blocks. Each is searched in
the recording by normalised cross-correlation of the *waveform*, after both were brought to 16 kHz,
300-5000 Hz, and spectrally flattened in short frames: so levels, automatic gain, equalisers and
codecs hardly matter, while another voice, or the same voice with other words, does not match.
Short blocks, since a jitter buffer stretches time and a long correlation would fall apart.

`PRESENT` was calibrated by `test_sound.py` on Opus and AAC, alone and under two other voices; a
block that is there scores 0.3 to 0.95, the best of all chance matches in a minute stays below 0.2.

Recordings are mono float arrays at 48 kHz, full scale 1.0; times are seconds in the recording.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

Sound = NDArray[np.float32]

RATE_HZ = 48_000
SEARCH_HZ = 16_000
BLOCK_S = 0.5
HOP_S = 0.25
PRESENT = 0.26
AUDIBLE_DBFS = -55.0  # quieter than this nobody hears it, whatever the correlation says
APART_S = 0.04  # two copies nearer than this are one (comb filtering, not an echo)
DRIFT_S = 1.5  # what jitter buffers and a starved machine may shift within one playing
SURE = 0.4
"""A block that is this like is no chance (the most seen of an absent voice is 0.28)."""
ALIGNED_S = 0.05
"""Two blocks of one playing lie this near in their offsets within two seconds."""
AGREE_S = 0.06  # what they leave between two neighbouring blocks


@dataclass(frozen=True)
class Reference:
    """A known voice: `samples` are what was played into the microphone."""

    name: str
    path: Path
    samples: Sound = field(repr=False)

    @property
    def length_s(self) -> float:
        return self.samples.size / RATE_HZ

    @cached_property
    def blocks(self) -> list[tuple[float, Sound]]:
        """(second in the reference, flattened 16 kHz samples of unit energy), speech only."""
        flat = _flatten(self.samples)
        size, hop = int(BLOCK_S * SEARCH_HZ), int(HOP_S * SEARCH_HZ)
        loud = level_dbfs(self.samples)
        found = []
        for at in range(0, flat.size - size + 1, hop):
            start_s = at / SEARCH_HZ
            if level_dbfs(self.samples, start_s, start_s + BLOCK_S) < loud - 12:
                continue  # mostly a pause: nothing to recognise
            block = flat[at : at + size]
            found.append((start_s, block / np.linalg.norm(block)))
        return found


@dataclass(frozen=True)
class Hit:
    """One block of the reference, found: its second `said_s` lies at `at_s` of the recording."""

    said_s: float
    at_s: float
    score: float


@dataclass(frozen=True)
class Match:
    """A run of hits that agree: the reference's second 0 would lie at `offset_s`."""

    offset_s: float
    score: float  # mean of its hits, 0..1
    hits: tuple[Hit, ...] = field(repr=False)

    @property
    def from_s(self) -> float:
        return min(hit.at_s for hit in self.hits)

    @property
    def to_s(self) -> float:
        return max(hit.at_s for hit in self.hits) + BLOCK_S


def load(path: Path) -> Reference:
    """Any sound file that ffmpeg reads, as a `Reference` (mono, 48 kHz)."""
    raw = subprocess.run(
        [
            "ffmpeg",
            "-nostdin",
            "-loglevel",
            "error",
            "-i",
            str(path),
            "-f",
            "f32le",
            "-ar",
            str(RATE_HZ),
            "-ac",
            "1",
            "-",
        ],
        check=True,
        capture_output=True,
    ).stdout
    return Reference(path.stem, path, np.frombuffer(raw, "<f4").copy())


def load_samples(path: Path) -> Sound:
    """A recording from a file (of ffmpeg, of a download), mono at 48 kHz."""
    return load(path).samples


def hits(
    reference: Reference,
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
    present: float = PRESENT,
) -> list[Hit]:
    """Every block of `reference` found inside [from_s, to_s] of `recording`, in order of time.

    A block counts only if it lies in that window whole.
    """
    window = _window(recording, from_s, to_s)
    size = int(BLOCK_S * SEARCH_HZ)
    flat = _flatten(window)
    if flat.size < size:
        return []
    length = fft.next_fast_len(flat.size + size, real=True)
    spectrum = fft.rfft(flat, length)
    energy = np.concatenate([[0.0], np.cumsum(flat.astype(np.float64) ** 2)])
    norms = np.sqrt(np.maximum(energy[size:] - energy[:-size], 1e-9))
    found = []
    for said_s, block in reference.blocks:
        likeness = fft.irfft(spectrum * np.conj(fft.rfft(block, length)), length)
        score = np.abs(likeness[: norms.size]) / norms  # a path may invert the wave: that's no harm
        peaks, _ = signal.find_peaks(
            np.pad(score, 1), height=present, distance=int(APART_S * SEARCH_HZ)
        )
        for peak in peaks - 1:
            at_s = peak / SEARCH_HZ
            if level_dbfs(window, at_s, at_s + BLOCK_S) > AUDIBLE_DBFS:
                found.append(Hit(said_s, from_s + float(at_s), float(score[peak])))
    return sorted(found, key=lambda hit: hit.at_s)


def find(
    reference: Reference,
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
) -> list[Match]:
    """Where the reference is heard, earliest first: one match for each time it was played.

    Two hits belong together if their offsets differ by less than `DRIFT_S`, so an echo nearer than
    that is part of its match: `doubled` tells. Fewer than three hits are no match, nor are faint ones that
    agree in nothing (the same voice with other words).
    """
    groups: list[list[Hit]] = []
    for hit in hits(reference, recording, from_s, to_s):
        for group in groups:
            last = group[-1]
            near = abs((hit.at_s - hit.said_s) - (last.at_s - last.said_s)) < DRIFT_S
            if near and hit.at_s - last.at_s < 4:
                group.append(hit)
                break
        else:
            groups.append([hit])
    matches = [
        Match(
            float(np.median([hit.at_s - hit.said_s for hit in group])),
            float(np.mean([hit.score for hit in group])),
            tuple(group),
        )
        for group in groups
        if len(group) >= 3 and _is_sure(group)
    ]
    return sorted(matches, key=lambda match: match.from_s)


def heard(
    reference: Reference,
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
) -> bool:
    """Whether the voice is there in the window (two agreeing blocks; one if it is below 1.5 s)."""
    end_s = recording.size / RATE_HZ if to_s is None else to_s
    if end_s - from_s < 1.5:
        return bool(hits(reference, recording, from_s, to_s))
    offsets = [hit.at_s - hit.said_s for hit in hits(reference, recording, from_s, to_s)]
    return any(abs(later - earlier) < AGREE_S for earlier, later in itertools.pairwise(offsets))


def absent(
    reference: Reference,
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
) -> bool:
    """Stricter than `not heard`: no block lies there for sure, and no two near ones in one alignment.

    One faint block alone is chance: a voice is like itself, and the next sentence is of the same voice.
    """
    return not _is_sure(hits(reference, recording, from_s, to_s))


def _is_sure(found: Sequence[Hit]) -> bool:
    """Whether hits are more than chance: one is like no chance, or two near ones lie in one alignment."""
    return any(hit.score > SURE for hit in found) or any(
        later.at_s - earlier.at_s < 2
        and later.said_s - earlier.said_s
        >= BLOCK_S  # blocks overlap: neighbours share their chance
        and abs((later.at_s - later.said_s) - (earlier.at_s - earlier.said_s)) < ALIGNED_S
        for earlier, later in itertools.combinations(found, 2)
    )


def share(
    reference: Reference,
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
) -> float:
    """What part of the window the voice is heard in, 0..1 (its own pauses count as not)."""
    end_s = recording.size / RATE_HZ if to_s is None else to_s
    steps = np.zeros(max(1, int((end_s - from_s) / 0.01)), bool)
    for hit in hits(reference, recording, from_s, to_s):
        first = int((hit.at_s - from_s) / 0.01)
        steps[first : first + int(BLOCK_S / 0.01)] = True
    return float(steps.mean())


def doubled(
    reference: Reference,
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
    within_s: float = 5.0,
) -> bool:
    """Whether the same words are heard twice, 40 ms to `within_s` apart (an echo, two routes).

    One block that surely comes again, or some that come again after the same time: two faint ones at any distance
    are chance, as in `absent`. Nearer than a block is long, most must: a hole in a word (a browser that was starved)
    splits one block into two matches.

    Give the window, or a `within_s` below the loop's length, if the reference plays in a loop.
    """
    by_block: dict[float, list[Hit]] = {}
    for hit in hits(reference, recording, from_s, to_s):
        by_block.setdefault(hit.said_s, []).append(hit)
    pairs = [
        (said_s, later.at_s - earlier.at_s, min(earlier.score, later.score))
        for said_s, found in by_block.items()
        for earlier, later in itertools.combinations(found, 2)
        if APART_S <= later.at_s - earlier.at_s <= within_s
    ]
    few = max(2, len(by_block) // 5)
    return any(
        _as_late(said_s, lag_s, pairs) >= max(few, len(by_block) // 3)
        if lag_s < BLOCK_S
        else score > SURE or _as_late(said_s, lag_s, pairs) >= few
        for said_s, lag_s, score in pairs
    )


def _as_late(said_s: float, lag_s: float, pairs: list[tuple[float, float, float]]) -> int:
    """How many blocks come again after this lag; 1 if all overlap: neighbours share their chance."""
    near_s = ALIGNED_S if lag_s >= BLOCK_S else ALIGNED_S / 2
    blocks = {other_s for other_s, other_lag_s, _ in pairs if abs(other_lag_s - lag_s) < near_s}
    apart = any(abs(other_s - said_s) >= BLOCK_S for other_s in blocks)
    return len(blocks) if apart else 1


def first_s(reference: Reference, recording: NDArray[Any], from_s: float = 0.0) -> float | None:
    """When the voice is first heard after `from_s`; None if never."""
    matches = find(reference, recording, from_s)
    return min((match.from_s for match in matches), default=None)


def last_s(reference: Reference, recording: NDArray[Any], from_s: float = 0.0) -> float | None:
    """When the voice is last heard (the end of its last block, to about 0.3 s); None if never."""
    matches = find(reference, recording, from_s)
    return max((match.to_s for match in matches), default=None)


def level_dbfs(recording: NDArray[Any], from_s: float = 0.0, to_s: float | None = None) -> float:
    """RMS of the window in dB under full scale; -120 for digital silence or an empty window."""
    window = _window(recording, from_s, to_s)
    power = float(np.mean(np.square(window, dtype=np.float64))) if window.size else 0.0
    return 10 * float(np.log10(max(power, 1e-12)))


def _quiet(recording: NDArray[Any], below_dbfs: float) -> NDArray[np.bool_]:
    frame = RATE_HZ // 50
    whole = recording[: recording.size // frame * frame].reshape(-1, frame).astype(np.float64)
    return np.asarray(np.mean(whole**2, axis=1) < 10 ** (below_dbfs / 10))


def silence_s(
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
    below_dbfs: float = -60.0,
) -> float:
    """Seconds of the window that are silent, all 20 ms frames taken together."""
    return float(_quiet(_window(recording, from_s, to_s), below_dbfs).sum()) / 50


def longest_silence_s(
    recording: NDArray[Any],
    from_s: float = 0.0,
    to_s: float | None = None,
    below_dbfs: float = -60.0,
) -> float:
    """The longest silence without a break, in seconds: a hole, if it beats the voice's pauses."""
    longest = run = 0
    for quiet in _quiet(_window(recording, from_s, to_s), below_dbfs):
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest / 50


def _window(recording: NDArray[Any], from_s: float, to_s: float | None) -> Sound:
    end = recording.size if to_s is None else int(to_s * RATE_HZ)
    return np.asarray(recording[int(max(0.0, from_s) * RATE_HZ) : end], np.float32)


def _flatten(sound: NDArray[Any]) -> Sound:
    """16 kHz, 300-5000 Hz, each 64 ms frame's spectrum brought near to flat."""
    if sound.size < RATE_HZ // 10:
        return np.zeros(0, np.float32)
    small = signal.resample_poly(np.asarray(sound, np.float32), 1, RATE_HZ // SEARCH_HZ)
    frame, hop = 1024, 256
    transform = signal.ShortTimeFFT(
        signal.windows.hann(frame, sym=False), hop, SEARCH_HZ, scale_to="magnitude"
    )
    spectra = transform.stft(small)
    size = np.abs(spectra)
    around = signal.fftconvolve(size, np.full((15, 1), 1 / 15), mode="same")
    spectra = spectra / np.maximum(around, 1e-6) ** 0.8
    bins = transform.f
    spectra[(bins < 300) | (bins > 5000)] = 0
    return np.asarray(transform.istft(spectra, k1=small.size), np.float32)
