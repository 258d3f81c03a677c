"""Twenty speakers of different level, and how loud the program is: three minutes on virtual time, read by ffmpeg's ebur128.

People's voices (`tools/speech`) through real encoders and decoders, from the microphone to what a listener's player puts out.
The meter is nobody's here.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.rows import Figure
from bench.voice.speech import FOLDER, LEVEL_DBFS, RATE_HZ, Sound, read
from tests.line.speaking import Rig, Speaker

PEOPLE, ROUNDS, TURN_S = 20, 2, 4.5
LEVELS_DBFS = (-33.0, -13.0)
"""Of the quietest and the loudest voice, mean power while they speak."""


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("loudness", "Twenty speakers of different level")
    recordings = [read(path) for path in sorted(FOLDER.glob("*.wav"))]
    rig = _talk(recordings)
    say("three minutes are mixed and encoded")
    for variant, title in (("aac", "AAC"), ("opus", "Opus")):
        file = folder / f"{variant}.mp4"
        made = b"".join(one.part.payload for one in rig.made if one.variant == variant)
        file.write_bytes(rig.line.windows[variant].init + made)
        integrated, spread, peak = metered(file)
        low, high = LEVELS_DBFS
        note = f"{PEOPLE} people, from {low:g} to {high:g} dBFS"
        figure.add(f"{variant}.lufs", f"program, {title}", "LUFS", [integrated], note=note)
        off = abs(integrated + 16)
        figure.add(f"{variant}.off", f"off −16 LUFS, {title}", "LU", [off])
        figure.add(f"{variant}.range", f"loudness range, {title}", "LU", [spread])
        figure.add(f"{variant}.peak", f"true peak after decoding, {title}", "dBTP", [peak])
    return figure


def _talk(recordings: list[Sound]) -> Rig:
    """All take turns, in no order of level. Who does not talk sends nothing, as a browser with DTX."""
    rig = Rig()
    rig.line.open_program(rig.clock)
    people = [Speaker(f"p{number}") for number in range(PEOPLE)]
    for one in people:
        rig.line.add(one.person, hears=False)
    low, high = LEVELS_DBFS
    for turn in range(ROUNDS * PEOPLE):
        number = turn * 7 % PEOPLE
        level = low + (high - low) * number / (PEOPLE - 1)
        gain = np.float32(10 ** ((level - LEVEL_DBFS) / 20))
        rig.speakers = {people[number].person: people[number]}
        said = _filled(recordings, number, round(TURN_S * RATE_HZ))
        people[number].say(rig.clock, said * gain)
        rig.run(said.size)
    rig.end()
    return rig


def _filled(recordings: list[Sound], first: int, size: int) -> Sound:
    """Recordings one after the other, from `first` on, with breaths between them."""
    out = np.zeros(size, np.float32)
    at = 0
    while at < size:
        one = recordings[first % len(recordings)][: size - at]
        out[at : at + one.size] = one
        at += one.size + RATE_HZ // 5
        first += 1
    return out


def metered(file: Path) -> tuple[float, float, float]:
    """Integrated loudness in LUFS, loudness range in LU, true peak in dBTP."""
    words = [
        "ffmpeg",
        "-hide_banner",
        "-nostats",
        "-i",
        str(file),
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    told = ran.stderr.rpartition("Summary:")[2]
    integrated, spread, peak = (
        float(found[1])
        for name in ("I", "LRA", "Peak")
        if (found := re.search(rf"{name}:\s+(-?[\d.]+)", told))
    )
    return integrated, spread, peak
