"""A sound that lies under others and repeats without a seam: a function of the clock alone, the same after a restart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import TICK

Samples = NDArray[np.float32]


class Looped:
    """`table` (n, 2), n whole ticks, begins at clock 0 and again after each n samples."""

    def __init__(self, table: Samples) -> None:
        self._table = table

    def tick(self, clock: int) -> Samples:
        """The tick that starts at `clock`, (960, 2). Errors: `ValueError` when that is not the start of a tick."""
        if clock % TICK:
            raise ValueError(f"the clock {clock} is not a multiple of {TICK} samples")
        start = clock % len(self._table)
        return self._table[start : start + TICK]
