"""The shipped voices, and two of them on one grid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hustings.demo import sound
from hustings.demo.serve import VOICES
from hustings.demo.sound import SILENCE, Conversation, VoiceTrack, read_packets

FOLDER = Path(sound.__file__).with_name("voices")


def _conversation() -> Conversation:
    return Conversation({"Ana": [b"a0", b"a1", b"a2"], "Ben": [b"b0", b"b1"]}, 100.0)


def test_the_shipped_voices_have_one_length() -> None:
    counts = {name: len(read_packets(FOLDER / file)) for name, (_, file) in VOICES.items()}
    assert len(set(counts.values())) == 1
    length_s = json.loads((FOLDER / "script.json").read_text())["length_s"]
    assert counts["Ana"] == pytest.approx(length_s * 50, abs=2)


def test_silence_until_it_begins_then_from_the_first_word_in_a_loop() -> None:
    talk = _conversation()
    assert talk.packet("Ana", talk.frame_at(100.5)) == SILENCE
    talk.begin(100.51)
    first = talk.frame_at(100.51) + 1
    assert [talk.packet("Ana", first + n) for n in range(-1, 5)] == [
        SILENCE,
        b"a0",
        b"a1",
        b"a2",
        b"a0",
        b"a1",
    ]
    assert [talk.packet("Ben", first + n) for n in range(4)] == [b"b0", b"b1", SILENCE, b"b0"]


def test_a_track_goes_on_frame_by_frame_and_skips_what_a_sleeping_machine_missed() -> None:
    track = VoiceTrack(_conversation(), "Ana")
    assert [track._next(now) for now in (100.11, 100.12, 100.15, 100.16)] == [5, 6, 7, 8]
    assert track._next(100.0 + 0.02 * (8 + sound.LATE_FRAMES) + 0.001) == 9
    assert track._next(100.0 + 0.02 * (9 + sound.LATE_FRAMES + 1) + 0.001) == 35


def test_a_due_moment_is_that_of_its_frame() -> None:
    talk = _conversation()
    for frame in (0, 1, 7, 12_345):
        assert talk.frame_at(talk.due_s(frame) + 0.001) == frame
