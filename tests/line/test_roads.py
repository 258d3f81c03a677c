"""A voice on bad roads, whole, on virtual time: Chromium's packet forms through intake, jitter buffer and decoder."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.clock import RATE, TICK
from tests.audio.sounds import delay_of, voice
from tests.line.roads import travel

SAID = voice(10, seed=3)
TICKS = len(SAID) // TICK
END_TICKS = 5
"""Guessed when the talk breaks off."""


@pytest.mark.parametrize(
    ("profile", "most"), [("P0", 0.0), ("P1", 0.01), ("P2", 0.01), ("P3", 0.02), ("P6", 0.015)]
)
@pytest.mark.parametrize("probes", [0, 2], ids=["", "probed"])
def test_little_of_a_voice_is_guessed(profile: str, most: float, probes: int) -> None:
    voyage = travel(SAID, profile, probes=probes)
    stats = voyage.buffer.stats
    assert stats.concealed_ticks - END_TICKS <= most * TICKS
    assert stats.restarts == 0
    assert np.all(np.isfinite(voyage.sound))


@pytest.mark.parametrize("probes", [0, 2], ids=["", "probed"])
def test_red_alone_restores_nine_of_ten(probes: int) -> None:
    """Nobody answers a NACK; one packet in ten is lost, and of these one in ten has its neighbour lost too."""
    voyage = travel(SAID, "P3", probes=probes, answers=False)
    assert voyage.restored >= 0.8 * 0.1 * TICKS
    assert voyage.buffer.stats.concealed_ticks - END_TICKS <= 0.025 * TICKS


def test_probes_are_no_loss() -> None:
    voyage = travel(SAID, "P0", probes=2)
    assert voyage.buffer.stats.lost == voyage.buffer.stats.late == 0


def test_a_clean_road_adds_less_than_60_ms() -> None:
    voyage = travel(SAID, "P0")
    assert delay_of(voyage.sound, SAID) <= 60 * RATE / 1000


def test_a_second_without_packets_costs_a_second_and_no_delay() -> None:
    voyage = travel(voice(16, seed=3), "P5")
    assert voyage.delays_ticks[-1] <= voyage.delays_ticks[300] + 2
    assert voyage.buffer.stats.restarts == 0


def test_bursts_deepen_the_buffer() -> None:
    voyage = travel(voice(16, seed=3), "P4")
    assert voyage.delays_ticks[-1] >= 3


@pytest.mark.parametrize("parts_per_million", [-300, 300])
def test_a_wrong_clock_is_followed(parts_per_million: int) -> None:
    voyage = travel(voice(40, seed=4), "P0", parts_per_million=parts_per_million)
    assert max(voyage.delays_ticks) <= 3
    assert voyage.buffer.stats.lost == 0
