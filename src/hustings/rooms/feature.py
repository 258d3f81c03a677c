"""The shape of a room feature towards studio. A feature lives in `features/{name}/`; studio calls it, it never calls studio.

Its studio part gets journal events and copies of packets over bounded queues, outside of the tick. `Stage` is all that it
is given of the room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hustings.rooms.journal import Draft, Event
from hustings.rooms.permissions import Rule
from hustings.rooms.roles import Actor
from hustings.rooms.room import Room


@dataclass(frozen=True, slots=True)
class Granted:
    """What a feature's command leads to: drafts for the journal, tickets to sign, and the reply.

    `sign` names tickets to be signed *after* the drafts are in the journal: reply field -> (role, name, ticket id).
    """

    drafts: Sequence[Draft] = ()
    reply: Mapping[str, Any] = field(default_factory=dict)


class Stage(Protocol):
    """What studio lends to a feature of one room."""

    room: Room
    room_dir: Path
    published_dir: Path
    records: bool
    """Whether this server keeps recordings."""

    def sign(self, role: str, name: str, ticket_id: str) -> str:
        """A token for this room."""

    def fresh(self) -> str:
        """A new 22-character id."""

    def now(self) -> int:
        """The room's clock."""

    def now_ms(self) -> int:
        """The wall clock in ms, for rooms whose clock stands still."""

    def url(self, path: str) -> str:
        """An address on the stage host."""

    def append(self, drafts: Sequence[Draft]) -> None:
        """Writes events of the feature's own accord (a replay is ready, say)."""

    def alarm(self, code: str, on: bool, text: str = "") -> None:
        """Raises or lowers an alarm on the hosts' pages."""


class Feature(Protocol):
    """One feature of one room."""

    name: str
    rules: Mapping[str, Rule]

    def decide(self, command: str, actor: Actor, body: Mapping[str, Any]) -> Granted:
        """A command (without the feature's name). Errors: `Refusal`."""

    def apply(self, event: Event) -> None:
        """Every event of the journal, also while it is read back after a restart."""

    def view(self, actor: Actor) -> Mapping[str, Any]:
        """What this person sees of the feature (`View.features.{name}`)."""

    def pulse(self) -> Mapping[str, Any]:
        """What listeners see, a few bytes."""

    async def run(self) -> None:
        """The feature's own work beside the room; cancelled when the room goes."""

    def download(self, token: str, file: str) -> Path | None:
        """A file behind `GET /recording/{key}/{token}/{file}`, or none."""
