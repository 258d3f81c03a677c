"""What is taken out of one speaker's sound by choice, his or a host's: rumble and hum (`hum`), steady noise (`denoise`).

Both are off until somebody asks. What is turned on or off is cross-faded over a tick. Off, a sound is passed through as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import TICK
from hustings.audio.denoise import Denoiser
from hustings.audio.hum import HumFilter

Samples = NDArray[np.float32]

_COMES: Samples = np.linspace(1 / TICK, 1, TICK, dtype=np.float32)
_GOES: Samples = _COMES[::-1] - _COMES[0]


class Treatment:
    """One speaker's. `turn` when it is asked for, `apply` for every tick in which he is listened to."""

    def __init__(self) -> None:
        self._wants_hum = self._wants_noise = False
        self._hum: HumFilter | None = None
        self._noise: Denoiser | None = None
        self._before: Samples | None = None  # what went into the denoiser last, or would have
        self._rings = False

    def turn(self, hum: bool, noise: bool) -> None:
        """From the next tick on: whether his hum, and whether his noise is taken out."""
        self._wants_hum, self._wants_noise = hum, noise

    def apply(self, sound: Samples | None, talking: bool) -> Samples | None:
        """A tick (960,) treated; None for None, once what still rings is out. `talking`: as far as is known."""
        if sound is None:
            return self._fall_silent(talking)
        if self._wants_hum or self._hum is not None:
            sound = self._without_hum(sound, talking)
        before, self._before = self._before, sound
        if self._wants_noise or self._noise is not None:
            sound = self._without_noise(sound, before)
        self._rings = self._hum is not None or self._noise is not None
        return sound

    def rest(self) -> None:
        """He is not listened to for a while: no sound of before may come when he is again."""
        self._rings, self._before = False, None
        for stage in (self._hum, self._noise):
            if stage is not None:
                stage.rest()

    def _without_hum(self, sound: Samples, talking: bool) -> Samples:
        comes = self._hum is None
        stage = self._hum = self._hum or HumFilter()
        made = stage.apply(sound, talking)
        if not self._wants_hum:
            self._hum = None
            return made * _GOES + sound * _COMES
        return sound * _GOES + made * _COMES if comes else made

    def _without_noise(self, sound: Samples, before: Samples | None) -> Samples:
        comes = self._noise is None
        if self._noise is None:
            self._noise = Denoiser(np.zeros(TICK, np.float32) if before is None else before)
        made = self._noise.apply(sound)
        if not self._wants_noise:
            self._noise = None
            return made * _GOES + sound * _COMES
        return sound * _GOES + made * _COMES if comes else made

    def _fall_silent(self, talking: bool) -> Samples | None:
        """The tick that is still inside, faded; then nothing."""
        if not self._rings:
            self._before = None
            return None
        made = self.apply(np.zeros(TICK, np.float32), talking)
        self.rest()
        return None if made is None else made * _GOES
