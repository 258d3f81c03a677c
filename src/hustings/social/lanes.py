"""Lanes of work: how each is bounded, and when a job that failed is tried again. Pure.

A new kind of work is a new `Lane` here and whoever performs it in `work/`: lanes share a table and nothing else, so one that
is full, slow or stuck holds up no other.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_WAIT_MS, LONGEST_WAIT_MS = 15_000, 7_200_000


@dataclass(frozen=True, slots=True)
class Lane:
    """`waiting_max` jobs wait at the most, `takes_max` times each is tried, `at_once` at a time in one process.

    A try ends after `patience_s`; a job whose holder died comes back `lease_s` after it was taken.
    """

    name: str
    waiting_max: int
    takes_max: int
    at_once: int
    patience_s: float
    lease_s: float

    def __post_init__(self) -> None:
        if self.lease_s <= self.patience_s:
            raise ValueError(f"a lease of {self.lease_s} s ends while its holder still works")
        if len(self.name) > 32 or min(self.waiting_max, self.takes_max, self.at_once) < 1:
            raise ValueError(f"no lane can be like that: {self.name[:40]!r}")


MAIL = Lane("mail", waiting_max=10_000, takes_max=12, at_once=2, patience_s=60.0, lease_s=120.0)
"""Twelve tries reach over about six hours: a mail server that is down for a night's work, or says "later" (RFC 5321, 4.5.4.1)."""

FAN_OUT = Lane(
    "fan_out", waiting_max=50_000, takes_max=8, at_once=2, patience_s=60.0, lease_s=120.0
)
"""One job for each post that many follow: half an hour without work, at 25 such posts a second."""

IMPORTS = Lane("imports", waiting_max=500, takes_max=3, at_once=1, patience_s=600.0, lease_s=900.0)
"""One archive at a time: whoever brings ten years of posts holds up nobody but the next who does."""


PICTURES = Lane("pictures", waiting_max=500, takes_max=3, at_once=1, patience_s=60.0, lease_s=90.0)
SOUNDS = Lane("sounds", waiting_max=100, takes_max=3, at_once=1, patience_s=900.0, lease_s=960.0)
"""What strangers sent, made anew. How many may wait is how much of a disk the raw files may take; and an hour of sound
keeps no picture waiting."""

LINKS = Lane("links", waiting_max=2_000, takes_max=3, at_once=2, patience_s=30.0, lease_s=60.0)
"""Pages elsewhere that are asked whether they know a profile: whoever is slow there is in nobody's way here."""

POLLS = Lane("polls", waiting_max=1_000, takes_max=8, at_once=2, patience_s=60.0, lease_s=120.0)
"""One job for each poll that is over. One that still runs waits in its own table, and takes nobody's place here."""

SCHEDULED = Lane(
    "scheduled", waiting_max=5_000, takes_max=12, at_once=2, patience_s=30.0, lease_s=60.0
)
"""One job for each post whose hour has come, like `POLLS`. Whoever wrote too much just now is tried again for hours."""


GOING_LIVE = Lane(
    "going_live", waiting_max=1_000, takes_max=12, at_once=2, patience_s=30.0, lease_s=60.0
)
"""One job for each room that goes on the air and says so."""

BELLS = Lane("bells", waiting_max=10_000, takes_max=8, at_once=1, patience_s=300.0, lease_s=360.0)
"""One job for each post of somebody of whose posts many asked to hear. Of its own, so that no feed waits for it."""


def wait_ms(takes: int, roll: float) -> int:
    """How long a job waits after its failed try number `takes` (from 1): doubling from 15 s to two hours, and of that between
    half and the whole, by `roll` (0 to 1), so that those who failed together do not come again together."""
    longest = min(FIRST_WAIT_MS << min(takes - 1, 20), LONGEST_WAIT_MS)
    return int(longest * (0.5 + roll / 2))
