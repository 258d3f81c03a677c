"""Rooms in every state, and the people of these tests."""

from __future__ import annotations

from hustings.rooms.commands import Asked
from hustings.rooms.journal import Event
from hustings.rooms.roles import Actor
from hustings.rooms.room import Plan, Room, plan_facts

CLOCK = 1_731_000_000 * 48_000
WAYS = {
    "planned": [],
    "open": ["doors_opened"],
    "on_air": ["doors_opened", "on_air"],
    "ended": ["doors_opened", "on_air", "ended"],
    "replay": ["doors_opened", "on_air", "ended", "replay_ready"],
}
BODIES = {"ended": {"by": "", "reason": "host"}}


def plan(**changes) -> Plan:
    facts = {
        "plan": "p" * 22,
        "key": "town-hall",
        "title": "Town hall",
        "description": "",
        "starts_at_ms": 1_731_000_000_000,
        "doors_before_s": 1_800,
        "picture": "",
        "picture_alt": "",
        "profile": "default",
        "listed": True,
        "host_name": "Ada",
    }
    return Plan(**{**facts, **changes})


class Stage:
    """A room that is told events one after the other."""

    def __init__(self, state: str = "planned") -> None:
        self.room = Room()
        self.tell("planned", plan_facts=plan_facts(plan()))
        for kind in WAYS[state]:
            self.tell(kind, **BODIES.get(kind, {}))

    def tell(self, kind: str, /, **body) -> None:
        self.room.apply(Event(self.room.n + 1, 1, CLOCK, CLOCK // 48, kind, body))

    def seat(self, *people: Actor) -> None:
        for who in people:
            self.tell("ticket_bound", ticket=who.ticket, device=who.device)
            self.tell(
                "joined",
                person=who.person,
                name=who.name,
                role=who.role,
                ticket=who.ticket,
                device=who.device,
                kind="browser",
            )

    def asked(self, who: Actor, body=None, speakers_max: int = 13) -> Asked:
        return Asked(self.room, who, body or {}, CLOCK, "f" * 22, speakers_max)


def person(role: str, letter: str, device: str = "", name: str = "") -> Actor:
    ticket = letter * 22
    return Actor(ticket[:8], role, name or letter.upper(), ticket, device or f"device-{letter}")


HOST = person("host", "h")
COHOST = person("cohost", "c")
SPEAKER = person("speaker", "s")
OTHER = person("speaker", "o")
LISTENER = person("listener", "l")
BY_ROLE = {"host": HOST, "cohost": COHOST, "speaker": SPEAKER, "listener": LISTENER}
