"""The people of a room: who is on the stage, whose line dropped, who is muted. A fold of journal events.

A person's link is *here* (his session runs), *reconnecting* (dropped; his place is kept), or *away* (place given up).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hustings.rooms.roles import HOSTS

HERE, RECONNECTING, AWAY = "here", "reconnecting", "away"


@dataclass(slots=True)
class Person:
    """`lost_clock` is when the line dropped (room clock), 0 while it stands. `hum` and `noise`: whether they are taken out of his
    sound, as he or a host asked."""

    person: str
    name: str
    role: str
    ticket: str
    device: str
    kind: str = "browser"
    link: str = HERE
    muted: bool = False
    muted_by: str = ""
    hum: bool = False
    noise: bool = False
    lost_clock: int = 0


@dataclass(slots=True)
class Stage:
    """People by id in the order in which they came, devices by ticket, and tickets that were taken back."""

    people: dict[str, Person] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)  # device -> person whose ticket it holds
    revoked: set[str] = field(default_factory=set)
    signed: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def present(self) -> list[Person]:
        """Those who hold a place: here or reconnecting."""
        return [person for person in self.people.values() if person.link != AWAY]

    def hosts_here(self) -> list[Person]:
        return [person for person in self.present() if person.role in HOSTS and person.link == HERE]

    def apply(self, kind: str, clock: int, body: Mapping[str, Any]) -> None:
        """One journal event; kinds that are not about people are passed over."""
        match kind:
            case "joined":
                self._joined(body)
            case "lost":
                self._set_link(body["person"], RECONNECTING, clock)
            case "back":
                self._set_link(body["person"], HERE, 0)
            case "left":
                self._set_link(body["person"], AWAY, 0)
            case "removed":
                self._set_link(body["person"], AWAY, 0)
                self.revoked.add(body["ticket"])
            case "muted":
                if (person := self.people.get(body["person"])) is not None:
                    person.muted, person.muted_by = body["muted"], body["by"]
            case "treated":
                if (person := self.people.get(body["person"])) is not None:
                    person.hum, person.noise = body["hum"], body["noise"]
            case "renamed":
                if (person := self.people.get(body["person"])) is not None:
                    person.name = body["name"]
            case "ticket_signed":
                self.signed[body["ticket"]] = {"role": body["role"], "name": body["name"]}
            case "ticket_revoked":
                self.revoked.add(body["ticket"])
            case "ticket_bound":
                self.devices[body["ticket"]] = body["device"]
                self.waiting.pop(body["device"], None)
            case "device_waiting":
                self.waiting[body["device"]] = body["person"]

    def _joined(self, body: Mapping[str, Any]) -> None:
        known = self.people.get(body["person"])
        self.people[body["person"]] = Person(
            person=body["person"],
            name=known.name if known else body["name"],
            role=body["role"],
            ticket=body["ticket"],
            device=body["device"],
            kind=body.get("kind", "browser"),
            muted=known.muted if known and known.link != AWAY else False,
            muted_by=known.muted_by if known and known.link != AWAY else "",
            hum=known.hum if known else False,
            noise=known.noise if known else False,
        )

    def _set_link(self, person_id: str, link: str, lost_clock: int) -> None:
        if (person := self.people.get(person_id)) is not None:
            person.link, person.lost_clock = link, lost_clock
