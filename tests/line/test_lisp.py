"""The lisp test: what s and f are made of, from the microphone to each variant, by real encoders on virtual time."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hustings.audio.clock import RATE
from hustings.audio.codec import OpusDecoder, OpusEncoder
from hustings.rtc.answer import OPUS
from hustings.studio.encodings import encodings
from tests.audio.sounds import delay_of, ticks
from tests.audio.speech import speech
from tests.line import sibilants
from tests.line.speaking import START, Rig

BAND_DB = 1.0
CENTROID = 0.03
SAID, PLACES = sibilants.sentences(24)
SETTLED = PLACES[4:]
"""The leveller has found her by then; its gain is no matter of the codecs."""


def kept(aac: int, opus: int) -> dict[str, tuple[float, float, float]]:
    """Per variant: change of the band's level in dB, and of the middle of s and of f as a share."""
    rig = Rig(people=["ann"], encodings=encodings(aac, opus))
    rig.line.open_program(rig.clock)
    rig.speakers["ann"].say(START + RATE, SAID)
    rig.run(2 * RATE + len(SAID))
    rig.end()
    found = {}
    for variant in ("aac", "opus"):
        whole = rig.heard(variant)
        at = delay_of(whole, SAID)
        heard = whole[at : at + len(SAID)]
        band = sibilants.band_db(heard, SETTLED) - sibilants.band_db(SAID, SETTLED)
        middles = [
            sibilants.centroid_hz(heard, SETTLED, name) / sibilants.centroid_hz(SAID, SETTLED, name)
            for name in "sf"
        ]
        found[variant] = (band, middles[0] - 1, middles[1] - 1)
    return found


def test_s_and_f_reach_every_variant() -> None:
    for variant, (band, s, f) in kept(96_000, 64_000).items():
        assert abs(band) <= BAND_DB, variant
        assert abs(s) <= CENTROID, variant
        assert abs(f) <= CENTROID, variant


def test_a_third_fewer_bits_would_lisp_and_this_would_tell() -> None:
    """Why the rates are what they are: AAC at 64 and Opus at 48 kbit/s keep the level, and move the f."""
    for _, _, f in kept(64_000, 48_000).values():
        assert abs(f) > CENTROID


def sent(rate: int, complexity: int) -> float:
    """What a browser's encoder takes from 4 to 8 kHz of a voice, in dB. On a phone it has a complexity of 5, elsewhere of 9."""
    said = speech("ana")[: 6 * RATE]
    encoder = OpusEncoder(1, rate, "voip", fec=True, complexity=complexity)
    decoder = OpusDecoder()
    made = np.concatenate([decoder.decode(encoder.encode(tick)) for tick in ticks(said)])
    late = delay_of(made, said)
    came, left = (
        sibilants.power_of(one, 4_000, 8_000) for one in (made[late:], said[: len(made) - late])
    )
    return float(10 * np.log10(came / left))


ASKED = int(re.findall(r"maxaveragebitrate=(\d+)", OPUS)[0])


@pytest.mark.parametrize("complexity", [5, 9])
def test_what_we_ask_of_browsers_leaves_s_and_f_whole_on_their_way_in(complexity: int) -> None:
    assert abs(sent(ASKED, complexity)) < 0.2


def test_an_eighth_fewer_bits_would_be_libopus_hybrid_and_lisp() -> None:
    assert sent(64_000, 5) < -1.0
