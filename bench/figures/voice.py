"""The voice on a bad road: one figure for each profile, two talks of twenty seconds each, every column in the same pass.

Stock Chromium speaks to all columns at once, each behind a seeded road of its own; a further, clean connection says when each
packet left. What is judged is the mix, before it is encoded again: our program, Janus AudioBridge's own recording, and aiortc's
frames in a queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from bench.rows import Figure
from bench.voice import passes, speech
from bench.voice.passes import TAP, Column
from bench.voice.profiles import PROFILES
from bench.voice.scores import Score, delays_ms, scores
from bench.voice.speech import Talk

SEEDS = (1, 2)
VISQOL_SEGMENTS = frozenset({2})
COLUMNS = {
    "ideal": "libopus, nothing lost",
    "ours": "Hustings",
    "janus": "Janus AudioBridge",
    "aiortc": "aiortc",
}
PEERS = ("janus", "aiortc")
TICKS_A_SECOND = 50
MEASURES = {
    "pesq": ("PESQ-WB", "MOS"),
    "visqol": ("ViSQOL", "MOS"),
    "concealed": ("concealed", "%"),
    "gaps": ("gaps above 20 ms", "in 20 s"),
    "delay": ("packet to mix", "ms"),
}
Samples = dict[tuple[str, str], list[float]]


def measure(name: str, folder: Path, say: Callable[[str], None]) -> Figure:
    profile = PROFILES[name]
    figure = Figure(f"voice_{name}", f"{name}: {profile.says}")
    samples: Samples = {}
    runs, missing = asyncio.run(_runs(name, folder, say))
    for talk, columns in runs:
        ideal = passes.ideal(talk)
        judged = {}
        for one, column in columns.items():
            also = VISQOL_SEGMENTS if one != TAP else frozenset[int]()
            judged[one] = scores(talk, column.sound, ideal, also)
        judged["ideal"] = scores(talk, ideal, ideal, VISQOL_SEGMENTS)
        said = [score.at for score in judged[TAP]], columns[TAP].times_s
        for column, found in judged.items():
            _keep(samples, column, found)
            if column in columns and column != TAP:
                at = [score.at for score in found]
                late = delays_ms(*said, at, columns[column].times_s)
                samples.setdefault((column, "delay"), []).extend(late)
                _keep_concealed(samples, column, columns[column], talk)
        say(" ".join(f"{one} {median(s.pesq for s in found):.2f}" for one, found in judged.items()))
    for measured, (words, unit) in MEASURES.items():
        for column, title in COLUMNS.items():
            found = samples.get((column, measured), [])
            if found:
                figure.add(
                    f"{column}.{measured}", f"{words}, {title}", unit, found, peer=column in PEERS
                )
    _compare(figure, samples)
    figure.notes += [f"{COLUMNS[column]}: {why}" for column, why in missing.items()]
    return figure


async def _runs(
    name: str, folder: Path, say: Callable[[str], None]
) -> tuple[list[tuple[Talk, dict[str, Column]]], dict[str, str]]:
    runs = []
    async with passes.Rig(folder) as rig:
        for seed in SEEDS:
            talk = speech.talk(seed)
            columns = await rig.passed(talk, PROFILES[name], seed)
            lost = ", ".join(f"{one} {column.lost:.1%}" for one, column in columns.items())
            say(f"{name}, seed {seed}: datagrams lost: {lost}")
            runs.append((talk, columns))
    return runs, rig.missing


def _keep(samples: Samples, column: str, found: list[Score]) -> None:
    samples.setdefault((column, "pesq"), []).extend(one.pesq for one in found)
    heard = [one.visqol for one in found if one.visqol is not None]
    samples.setdefault((column, "visqol"), []).extend(heard)
    samples.setdefault((column, "gaps"), []).append(sum(one.gaps for one in found))


def _keep_concealed(samples: Samples, column: str, one: Column, talk: Talk) -> None:
    """Ticks made up or silent for want of a packet, as the receiver itself counts them; Janus does not."""
    ticks = talk.samples.size / speech.RATE_HZ * TICKS_A_SECOND
    counted = one.told.get("missing")
    if column == "ours":
        counted = one.told["concealed_samples"] / (speech.RATE_HZ / TICKS_A_SECOND)
    if counted is not None:
        samples.setdefault((column, "concealed"), []).append(counted / ticks * 100)


def _compare(figure: Figure, samples: Samples) -> None:
    """What the marks are about: how far below the ideal, how far ahead of the better peer."""
    middle = {
        column: median(samples[column, "pesq"]) for column in COLUMNS if (column, "pesq") in samples
    }
    below = middle["ideal"] - middle["ours"]
    figure.add("below_ideal", "PESQ-WB below libopus's, Hustings", "MOS", [below])
    peers = [middle[column] for column in PEERS if column in middle]
    if peers:
        ahead = middle["ours"] - max(peers)
        figure.add("ahead", "PESQ-WB ahead of the better peer, Hustings", "MOS", [ahead])


ALL = {f"voice_{name}": partial(measure, name) for name in PROFILES}
