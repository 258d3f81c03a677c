"""What a room does by itself as its clock runs: pure decisions, drafts out."""

from __future__ import annotations

from dataclasses import dataclass

from hustings.audio.clock import RATE, TICK, unix_ms
from hustings.rooms.journal import Draft
from hustings.rooms.room import ON_AIR, OPEN, Room
from hustings.rooms.stage import HERE, RECONNECTING

UNUSED_MS = 7_200_000
"""An open room to which nobody comes is given up this long after its hour: who waits for a late host must not be sent
away by a timer meant for empty stages."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Room clock samples."""

    place_kept: int
    nobody_ends: int
    dead_air: int


def limits(place_kept_s: int, nobody_ends_s: int, dead_air_s: int) -> Limits:
    return Limits(place_kept_s * RATE, nobody_ends_s * RATE, dead_air_s * RATE)


def air_due(room: Room, tick: int) -> bool:
    """Whether the scheduled moment lies in the tick that starts at `tick`, or was passed in an outage."""
    return room.state == OPEN and 0 < room.air_clock < tick + TICK


def places_given_up(room: Room, clock: int, limits: Limits) -> list[Draft]:
    """Those whose line dropped too long ago."""
    return [
        Draft("left", {"person": person.person, "reason": "lost"})
        for person in room.stage.people.values()
        if person.link == RECONNECTING and clock - person.lost_clock >= limits.place_kept
    ]


def given_up(room: Room, clock: int, nobody_since: int, limits: Limits) -> list[Draft]:
    """The end of a room on whose stage nobody has been since `nobody_since` (0: somebody is there)."""
    if not nobody_since or clock - nobody_since < limits.nobody_ends:
        return []
    assert room.plan is not None
    if room.state == OPEN and unix_ms(clock) < room.plan.starts_at_ms + UNUSED_MS:
        return []
    return [Draft("ended", {"by": "", "reason": "nobody"})]


def anybody(room: Room) -> bool:
    return any(person.link == HERE for person in room.stage.people.values())


def dead_air(room: Room, clock: int, audible_clock: int, limits: Limits) -> bool:
    """On the air, and nothing audible for too long."""
    since = max(audible_clock, room.on_air_clock)
    return room.state == ON_AIR and clock - since >= limits.dead_air


def host_away(room: Room) -> bool:
    """A host was here and is not now: the co-host has the power, and must know."""
    hosts = [person for person in room.stage.people.values() if person.role == "host"]
    return room.alive and bool(hosts) and all(person.link != HERE for person in hosts)
