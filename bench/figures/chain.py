"""The sound chain, before and after: people's voices through bad microphones and the real line, into each listener variant.

On virtual time, from an Opus encoder like a browser's to what FFmpeg decodes of the parts. Loudness and true peak are read by
ffmpeg's ebur128. What came of it lies in `bench/out/chain` as WAV; `python -m bench.voice.page` makes `docs/voice.md` of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.figures.loudness import metered
from bench.rows import Figure
from bench.voice import worse
from bench.voice.speech import FOLDER, RATE_HZ, Sound, read, write
from tests.audio.sounds import delay_of
from tests.line.sibilants import power_of
from tests.line.speaking import START, Rig

CHAIN = FOLDER.with_name("chain")
SECONDS, KEPT_S = 26, 12
"""So long is spoken, and of that the last is measured: leveller, hum filter and denoiser have found him by then."""
PAUSE_S = 0.7
FRAME = RATE_HZ // 50
CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Case:
    """A microphone, and what is taken out of it."""

    name: str
    title: str
    spoilt: Callable[[Sound], Sound]
    hum: bool = False
    noise: bool = False


def _as_it_is(sound: Sound) -> Sound:
    return sound


def _hum(sound: Sound) -> Sound:
    return worse.with_knocks(worse.with_hum(sound, -45), -12)


def _fan(sound: Sound) -> Sound:
    return worse.with_fan(sound, -45)


CASES = (
    Case(CLEAN, "as it is", _as_it_is),
    Case("low", "12 dB too low", lambda sound: worse.gained(sound, -12)),
    Case("loud", "6 dB too loud", lambda sound: worse.gained(sound, 6)),
    Case("room", "in a bare room", worse.in_a_room),
    Case("hum", "hum and knocks", _hum),
    Case("hum_out", "hum and knocks, taken out", _hum, hum=True),
    Case("fan", "a fan", _fan),
    Case("fan_out", "a fan, turned down", _fan, noise=True),
    Case("clean_out", "as it is, both switches on", _as_it_is, hum=True, noise=True),
)
ENDS = (("said", "microphone"), ("aac", "AAC"), ("opus", "Opus"))
COLUMNS = (
    ("lufs", "loudness", "LUFS"),
    ("peak", "true peak", "dBTP"),
    ("pause", "pauses", "dBFS"),
    ("above", "talk over pauses", "dB"),
    ("high", "4 to 16 kHz, against the clean voice", "dB"),
    ("middle", "middle of its s and f, moved", "%"),
)


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("chain", "The sound chain, before and after")
    CHAIN.mkdir(parents=True, exist_ok=True)
    clean, runs = _last()
    hisses = _hisses(clean)
    for case in CASES:
        for end, heard in _through(case).items():
            path = CHAIN / f"{case.name}.{end}.wav"
            write(path, heard, 1 if end == "said" else 2)
            row = _measured(path, heard, clean, runs, hisses)
            label = f"{case.title}, {dict(ENDS)[end]}"
            for column, title, unit in COLUMNS:
                figure.add(f"{case.name}.{end}.{column}", f"{title}: {label}", unit, [row[column]])
            figure.lines.append((f"{case.name}.{end}", label))
        say(case.title)
    figure.columns = [(column, f"{title}, {unit}") for column, title, unit in COLUMNS]
    return figure


def _through(case: Case) -> dict[str, Sound]:
    """The end of what was said, and what a listener of each variant hears of it in one ear, in the same place."""
    said = case.spoilt(_whole()[0])
    rig = Rig(people=["ann"])
    rig.line.open_program(rig.clock)
    rig.line.treat("ann", case.hum, case.noise)
    rig.speakers["ann"].say(START, said)
    rig.run(said.size + RATE_HZ)
    rig.end()
    made = {"said": said}
    for variant in ("aac", "opus"):
        heard = rig.heard(variant)
        late = delay_of(heard, said)
        made[variant] = heard[late : late + said.size]
    return {end: sound[-KEPT_S * RATE_HZ :] for end, sound in made.items()}


def _last() -> tuple[Sound, list[slice]]:
    """The end of what is said, and where in it somebody talks, recording by recording."""
    whole, runs = _whole()
    first = whole.size - KEPT_S * RATE_HZ
    kept = [slice(max(0, a - first), b - first) for a, b in runs if b - first > RATE_HZ // 2]
    return whole[first:], kept


def _whole() -> tuple[Sound, list[tuple[int, int]]]:
    """Recordings one after the other in a quiet room (−72 dBFS), with pauses between them; first and last sample of each."""
    files = sorted(FOLDER.glob("*.wav"))
    if not files:
        raise FileNotFoundError(f"no voices in {FOLDER}: run tools/speech")
    size = SECONDS * RATE_HZ
    sound, runs, at = np.zeros(size, np.float32), [], 0
    while at < size:
        one = read(files[len(runs) % len(files)])[: size - at]
        sound[at : at + one.size] = one
        runs.append((at, at + one.size))
        at += one.size + round(PAUSE_S * RATE_HZ)
    room = np.random.default_rng(7).standard_normal(size) * 10 ** (-72 / 20)
    return sound + room.astype(np.float32), runs


def _measured(
    path: Path, heard: Sound, clean: Sound, runs: list[slice], hisses: NDArray[np.bool_]
) -> dict[str, float]:
    lufs, _, peak = metered(path)
    talks = np.zeros(heard.size, bool)
    for run in runs:
        talks[run] = True
    # the middle of each pause: its edges are the voice's own
    still = np.convolve(talks, np.ones(RATE_HZ // 5), "same") < 0.5
    pause, talk = (10 * np.log10(np.mean(heard[which] ** 2) + 1e-12) for which in (still, talks))
    # recording by recording, so that what the leveller did to each is no matter
    high = np.mean([_share(heard[run]) - _share(clean[run]) for run in runs])
    middle = (_middles(heard)[hisses] / _middles(clean)[hisses]).mean() - 1
    return {
        "lufs": lufs,
        "peak": peak,
        "pause": float(pause),
        "above": float(talk - pause),
        "high": float(high),
        "middle": float(middle * 100),
    }


def _share(sound: Sound) -> float:
    """4 to 16 kHz against 300 Hz to 4 kHz, in dB: what hum and rumble have is in neither."""
    return float(10 * np.log10(power_of(sound, 4_000, 16_000) / power_of(sound, 300, 4_000)))


def _spectra(sound: Sound) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power of each 20 ms, and the pitch of its bins."""
    frames = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME) * np.hanning(FRAME)
    return np.abs(np.fft.rfft(frames)) ** 2, np.fft.rfftfreq(FRAME, 1 / RATE_HZ)


def _hisses(sound: Sound) -> NDArray[np.bool_]:
    """Which 20 ms of a clean voice are s, f and their like: more above 4 kHz than below, and not merely the room."""
    power, hertz = _spectra(sound)
    high = power[:, (hertz >= 4_000) & (hertz < 16_000)].sum(axis=1)
    low = power[:, (hertz >= 100) & (hertz < 4_000)].sum(axis=1)
    return (high > low) & (high > high.max() * 10 ** (-20 / 10))


def _middles(sound: Sound) -> NDArray[np.float64]:
    """Centroid of each 20 ms from 1 to 20 kHz."""
    power, hertz = _spectra(sound)
    kept = (hertz >= 1_000) & (hertz < 20_000)
    return (power[:, kept] @ hertz[kept]) / (power[:, kept].sum(axis=1) + 1e-20)
