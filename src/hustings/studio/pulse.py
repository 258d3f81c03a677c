"""The pulse: what a listener sees besides sound, constant in size whatever the stage (`docs/protocol.md`, "Live host")."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hustings.audio.clock import RATE, unix_ms
from hustings.rooms.brownout import STEPS
from hustings.rooms.crowd import BEACONS_PER_S, EVERY_S, Estimate, next_s
from hustings.rooms.room import REPLAY, Room
from hustings.rooms.stage import AWAY, Person

PULSE_MAX = 4_096
NAME_CUT = 20
TITLE_CUT = 80
TALKED_SAMPLES = 30 * RATE
SAMPLED_NEXT_S = 10
SAMPLED_SHARE = 8
"""In a brownout a pulse is asked for no sooner than this, and beacons are an eighth as many."""


@dataclass(frozen=True, slots=True)
class Brownout:
    """Where a room stands: its step, and since when."""

    step: int = 0
    since_ms: int | None = None

    @property
    def beacons(self) -> int:
        """Beacons per second that this room may cost."""
        return BEACONS_PER_S // (SAMPLED_SHARE if STEPS[self.step].sampled else 1)

    def tree(self) -> dict[str, Any]:
        return {"step": self.step, "since_ms": self.since_ms, "says": STEPS[self.step].says}


@dataclass(frozen=True, slots=True)
class Reach:
    """Who listens: the estimate (None: not known), the probability of beacons, and the brownout."""

    listeners: Estimate | None
    p: float
    brownout: Brownout

    @property
    def next_s(self) -> int:
        soon = next_s(self.listeners.count if self.listeners else 0)
        return max(soon, SAMPLED_NEXT_S) if STEPS[self.brownout.step].sampled else soon

    def tree(self) -> dict[str, Any]:
        """As in the pulse. A whole p is an int, so that it is spelled as JavaScript spells it."""
        listeners = self.listeners
        return {
            "next_s": self.next_s,
            "listeners": counted(listeners),
            "beacon": {"p": 1 if self.p == 1 else self.p, "every_s": EVERY_S},
            "brownout": self.brownout.tree(),
        }


def counted(listeners: Estimate | None) -> dict[str, int] | None:
    """An estimate as JSON."""
    return {"count": listeners.count, "error": listeners.error} if listeners else None


@dataclass(slots=True)
class Talk:
    """Who talked when, on the room's clock, for the last 30 s. `since` holds those who talk now."""

    since: dict[str, int] = field(default_factory=dict)
    past: list[tuple[str, int, int]] = field(default_factory=list)

    def note(self, clock: int, talking: Iterable[str]) -> bool:
        """Who talks at `clock`; whether that changed."""
        now = set(talking)
        if now == self.since.keys():
            return False
        for person in self.since.keys() - now:
            self.past.append((person, self.since.pop(person), clock))
        for person in now - self.since.keys():
            self.since[person] = clock
        self.past = [row for row in self.past if row[2] > clock - TALKED_SAMPLES]
        return True

    def rows(self, clock: int) -> list[dict[str, Any]]:
        """As in the pulse, the latest first."""
        open_rows = [
            {"id": person, "from_ms": unix_ms(since), "to_ms": None}
            for person, since in self.since.items()
        ]
        shut_rows = [
            {"id": person, "from_ms": unix_ms(since), "to_ms": unix_ms(until)}
            for person, since, until in reversed(self.past)
            if until > clock - TALKED_SAMPLES
        ]
        return open_rows + shut_rows


def pulse(
    room: Room,
    talk: Talk,
    now_ms: int,
    clock: int,
    addresses: tuple[str, str],
    features: Mapping[str, Any],
    reach: Reach,
) -> bytes:
    """The JSON of `pulse.json`, at most `PULSE_MAX` bytes: names are cut first, then the oldest talk and the last people
    are left out. `addresses` are the stage host's and this room's on the live host."""
    assert room.plan is not None
    tree: dict[str, Any] = {
        "v": 1,
        "key": room.plan.key,
        "title": room.plan.title,
        "state": room.state,
        "now_ms": now_ms,
        "starts_at_ms": room.plan.starts_at_ms,
        "air_at_ms": unix_ms(room.air_clock) if room.air_clock else None,
        "on_air_since_ms": unix_ms(room.on_air_clock) if room.on_air_clock else None,
        "ended_at_ms": room.ended_ms or None,
        "late_reason": room.late_reason,
        "stage": [_listed(person) for person in _in_view(room, talk)],
        "talked": talk.rows(clock) if room.on_air_clock else [],
        "hands": 0,
        "stage_url": addresses[0],
        "live_url": addresses[1],
        "replay": room.state == REPLAY,
        "term": room.term,
        **reach.tree(),
        **features,
    }
    return _fitted(tree)


def _listed(person: Person) -> dict[str, Any]:
    return {
        "id": person.person,
        "name": person.name,
        "role": person.role,
        "muted": person.muted,
    }


def _in_view(room: Room, talk: Talk) -> list[Person]:
    """Those on the stage, hosts and talkers first, so that whoever is left out of a full pulse is silent."""
    present = [person for person in room.stage.people.values() if person.link != AWAY]
    rank = {"host": 0, "cohost": 1}
    recent = set(talk.since) | {row[0] for row in talk.past}
    return sorted(
        present, key=lambda person: rank.get(person.role, 2 + (person.person not in recent))
    )


def _fitted(tree: dict[str, Any]) -> bytes:
    raw = _packed(tree)
    if len(raw) <= PULSE_MAX:
        return raw
    tree["title"] = tree["title"][:TITLE_CUT]
    tree["stage"] = [{**row, "name": row["name"][:NAME_CUT]} for row in tree["stage"]]
    while len(raw := _packed(tree)) > PULSE_MAX:
        longer = max(("talked", "stage"), key=lambda name: len(tree[name]))
        if not tree[longer]:
            raise ValueError(f"a pulse of {len(raw)} bytes without people in it")
        tree[longer].pop()
    return raw


def _packed(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
