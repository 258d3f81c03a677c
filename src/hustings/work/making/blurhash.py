"""A picture as a few letters that are drawn while it loads (https://github.com/woltapp/blurhash, Algorithm.md). Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
ACROSS, DOWN = 4, 3


def blurhash(pixels: NDArray[np.uint8], across: int = ACROSS, down: int = DOWN) -> str:
    """pixels: height × width × 3 of sRGB. 1 to 9 components each way."""
    height, width = pixels.shape[:2]
    srgb = pixels.astype(np.float64) / 255
    light = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    factors = []
    for j in range(down):
        for i in range(across):
            x = np.cos(math.pi * i * np.arange(width) / width)
            y = np.cos(math.pi * j * np.arange(height) / height)
            scale = (1 if i == j == 0 else 2) / (width * height)
            factors.append(scale * np.einsum("yxc,x,y->c", light, x, y))
    first, rest = factors[0], factors[1:]
    largest = max((float(np.abs(one).max()) for one in rest), default=0.0)
    step = max(0, min(82, int(largest * 166 - 0.5)))
    said = _letters(across - 1 + (down - 1) * 9, 1) + _letters(step if rest else 0, 1)
    said += _letters(_colour(first), 4)
    return said + "".join(_letters(_turn(one, (step + 1) / 166), 2) for one in rest)


def _letters(number: int, length: int) -> str:
    return "".join(LETTERS[number // 83**place % 83] for place in reversed(range(length)))


def _colour(light: Sequence[float] | NDArray[np.float64]) -> int:
    value = 0
    for one in light:
        one = min(1.0, max(0.0, float(one)))
        srgb = one * 12.92 if one <= 0.0031308 else 1.055 * one ** (1 / 2.4) - 0.055
        value = value << 8 | int(srgb * 255 + 0.5)
    return value


def _turn(factor: NDArray[np.float64], largest: float) -> int:
    """The three colours of a component, 19 steps each, finer near zero."""
    value = 0
    for one in factor:
        part = float(one) / largest
        root = math.copysign(math.sqrt(abs(part)), part)
        value = value * 19 + max(0, min(18, math.floor(root * 9 + 9.5)))
    return value
