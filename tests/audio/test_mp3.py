"""AAC parts to MP3: a tone in, the same tone out of FFmpeg's decoder, whole frames, no seam between parts."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from hustings.audio.encoder import AacEncoder
from hustings.audio.mp3 import Mp3
from hustings.hls.fmp4 import init_section
from hustings.hls.profile import DEFAULT, FAST, RATE, Profile
from hustings.hls.segmenter import Segmenter
from hustings.hls.variant import aac
from tests.line.speaking import strength

SECONDS = 8


def parts(profile: Profile) -> tuple[bytes, list[bytes]]:
    encoder = AacEncoder(0)
    variant = aac(encoder.config)
    segmenter = Segmenter(profile, variant)
    tone = (0.25 * np.sin(2 * np.pi * 440 * np.arange(SECONDS * RATE) / RATE)).astype(np.float32)
    made = []
    for at in range(0, len(tone), 960):
        for unit in encoder.push(at, np.repeat(tone[at : at + 960, None], 2, axis=1)):
            if part := segmenter.push(unit.clock, unit.duration, unit.payload):
                made.append(part.payload)
    return init_section(variant), made


@pytest.mark.parametrize("profile", [DEFAULT, FAST])
def test_a_tone_goes_through_without_a_seam(profile: Profile) -> None:
    init, made = parts(profile)
    mp3 = Mp3(init, 96_000)
    sound = b"".join(mp3.push(part) for part in made)
    assert len(sound) * 8 / (len(made) * profile.part_target_s) == pytest.approx(96_000, rel=0.05)
    with av.open(io.BytesIO(sound), format="mp3") as container:
        mono = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)[0]
    loud = [strength(mono[at : at + 2_400], 440) for at in range(RATE, 6 * RATE, 2_400)]
    assert min(loud) > 0.23 and max(loud) < 0.27


def test_what_cannot_be_read() -> None:
    init, made = parts(DEFAULT)
    with pytest.raises(ValueError):
        Mp3(b"no init section", 96_000)
    mp3 = Mp3(init, 96_000)
    for broken in (b"no part", made[0][:50]):
        with pytest.raises(ValueError):
            mp3.push(broken)
    assert mp3.push(made[0]) + mp3.push(made[1])
