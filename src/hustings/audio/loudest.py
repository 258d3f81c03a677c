"""Who is decoded and who is heard: the N loudest, by claims that have to prove true.

A packet may carry its sender's word for how loud it is (RFC 6464, in dBov). That saves decoding who is silent, and it is a
claim: it decides only who is *tried*. Whether somebody is heard is decided by his sound, in the same tick. Nobody who sounds
loses his place to a claim; a claim that the sound does not bear out is not believed for a while, for longer each time.

    state     event      next       when
    quiet     claims     tried      a place to be tried is free, for the loudest claims first, then for who waited longest
    tried     sounds     heard      he is audible, and there is room or he is clearly louder than the weakest
    tried     waits      quiet      he is audible, but not loud enough; or he claimed nothing, and there is nothing
    tried     silent     doubted    three ticks on end far below what was claimed
    heard     rests      quiet      inaudible for a second
    heard     outdone    quiet      somebody clearly louder has his place
    doubted   forgiven   quiet      after a second, two, four … a minute

Who claims nothing is tried in turn. Now and then one who claims silence is tried too: whoever is then found to sound has an
instrument that is wrong, and goes on as one who claims nothing. Levels are dB of full scale, time is in ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["quiet", "tried", "heard", "doubted"]
TRANSITIONS: dict[tuple[State, str], State] = {
    ("quiet", "claims"): "tried",
    ("tried", "sounds"): "heard",
    ("tried", "waits"): "quiet",
    ("tried", "silent"): "doubted",
    ("heard", "rests"): "quiet",
    ("heard", "outdone"): "quiet",
    ("doubted", "forgiven"): "quiet",
}

AUDIBLE_DB = -60.0
"""Below this nobody is missed: the room tone of a program lies at −65 dBFS."""
CLAIM_MOST_DB = -20.0
"""No claim counts for more: speech is hardly ever louder, and to claim more is no way to the front."""
SLACK_DB = 20.0
"""So far below its claim a sound may be: clocks, codec delay and meters differ."""
MARGIN_DB = 6.0
"""By so much a newcomer must be louder than the weakest of those who are heard."""
FALL_DB = 0.24
"""What the loudness of one who pauses loses in a tick (12 dB/s): a word is as loud as its vowels."""
HOLD_TICKS = 25
"""Nobody is outdone sooner."""
HANG_TICKS = 50
TRIES_MAX = 4
TRY_TICKS = 3
STRIKE_DB = 20.0
"""What each lie takes off the next claim's weight, until he was heard again."""
DOUBT_TICKS = 50
DOUBLINGS_MAX = 6
PROBE_TICKS = 10


class Claimed(bytes):
    """An Opus packet with what its sender claims of it (RFC 6464: 0 to 127, −dBov; None: nothing). In a jitter buffer it is
    the bytes that it is."""

    level: int | None

    def __new__(cls, payload: bytes, level: int | None) -> Claimed:
        made = super().__new__(cls, payload)
        made.level = level
        return made


def claim_of(payloads: Iterable[bytes]) -> float | None:
    """The loudest claim among packets, in dB; None when one of them carries none. Without packets nothing is claimed: silence."""
    loudest = -127.0
    for payload in payloads:
        level = payload.level if isinstance(payload, Claimed) else None
        if level is None:
            return None
        loudest = max(loudest, -float(level))
    return loudest


@dataclass(slots=True)
class Standing:
    """One person's. `claim` is that of this tick; `since` the tick of the last change of state."""

    state: State = "quiet"
    claim: float | None = None
    loudness: float = -127.0
    since: int = 0
    sounded: int = 0
    tried: int = 0
    misses: int = 0
    strikes: int = 0
    is_probed: bool = False
    is_wrong: bool = False

    def turn(self, event: str, now: int) -> None:
        self.state = TRANSITIONS[self.state, event]
        self.since = now
        self.misses = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is mixed in this tick. Of them `entered` begin with it, and `left` end with it."""

    heard: frozenset[str]
    entered: frozenset[str] = field(default_factory=frozenset)
    left: frozenset[str] = field(default_factory=frozenset)


class Loudest:
    """Once per tick `choose`, then `settle` with what came of those whom it chose."""

    def __init__(self, heard_max: int) -> None:
        if heard_max < 1:
            raise ValueError(f"{heard_max} people are to be heard")
        self._heard_max = heard_max
        self._people: dict[str, Standing] = {}
        self._now = 0

    def state(self, person: str) -> State:
        """Errors: `KeyError`."""
        return self._people[person].state

    def choose(self, claims: Mapping[str, float | None]) -> set[str]:
        """Whom to decode: everybody who is heard, and those who are tried. `claims` names everybody on the stage, with what he
        claims for the sound that is due now; `claim_of` makes it."""
        self._now += 1
        self._people = {one: self._people.get(one) or Standing() for one in claims}
        open_to_try: list[str] = []
        for person, standing in self._people.items():
            standing.claim = None if standing.is_wrong else claims[person]
            standing.is_probed = False
            if standing.state == "doubted" and self._now >= standing.since + self._doubt(standing):
                standing.turn("forgiven", self._now)
            if standing.state == "quiet" and (
                standing.claim is None or standing.claim >= AUDIBLE_DB
            ):
                open_to_try.append(person)
        if self._now % PROBE_TICKS == 0:
            open_to_try += self._probed()
        self._try(open_to_try)
        return {one for one, it in self._people.items() if it.state in ("heard", "tried")}

    def settle(self, levels: Mapping[str, float]) -> Verdict:
        """`levels`: the mean power, in dB, of each who was decoded in this tick."""
        left: set[str] = set()
        entered: set[str] = set()
        tried: list[tuple[float, str]] = []
        for person, level in levels.items():
            standing = self._people[person]
            standing.loudness = max(level, standing.loudness - FALL_DB)
            if standing.state == "tried":
                tried.append((level, person))
                continue
            if level >= AUDIBLE_DB:
                standing.sounded = self._now
            elif self._now - standing.sounded >= HANG_TICKS:
                standing.turn("rests", self._now)
                left.add(person)
        for level, person in sorted(tried, reverse=True):
            standing = self._people[person]
            if level >= AUDIBLE_DB and self._is_true(standing, level):
                self._admit(person, entered, left)
            elif self._is_true(standing, level):
                standing.turn("waits", self._now)
            else:
                self._miss(standing)
        heard = {one for one, it in self._people.items() if it.state == "heard"}
        return Verdict(frozenset(heard | left), frozenset(entered), frozenset(left))

    def _try(self, candidates: list[str]) -> None:
        states = [standing.state for standing in self._people.values()]
        room = max(TRIES_MAX, self._heard_max - states.count("heard")) - states.count("tried")
        for person in sorted(candidates, key=self._urgency)[: max(0, room)]:
            self._people[person].turn("claims", self._now)
            self._people[person].tried = self._now

    def _urgency(self, person: str) -> tuple[float, int]:
        """Loud claims first, in steps of 10 dB, those of liars later; among equals who was tried longest ago."""
        standing = self._people[person]
        claim = AUDIBLE_DB if standing.claim is None else min(standing.claim, CLAIM_MOST_DB)
        return (-((claim - standing.strikes * STRIKE_DB) // 10), standing.tried)

    def _probed(self) -> list[str]:
        """One who claims silence, the one that was tried longest ago; he is tried as one who claims nothing."""
        silent = [
            one
            for one, it in self._people.items()
            if it.state == "quiet" and it.claim is not None and it.claim < AUDIBLE_DB
        ]
        if not silent:
            return []
        person = min(silent, key=lambda one: self._people[one].tried)
        self._people[person].claim, self._people[person].is_probed = None, True
        return [person]

    def _is_true(self, standing: Standing, level: float) -> bool:
        return standing.claim is None or level >= min(standing.claim, CLAIM_MOST_DB) - SLACK_DB

    def _admit(self, person: str, entered: set[str], left: set[str]) -> None:
        standing = self._people[person]
        heard = [one for one, it in self._people.items() if it.state == "heard"]
        if len(heard) >= self._heard_max:
            weakest = min(heard, key=lambda one: self._people[one].loudness)
            other = self._people[weakest]
            louder = standing.loudness >= other.loudness + MARGIN_DB
            if not louder or self._now - other.since < HOLD_TICKS:
                standing.turn("waits", self._now)
                return
            other.turn("outdone", self._now)
            other.tried = self._now
            left.add(weakest)
        standing.turn("sounds", self._now)
        standing.sounded = self._now
        standing.strikes = 0
        standing.is_wrong |= standing.is_probed and standing.loudness >= AUDIBLE_DB + SLACK_DB
        entered.add(person)

    def _miss(self, standing: Standing) -> None:
        standing.misses += 1
        if standing.misses >= TRY_TICKS:
            standing.turn("silent", self._now)
            standing.strikes += 1

    @staticmethod
    def _doubt(standing: Standing) -> int:
        """How long he is not believed."""
        return DOUBT_TICKS << min(standing.strikes - 1, DOUBLINGS_MAX)
