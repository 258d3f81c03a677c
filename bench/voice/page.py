"""`python -m bench.voice.page`: `docs/voice.md`, its pictures and its sounds, from the last `python -m bench chain`."""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from PIL import Image

from bench.figures.chain import CASES, CHAIN, COLUMNS, ENDS
from bench.machine import ROOT
from bench.picture import INK, MARK, OURS, PEER, STYLE
from bench.voice.speech import RATE_HZ, Sound
from hustings.audio.level import k_power, lufs

PAGE, SOUNDS, PICTURES = ROOT / "docs/voice.md", ROOT / "docs/voice", ROOT / "docs/pictures"
HEARD_S, BITRATE = 5, 48_000
SPECTRA = (
    ("clean.said", "microphone, as it is"),
    ("clean.aac", "listener, AAC"),
    ("clean.opus", "listener, Opus"),
    ("hum.said", "microphone: hum and knocks"),
    ("hum.opus", "listener, nothing taken out"),
    ("hum_out.opus", "listener, taken out"),
    ("fan.said", "microphone: a fan"),
    ("fan.opus", "listener, nothing taken out"),
    ("fan_out.opus", "listener, turned down"),
)
LEVELS = (
    ("low", "12 dB too low"),
    ("clean", "as it is"),
    ("loud", "6 dB too loud"),
)
WINDOW, LOWEST_HZ = 8_192, 20
EDGES_HZ = LOWEST_HZ * 2 ** np.arange(0, 10, 0.1)
COLOURS = 48
TO_HEAR = ("clean.said", "clean.aac", "hum.said", "hum_out.aac", "fan.said", "fan_out.aac")


def main() -> None:
    with pyplot.rc_context(STYLE):
        _spectra(PICTURES / "voice-chain.png")
        _loudness(PICTURES / "voice-loudness.png")
    SOUNDS.mkdir(exist_ok=True)
    for name in TO_HEAR:
        _short(CHAIN / f"{name}.wav", SOUNDS / f"{name.replace('.', '-')}.ogg")
    text = PAGE.read_text() if PAGE.exists() else ""
    before, mark, after = text.partition(BEGIN)
    _, _, after = after.partition(END)
    PAGE.write_text(f"{before}{mark or BEGIN}\n{_table()}\n{END}{after}")


BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def _table() -> str:
    """All cases and ends, as the page shows them."""
    tree = json.loads((CHAIN.parent / "chain.json").read_text())
    found = {row["id"]: row["median"] for row in tree["rows"]}
    heads = ["", *(f"{title}, {unit}" for _, title, unit in COLUMNS)]
    lines = [f"| {' | '.join(heads)} |", f"|---{'|--:' * len(COLUMNS)}|"]
    for case in CASES:
        for end, title in ENDS:
            cells = [f"{found[f'{case.name}.{end}.{name}']:.1f}" for name, *_ in COLUMNS]
            lines.append(f"| {case.title}: {title} | {' | '.join(cells)} |".replace("| -", "| −"))
    made = f"{tree['date'][:16].replace('T', ' ')} UTC, revision `{tree['revision']}`."
    return "\n".join(["", made, "", *lines, ""])


def _read(name: str) -> Sound:
    with wave.open(str(CHAIN / f"{name}.wav")) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        raw = raw.reshape(-1, file.getnchannels())[:, 0]
    return np.asarray(raw / 32768, np.float32)


def _short(wav: Path, out: Path) -> None:
    """The first seconds, coded once more to be small."""
    words = [
        "ffmpeg",
        "-hide_banner",
        "-loglevel",
        "error",
        "-y",
        "-t",
        str(HEARD_S),
        "-i",
        str(wav),
    ]
    subprocess.run(
        [*words, "-c:a", "libopus", "-b:a", str(BITRATE), "-map_metadata", "-1", str(out)],
        check=True,
    )


def _spectra(path: Path) -> None:
    figure, places = pyplot.subplots(3, 3, figsize=(13, 9), sharex=True, sharey=True)
    for place, (name, title) in zip(places.flat, SPECTRA, strict=True):
        _spectrum(place, _read(name)[: HEARD_S * RATE_HZ], title)
    for place in places[:, 0]:
        place.set_ylabel("kHz")
    for place in places[-1]:
        place.set_xlabel("s")
    _save(figure, path)


def _spectrum(place: Axes, sound: Sound, title: str) -> None:
    """Every 20 ms in bands of a tenth of an octave, 80 dB of range."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::960] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames)) ** 2 / (WINDOW / 4) ** 2
    bins = EDGES_HZ * WINDOW / RATE_HZ
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    at_edges = np.array([np.interp(bins, np.arange(total.shape[1]), row) for row in total])
    level = 10 * np.log10(np.maximum(np.diff(at_edges, axis=1), 1e-12)).T
    place.imshow(
        level,
        vmin=-90,
        vmax=-10,
        cmap="magma",
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(0, sound.size / RATE_HZ, 0, len(level)),
    )
    ticks = [50, 100, 300, 1_000, 4_000, 16_000]
    place.set_yticks(
        np.log2(np.array(ticks) / LOWEST_HZ) * 10, [f"{one / 1000:g}" for one in ticks]
    )
    place.set_title(title, fontsize=10, loc="left", color=INK)


def _loudness(path: Path) -> None:
    """Waveform, and loudness over 3 s (BS.1770's short-term), of microphone and listener."""
    figure, places = pyplot.subplots(3, 2, figsize=(13, 7), sharex=True)
    for row, (name, title) in zip(places, LEVELS, strict=True):
        for end, colour in (("said", PEER), ("aac", OURS)):
            sound = _read(f"{name}.{end}")
            seconds = np.arange(sound.size) / RATE_HZ
            row[0].plot(
                seconds[::12], sound[::12], color=colour, linewidth=0.4, label=dict(ENDS)[end]
            )
            starts = range(0, sound.size - 3 * RATE_HZ + 1, RATE_HZ // 10)
            both = 1 if end == "said" else 2
            loud = [lufs(both * k_power(sound[at : at + 3 * RATE_HZ])) for at in starts]
            row[1].plot([first / RATE_HZ + 3 for first in starts], loud, color=colour)
        row[0].set_title(title, fontsize=10, loc="left")
        row[0].set_ylim(-1, 1)
        row[1].axhline(-16, color=MARK, linewidth=0.8)
        row[1].set_ylim(-40, -8)
        row[1].set_title("loudness of 3 s, LUFS", fontsize=10, loc="left")
    places[0][0].legend(loc="upper right", frameon=False, ncols=2)
    for place in places[-1]:
        place.set_xlabel("s")
    _save(figure, path)


def _save(figure: pyplot.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
    # a palette, as all our pictures have: a spectrum of true colours is a megabyte
    Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


if __name__ == "__main__":
    main()
