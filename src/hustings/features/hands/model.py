"""PURE. The queue of hands: a fold of its journal events, and what each command does to it.

A listener raises a hand with the ticket that his knock got him; called up, he is signed a speaker's ticket and becomes
another person on the stage. `called` remembers which hand led to which ticket until he steps down or is sent back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hustings.rooms.journal import Draft
from hustings.rooms.permissions import ALIVE, Rule
from hustings.rooms.roles import HOSTS, Actor, Refusal

NOTE_MAX = 140
QUEUE_MAX = 500
ASKERS = frozenset({"listener", "speaker"})
RULES: Mapping[str, Rule] = {
    "raise": Rule(ASKERS, ALIVE),
    "lower": Rule(ASKERS, ALIVE),
    "call": Rule(HOSTS, ALIVE),
    "dismiss": Rule(HOSTS, ALIVE),
    "step_down": Rule(frozenset({"speaker"}), ALIVE),
}


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand that is up. `role` says whether a call makes a ticket (listener) or only gives the word (speaker)."""

    person: str
    name: str
    role: str
    note: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Called:
    """A call that stands: the speaker's ticket that it made (its id) and whose it is."""

    ticket: str
    name: str

    @property
    def person(self) -> str:
        """Who he is on the stage, once he comes."""
        return self.ticket[:8]


@dataclass(slots=True)
class Queue:
    """Hands in the order in which they went up, and calls by the listener's person."""

    hands: dict[str, Hand] = field(default_factory=dict)
    called: dict[str, Called] = field(default_factory=dict)

    def apply(self, kind: str, at_ms: int, body: Mapping[str, Any]) -> None:
        """One event of the room's journal; what is not about hands is passed over."""
        match kind:
            case "hands.raised":
                self.hands[body["person"]] = Hand(
                    body["person"], body["name"], body["role"], body["note"], at_ms
                )
            case "hands.lowered":
                self.hands.pop(body["person"], None)
            case "hands.called":
                hand = self.hands.pop(body["person"], None)
                if hand is not None and body.get("ticket"):
                    self.called[body["person"]] = Called(body["ticket"], hand.name)
            case "removed" | "ticket_revoked" | "hands.stepped_down":
                self._forget(body["ticket"])
            case "ended":
                self.hands.clear()
                self.called.clear()

    def place(self, person: str) -> int:
        """His place in the queue from 1, or 0."""
        return list(self.hands).index(person) + 1 if person in self.hands else 0

    def caller(self, ticket: str) -> str | None:
        """The listener who was called up with this ticket."""
        return next(
            (person for person, called in self.called.items() if called.ticket == ticket), None
        )

    def _forget(self, ticket: str) -> None:
        person = self.caller(ticket)
        if person is not None:
            del self.called[person]


def decide(
    queue: Queue, command: str, actor: Actor, body: Mapping[str, Any], fresh: str
) -> list[Draft]:
    """The drafts of one command. `fresh` is the id of the ticket that a call would sign. Errors: `Refusal`."""
    match command:
        case "raise":
            return _raise(queue, actor, body)
        case "lower":
            return _lower(queue, actor.person, actor)
        case "dismiss":
            return _dismiss(queue, actor, body)
        case "call":
            return _call(_named(queue, body), actor, fresh)
        case "step_down":
            return _step_down(queue, actor)
    raise Refusal("command_unknown")


def _raise(queue: Queue, actor: Actor, body: Mapping[str, Any]) -> list[Draft]:
    note = body.get("note", "")
    if not isinstance(note, str) or len(note) > NOTE_MAX:
        raise Refusal("bad_request", field="note")
    if actor.person in queue.hands or actor.person in queue.called:
        raise Refusal("hand_up_already")
    if len(queue.hands) >= QUEUE_MAX:
        raise Refusal("queue_full")
    raised = {"person": actor.person, "name": actor.name, "role": actor.role, "note": note.strip()}
    return [Draft("hands.raised", raised)]


def _lower(queue: Queue, person: str, actor: Actor) -> list[Draft]:
    if person not in queue.hands:
        return []
    return [Draft("hands.lowered", {"person": person, "by": actor.person})]


def _dismiss(queue: Queue, actor: Actor, body: Mapping[str, Any]) -> list[Draft]:
    """A hand goes down, or one who was called up goes back, come or not."""
    for called in queue.called.values():
        if called.person == body.get("person"):
            sent = {"person": called.person, "ticket": called.ticket, "by": actor.person}
            return [Draft("removed", sent)]
    return _lower(queue, _named(queue, body).person, actor)


def _call(hand: Hand, actor: Actor, fresh: str) -> list[Draft]:
    called = {"person": hand.person, "by": actor.person}
    if hand.role != "listener":
        return [Draft("hands.called", called)]
    signed = {"ticket": fresh, "role": "speaker", "name": hand.name, "by": actor.person}
    return [Draft("ticket_signed", signed), Draft("hands.called", {**called, "ticket": fresh})]


def _step_down(queue: Queue, actor: Actor) -> list[Draft]:
    if queue.caller(actor.ticket) is None:
        raise Refusal("wrong_state")
    left = {"person": actor.person, "ticket": actor.ticket, "by": actor.person}
    return [Draft("hands.stepped_down", left), Draft("removed", left)]


def _named(queue: Queue, body: Mapping[str, Any]) -> Hand:
    hand = queue.hands.get(str(body.get("person")))
    if hand is None:
        raise Refusal("hand_unknown")
    return hand
