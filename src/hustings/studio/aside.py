"""An encoder beside the loop, in a thread of its own.

FFmpeg's AAC encoder looks for the best use of its bits: most frames take it half a millisecond, a hard one six, a third of a
tick, and the next room's tick or a speaker's packet would wait for it. Listeners hear the sound seconds later: it may come with
the next tick. FFmpeg holds no lock of the interpreter while it works.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from hustings.audio.encoder import AccessUnit, ProgramEncoder
from hustings.studio.priority import keep_time

WAITING_MAX = 25
"""Frames that may wait for a thread that gets no processor, half a second; past that the tick waits."""


class Aside:
    """A `ProgramEncoder`. What is made of a frame comes with a later push, in order, or with `finish`; so does its error."""

    def __init__(self, encoder: ProgramEncoder) -> None:
        self.duration, self.config = encoder.duration, encoder.config
        self._encoder = encoder
        self._thread = ThreadPoolExecutor(1, "encoder", initializer=keep_time)
        self._waiting: deque[Future[list[AccessUnit]]] = deque()

    def set_bitrate(self, bitrate: int) -> None:
        """From the next frame on."""
        self._waiting.append(self._thread.submit(self._set_bitrate, bitrate))

    def push(self, clock: int, frame: NDArray[np.float32]) -> list[AccessUnit]:
        """What is done of the frames before."""
        made = self._done(WAITING_MAX)
        self._waiting.append(self._thread.submit(self._encoder.push, clock, frame))
        return made

    def finish(self) -> list[AccessUnit]:
        """What was still to come."""
        made = self._done(0)
        self._thread.shutdown()
        return made + self._encoder.finish()

    def _done(self, most: int) -> list[AccessUnit]:
        """Waits until no more than so many wait."""
        made: list[AccessUnit] = []
        while self._waiting and (len(self._waiting) > most or self._waiting[0].done()):
            made += self._waiting.popleft().result()
        return made

    def _set_bitrate(self, bitrate: int) -> list[AccessUnit]:
        self._encoder.set_bitrate(bitrate)
        return []
