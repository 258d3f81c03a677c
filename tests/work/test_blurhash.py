"""Pictures as letters: what the algorithm's own page says of plain colours and of what is nowhere plain."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.work.making.blurhash import blurhash


@pytest.mark.parametrize(
    ("colour", "said"),
    [((255, 0, 0), "00TI:j"), ((0, 0, 0), "000000"), ((255, 255, 255), "00TSUA")],
)
def test_one_component_is_the_colour(colour: tuple[int, int, int], said: str) -> None:
    assert blurhash(np.full((8, 8, 3), colour, np.uint8), 1, 1) == said


def test_a_length_for_each_number_of_components() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (20, 32, 3)).astype(np.uint8)
    for across in range(1, 10):
        for down in range(1, 10):
            assert len(blurhash(noise, across, down)) == 4 + 2 * across * down


def test_left_and_right_are_told_apart() -> None:
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:, 8:] = 255
    there, mirrored = blurhash(picture), blurhash(picture[:, ::-1])
    assert there != mirrored and there[2:6] != "0000"
