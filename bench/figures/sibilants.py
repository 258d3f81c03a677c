"""Which bit rates keep s and f: real encoders on virtual time, from the microphone to each variant; today's rates and others.

The measures are those of `tests/line/test_lisp.py`, which has the rates of today on every run of the suite.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.rows import Figure
from hustings.audio.clock import RATE
from hustings.studio.encodings import encodings
from tests.audio.sounds import delay_of
from tests.line import sibilants
from tests.line.speaking import START, Rig

RATES = {"aac": (64, 96, 128), "opus": (48, 64, 96)}
TODAY = {"aac": 96, "opus": 64}
TITLES = {"aac": "AAC", "opus": "Opus"}


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("sibilants", "What s and f keep")
    said, places = sibilants.sentences(40)
    settled = places[6:]
    for aac, opus in zip(RATES["aac"], RATES["opus"], strict=True):
        rig = Rig(encodings=encodings(aac * 1000, opus * 1000))
        rig.join("ann").say(START + RATE, said)
        rig.line.open_program(rig.clock)
        rig.run(2 * RATE + said.size)
        rig.end()
        say(f"AAC {aac} and Opus {opus} kbit/s")
        for variant, rate in (("aac", aac), ("opus", opus)):
            whole = rig.heard(variant)
            at = delay_of(whole, said)
            heard = whole[at : at + said.size]
            title = f"{TITLES[variant]} {rate} kbit/s" + (
                ", ours" if rate == TODAY[variant] else ""
            )
            band = sibilants.band_db(heard, settled) - sibilants.band_db(said, settled)
            figure.add(f"{variant}.{rate}.band", f"4 to 16 kHz, {title}", "dB", [band])
            for name in "sf":
                middle = sibilants.centroid_hz(heard, settled, name)
                moved = (middle / sibilants.centroid_hz(said, settled, name) - 1) * 100
                figure.add(
                    f"{variant}.{rate}.{name}", f"middle of {name} moved, {title}", "%", [moved]
                )
    return figure
