"""Comfort noise: where a road breaks off in the middle of somebody's sound, his own room goes on for a moment.

After five guesses nothing is known any more of what he says, and a fall from his room into nought says "gone" before anybody can
know it. So noise of his own level takes over from the last guess and fades within a second. By then he is back, or his
line counts as broken soon (`studio/sessions.SILENCE_NS`). Who sends silence himself (DTX) gets what he sent.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import TICK
from hustings.audio.jitter_buffer import DRY_TICKS_MAX
from hustings.audio.room_tone import ROOM_TONE_DBFS, RoomTone

Samples = NDArray[np.float32]

WHOLE_TICKS, LAST_TICKS = 20, 50
"""So long it is as loud as his room, and after so long it is gone: as long as a speaker who fell silent has his clean feed
(`ears.HANG_TICKS`), so that he never hears it."""
LOUDEST_DB = -45.0
"""A room may be louder; a noise that we make is not."""
_RAMP = np.arange(1, TICK + 1, dtype=np.float32) / TICK


class Comfort:
    """One speaker's. `tick` for every tick in which he is listened to."""

    def __init__(self) -> None:
        self._tone = RoomTone()
        self._gain = 0.0
        self._ticks = self._at = 0
        # A guess fades, and what is learned of it is no room: the level is that of before.
        self._rooms: deque[float] = deque(maxlen=DRY_TICKS_MAX + 2)

    def tick(self, sound: Samples | None, stalled: bool, noise_db: float) -> Samples | None:
        """`sound` (960,) or None, as his decoder gave it; while his road is `stalled`, with noise on it. `noise_db`: how loud his
        room is now, as far as is known (dBFS)."""
        if stalled:
            self._ticks += 1
            wanted = self._wanted()
        else:
            self._rooms.append(noise_db)
            self._ticks, wanted = 0, 0.0
        if not wanted and not self._gain:
            return sound
        before, self._gain = self._gain, wanted
        self._at += TICK
        ramp = np.asarray(before + (wanted - before) * _RAMP, np.float32)
        noise = self._tone.tick(self._at)[:, 0] * ramp
        return noise if sound is None else sound + noise

    def _wanted(self) -> float:
        """Its gain at the end of this tick."""
        noise_db = self._rooms[0] if self._rooms else ROOM_TONE_DBFS
        left = min(1.0, max(0.0, (LAST_TICKS - self._ticks) / (LAST_TICKS - WHOLE_TICKS)))
        return left * 10 ** ((min(noise_db, LOUDEST_DB) - ROOM_TONE_DBFS) / 20)
