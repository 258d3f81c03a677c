"""What is said of a voice: each row of the table at its mark and short of it, and a sentence for each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hustings.audio.findings import (
    FINE,
    HOLD_LOOKS,
    KNOWN_SECONDS,
    MICROPHONE,
    ROAD,
    UNKNOWN,
    Finding,
    Opinion,
    Road,
    findings,
)
from hustings.audio.watch import Voice
from hustings.copy import catalogue, languages, say

GOOD = Voice(KNOWN_SECONDS, -20.0, -60.0, 0.001, 16_000, False, 0.02, 7_000.0)
CLEAN = Road(0.001, 0.0, 5.0, 40.0)


def test_nothing_is_wrong() -> None:
    assert findings(GOOD, CLEAN) == (FINE,)


def test_before_there_was_talk_enough_only_the_road_is_judged() -> None:
    early = replace(GOOD, seconds=KNOWN_SECONDS - 1, clipped=1.0)
    assert findings(early, CLEAN) == (UNKNOWN,)
    assert findings(early, replace(CLEAN, jitter_ms=50)) == (Finding("uneven", 50),)


@pytest.mark.parametrize(
    ("at", "short", "finding"),
    [
        ({"concealed": 0.01}, {"concealed": 0.009}, Finding("gaps", 1)),
        ({"lost": 0.03}, {"lost": 0.019}, Finding("lossy", 3)),
        ({"jitter_ms": 40}, {"jitter_ms": 39.9}, Finding("uneven", 40)),
        ({"round_trip_ms": 400}, {"round_trip_ms": 399}, Finding("far", 400)),
    ],
)
def test_roads(at: dict[str, float], short: dict[str, float], finding: Finding) -> None:
    assert findings(GOOD, replace(CLEAN, **at)) == (finding,)
    assert findings(GOOD, replace(CLEAN, **short)) == (FINE,)


@pytest.mark.parametrize(
    ("at", "short", "finding"),
    [
        ({"clipped": 0.02}, {"clipped": 0.0099}, Finding("clipped", 2)),
        ({"noise_db": -39.0}, {"noise_db": -40.0}, Finding("noisy", 19)),
        (
            {"band_hz": 4_000, "is_cut": True},
            {"band_hz": 4_000, "is_cut": False},
            Finding("narrow", 4),
        ),
        ({"level_db": -41.0, "noise_db": -80.0}, {"level_db": -40.0}, Finding("quiet", 41)),
        (
            {"band_hz": 8_000, "is_cut": True},
            {"band_hz": 11_500, "is_cut": True},
            Finding("wide", 8),
        ),
    ],
)
def test_microphones(at: dict[str, float], short: dict[str, float], finding: Finding) -> None:
    assert findings(replace(GOOD, **at), CLEAN)[0] == finding
    assert findings(replace(GOOD, **short), CLEAN) == (FINE,)


def test_the_road_goes_before_the_microphone() -> None:
    worst = findings(replace(GOOD, clipped=0.1), Road(0.2, 0.1, 90, 900))
    assert [one.name for one in worst] == ["gaps", "lossy", "uneven", "far", "clipped"]


def test_an_opinion_changes_when_another_has_stood() -> None:
    opinion = Opinion()
    assert [opinion.look(FINE) for _ in range(HOLD_LOOKS)][-2:] == [UNKNOWN, FINE]
    lossy = Finding("lossy", 3)
    assert opinion.look(lossy) == FINE and opinion.look(FINE) == FINE
    for _ in range(HOLD_LOOKS - 1):
        assert opinion.look(lossy) == FINE
    assert opinion.look(lossy) == lossy
    assert opinion.look(Finding("lossy", 4)) == Finding("lossy", 4)  # its figure at once


@pytest.mark.parametrize("lang", languages())
def test_every_finding_has_its_sentences(lang: str) -> None:
    sentences = catalogue(lang, "voice")
    names = {name for name, _ in ROAD + MICROPHONE} | {FINE.name, UNKNOWN.name}
    assert set(sentences) == {f"{name}.{to}" for name in names for to in ("host", "self", "help")}
    for id in sentences:
        said = say(sentences, id, name="Ana", figure=3)
        assert said and "{" not in said
        assert ("Ana" in said) == id.endswith(".host")
