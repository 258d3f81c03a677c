"""What is known of each voice on the stage, live: his microphone by what came of it, his road by what did not.

A tick keeps a reference to the sound that it decoded, no more. The looking is done after it (`Watches.look`): one transform a
tick at the most, a second of each who is heard, and each road once a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hustings.audio.clock import RATE, TICK
from hustings.audio.findings import Finding, Opinion, Road, findings
from hustings.audio.jitter_buffer import Stats
from hustings.audio.level import Samples
from hustings.audio.watch import SECONDS, Voice, VoiceWatch
from hustings.rtc.intake import Counts

TICKS_A_SECOND = RATE // TICK


@dataclass(frozen=True, slots=True)
class Told:
    """What hosts and he himself are told of one voice. `concealed_ms`: how much of the last `SECONDS` was made up."""

    finding: Finding
    voice: Voice
    road: Road
    concealed_ms: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where the counters stood at a look."""

    tick: int
    concealed: int
    counts: Counts


class Watched:
    """One person's. `hear` in every tick; the rest is `Watches`'."""

    def __init__(self, stats: Stats, waiting: deque[Watched]) -> None:
        self._stats = stats
        self._waiting = waiting
        self._heard: list[Samples] = []
        self._second: list[Samples] = []
        self._watch = VoiceWatch()
        self._opinion = Opinion()
        self._marks: deque[_Mark] = deque(maxlen=SECONDS + 1)
        self._road = Road()

    def hear(self, sound: Samples | None) -> None:
        """20 ms as they were decoded, before any gain, (960,); None: nothing came, or it was not decoded. What is looked at
        is a second on end: a seam would be noise that he never made."""
        if sound is None:
            self._heard.clear()
            return
        self._heard.append(sound)
        if len(self._heard) < TICKS_A_SECOND:
            return
        if not self._second:
            self._second = self._heard
            self._waiting.append(self)
        self._heard = []

    def look_at_sound(self) -> None:
        """The second that waits. One transform."""
        self._watch.second(np.concatenate(self._second))
        self._second = []

    def look_at_road(self, tick: int, counts: Counts) -> bool:
        """Once a second; whether what is said of him changed."""
        stats = self._stats
        made_up = stats.concealed_samples - stats.inserted_ticks * TICK
        mark = _Mark(tick, made_up, counts)
        if self._marks and counts.expected < self._marks[-1].counts.expected:
            self._marks.clear()  # another session, or another stream
        self._marks.append(mark)
        first = self._marks[0]
        passed = max(1, mark.tick - first.tick) * TICK
        sent = max(1, counts.expected - first.counts.expected)
        self._road = Road(
            lost=max(0, counts.lost - first.counts.lost) / sent,
            concealed=max(0, mark.concealed - first.concealed) / passed,
            jitter_ms=stats.jitter_ms,
            round_trip_ms=counts.round_trip_s * 1000,
        )
        said = self._opinion.said
        return self._opinion.look(findings(self._watch.voice, self._road)[0]) != said

    @property
    def told(self) -> Told:
        made_up = self._marks[-1].concealed - self._marks[0].concealed if self._marks else 0
        return Told(
            self._opinion.said, self._watch.voice, self._road, max(0, made_up) * 1000 // RATE
        )


class Watches:
    """Everybody on one stage."""

    def __init__(self) -> None:
        self._people: dict[str, Watched] = {}
        self._waiting: deque[Watched] = deque()
        self._tick = 0
        self._turns = 0

    def add(self, person: str, stats: Stats) -> Watched:
        """Somebody comes; `stats` are his jitter buffer's."""
        made = self._people[person] = Watched(stats, self._waiting)
        return made

    def forget(self, person: str) -> None:
        """Nothing if he is not there."""
        gone = self._people.pop(person, None)
        if gone is not None and gone in self._waiting:
            self._waiting.remove(gone)

    def told(self) -> dict[str, Told]:
        return {person: watched.told for person, watched in self._people.items()}

    def look(self, counts: Callable[[str], Counts]) -> bool:
        """After each tick. `counts` are a person's wire's. Whether what is said of anybody changed."""
        self._tick += 1
        if self._waiting:
            self._waiting.popleft().look_at_sound()
        is_news = False
        self._turns += len(self._people)  # each has his turn once in as many ticks as a second has
        while self._turns >= TICKS_A_SECOND:
            self._turns -= TICKS_A_SECOND
            person = next(iter(self._people))
            watched = self._people[person] = self._people.pop(person)
            is_news |= watched.look_at_road(self._tick, counts(person))
        return is_news
