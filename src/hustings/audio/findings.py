"""What is wrong with a voice, and whose fault it is: figures of a microphone and of a road against a table.

The road goes first: what it loses cannot be heard in the microphone. Each finding's name is the id of its sentences in
`copy/{lang}/voice.json`: `{name}.host` about somebody, `{name}.self` to himself, `{name}.help` what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hustings.audio.watch import Voice

KNOWN_SECONDS = 3
"""A microphone is judged after so many seconds of talk."""
HOLD_LOOKS = 3
"""A finding is said once it has stood for so many looks, so that no sentence flickers."""


@dataclass(frozen=True, slots=True)
class Road:
    """The last seconds between a speaker and us: shares of packets lost and of sound made up, 0 to 1; milliseconds."""

    lost: float = 0.0
    concealed: float = 0.0
    jitter_ms: float = 0.0
    round_trip_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`figure` stands in the sentence: percent, milliseconds, decibels or kilohertz, whole."""

    name: str
    figure: int = 0


FINE, UNKNOWN = Finding("fine"), Finding("unknown")
Figure = Callable[[Voice, Road], float | None]
"""The figure of a finding that holds, else None."""


def _if(holds: bool, figure: float) -> float | None:
    return figure if holds else None


ROAD: tuple[tuple[str, Figure], ...] = (
    ("gaps", lambda _, road: _if(road.concealed >= 0.01, road.concealed * 100)),
    ("lossy", lambda _, road: _if(road.lost >= 0.02, road.lost * 100)),
    ("uneven", lambda _, road: _if(road.jitter_ms >= 40, road.jitter_ms)),
    ("far", lambda _, road: _if(road.round_trip_ms >= 400, road.round_trip_ms)),
)
MICROPHONE: tuple[tuple[str, Figure], ...] = (
    ("clipped", lambda voice, _: _if(voice.clipped >= 0.01, voice.clipped * 100)),
    ("noisy", lambda voice, _: _if(_over_noise(voice) < 20, _over_noise(voice))),
    ("narrow", lambda voice, _: _if(voice.is_cut and voice.band_hz < 6_500, voice.band_hz / 1000)),
    ("quiet", lambda voice, _: _if(voice.level_db < -40, -voice.level_db)),
    ("wide", lambda voice, _: _if(voice.is_cut and voice.band_hz < 11_500, voice.band_hz / 1000)),
)
"""The worst first. Marks: 1 % of sound made up is heard as gaps; a jitter buffer takes 40 ms without being noticed; speech 20 dB
above its room is easy to follow; narrow-band links end at 3.4 to 4 kHz, wide-band ones at 7 to 8 (a filter's slope is above)."""


def findings(voice: Voice, road: Road) -> tuple[Finding, ...]:
    """All that holds, the worst first; `FINE` if nothing does, `UNKNOWN` before there was talk enough to say so."""
    known = voice.seconds >= KNOWN_SECONDS
    table = ROAD + (MICROPHONE if known else ())
    found = [(name, figure(voice, road)) for name, figure in table]
    wrong = tuple(Finding(name, round(size)) for name, size in found if size is not None)
    return wrong or ((FINE,) if known else (UNKNOWN,))


class Opinion:
    """The one finding that is said of a speaker: it changes when another has stood for `HOLD_LOOKS`."""

    def __init__(self) -> None:
        self.said = UNKNOWN
        self._next, self._looks = "", 0

    def look(self, found: Finding) -> Finding:
        """Takes the worst finding of now; what is to be said."""
        self._looks = self._looks + 1 if found.name == self._next else 1
        self._next = found.name
        if found.name == self.said.name or self._looks >= HOLD_LOOKS:
            self.said = found
        return self.said


def _over_noise(voice: Voice) -> float:
    return voice.level_db - voice.noise_db
