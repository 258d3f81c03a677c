"""Parts read to the last box, compared, decoded: whole sound is whole, and each kind of damage is seen."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.encoder import AacEncoder
from hustings.hls.fmp4 import fragment, init_section
from hustings.hls.profile import DEFAULT, RATE
from hustings.hls.segmenter import Part, Segmenter
from hustings.hls.variant import aac
from hustings.rehearse import part
from hustings.rehearse.ear import Ear, drops
from hustings.rehearse.ledger import KEPT, Digests, Ledger

MSN = 466_000_000


def parts(count: int = 8, amplitude: float = 0.3) -> tuple[bytes, list[Part]]:
    """An init section and real AAC of a tone."""
    clock = DEFAULT.clock_at(MSN)
    encoder = AacEncoder(clock)
    variant = aac(encoder.config)
    segmenter = Segmenter(DEFAULT, variant)
    samples = (count * DEFAULT.part_samples // 960 + 4) * 960
    tone = amplitude * np.sin(2 * np.pi * 330 * np.arange(samples) / RATE)
    sound = np.repeat(tone.astype(np.float32)[:, None], 2, axis=1)
    found = []
    for at in range(0, samples, 960):
        for unit in encoder.push(clock + at, sound[at : at + 960]):
            if made := segmenter.push(unit.clock, unit.duration, unit.payload):
                found.append(made)
    return init_section(variant), found[:count]


INIT, PARTS = parts()


def test_a_part_is_read_to_its_units() -> None:
    sound = part.read(PARTS[1].payload)
    assert (sound.clock, sound.samples, len(sound.units)) == (PARTS[1].clock, 46_080, 45)
    whole = part.read(b"".join(one.payload for one in PARTS[:4]))
    assert (whole.clock, whole.samples) == (PARTS[0].clock, 184_320)
    assert part.decoder_config(INIT)[:1] == b"\x11"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0\0\x04free",
        PARTS[0].payload[:40],
        PARTS[0].payload[:-9],
        PARTS[0].payload + PARTS[2].payload,
        INIT,
    ],
)
def test_what_is_no_part(raw: bytes) -> None:
    with pytest.raises(ValueError):
        part.read(raw)


def test_an_init_section_without_aac() -> None:
    with pytest.raises(ValueError, match="no AAC"):
        part.decoder_config(b"\0\0\0\x08ftyp")
    with pytest.raises(ValueError, match="cannot be read"):
        part.decoder_config(b"esds" + bytes(20))


class TestLedger:
    def test_what_a_number_holds(self) -> None:
        ledger = Ledger()
        first = PARTS[0]
        assert ledger.check(first.name, first.payload, 0.96) == ""
        assert ledger.check(first.name, bytes(bytearray(first.payload)), 0.96) == ""
        assert ledger.check(first.name, first.payload + b"\0", 0.96) == "other_bytes"
        assert ledger.check(PARTS[1].name, first.payload, 0.96) == "wrong_clock"
        assert ledger.check(PARTS[1].name, b"x", 0.96) == "broken"
        short = fragment(1, PARTS[2].clock, 1024, [b"unit"])
        assert ledger.check(PARTS[2].name, short, 0.96) == "short"
        segment = b"".join(one.payload for one in PARTS[:4])
        assert ledger.check(f"s{MSN}.m4s", segment, 0.96) == ""
        assert ledger.check("init-0123456789abcdef.mp4", INIT, 0.96) == ""
        assert ledger.check("init-0123456789abcdee.mp4", b"<html>", 0.96) == "broken"
        assert [name for name, _ in ledger.new] == [
            first.name,
            f"s{MSN}.m4s",
            "init-0123456789abcdef.mp4",
        ]

    def test_at_the_limit_and_past_it(self) -> None:
        ledger = Ledger()
        for number in range(KEPT + 1):
            body = fragment(1, DEFAULT.clock_at(MSN + number), 1024, [b"u"] * 180)
            assert ledger.check(f"s{MSN + number}.m4s", body, 3.84) == ""
        # The oldest is forgotten: it is read anew, the others are compared.
        assert len(ledger.new) == KEPT + 1
        ledger.check(f"s{MSN}.m4s", fragment(1, DEFAULT.clock_at(MSN), 1024, [b"u"] * 180), 3.84)
        assert len(ledger.new) == KEPT + 2

    def test_processes_are_held_together(self) -> None:
        digests = Digests()
        assert digests.other([("a", "1"), ("b", "2")]) == []
        assert digests.other([("a", "1"), ("b", "3"), ("c", "4")]) == ["b"]


class TestEar:
    def heard(self, bodies: list[bytes], init: bytes = INIT) -> dict[str, float | int]:
        ear = Ear()
        ear.hear("init-1.mp4", init)
        for body in bodies:
            ear.hear("s1.0.m4s", body)
        return ear.told()

    def test_whole_sound(self) -> None:
        told = self.heard([one.payload for one in PARTS])
        assert told == {"parts": 8, "seconds": 7.68, "silent": 0, "drops": 0, "faults": 0}

    def test_silence(self) -> None:
        init, quiet = parts(3, 0.0)
        assert self.heard([one.payload for one in quiet], init)["silent"] == 3

    def test_what_no_decoder_takes(self) -> None:
        noise = fragment(1, PARTS[0].clock, 1024, [b"\xff" * 30] * 45)
        assert self.heard([PARTS[0].payload, noise, b"<html>"])["faults"] == 2

    def test_sound_that_breaks_off_and_comes_back(self) -> None:
        tone = np.full(RATE, 0.3, np.float32)
        assert drops(tone) == 0
        for gap_s, found in ((0.004, 0), (0.021, 1), (0.2, 1), (0.5, 0)):
            broken = tone.copy()
            broken[24_000 : 24_000 + round(gap_s * RATE)] = 0
            assert drops(broken) == found, gap_s
        quiet = tone.copy()
        quiet[20_000:24_000] = 0.001  # a pause that fades
        quiet[24_000:26_000] = 0
        assert drops(quiet) == 0
