"""Hands, in studio: commands to the model, the model's fold to each page's view."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hustings.features.hands import model
from hustings.rooms.feature import Granted, Stage
from hustings.rooms.journal import Event
from hustings.rooms.roles import HOSTS, Actor


class Hands:
    """One room's hands."""

    name = "hands"
    rules = model.RULES

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._queue = model.Queue()

    def decide(self, command: str, actor: Actor, body: Mapping[str, Any]) -> Granted:
        return Granted(model.decide(self._queue, command, actor, body, self._stage.fresh()))

    def apply(self, event: Event) -> None:
        self._queue.apply(event.type, event.at_ms, event.body)

    def view(self, actor: Actor) -> Mapping[str, Any]:
        """Hosts see the queue; everyone his own hand, and the ticket that a call brought."""
        view: dict[str, Any] = {
            "count": len(self._queue.hands),
            "place": self._queue.place(actor.person),
            "called": None,
            "called_up": self._queue.caller(actor.ticket) is not None,
        }
        if (called := self._queue.called.get(actor.person)) is not None:
            view["called"] = {"ticket": self._stage.sign("speaker", called.name, called.ticket)}
        if actor.role in HOSTS:
            view["queue"] = [
                {
                    "person": hand.person,
                    "name": hand.name,
                    "note": hand.note,
                    "role": hand.role,
                    "since_ms": hand.at_ms,
                }
                for hand in self._queue.hands.values()
            ]
            view["on_stage"] = [
                {"person": called.person, "name": called.name}
                for called in self._queue.called.values()
            ]
        return view

    def pulse(self) -> Mapping[str, Any]:
        return {"hands": len(self._queue.hands)}

    async def run(self) -> None:
        """Hands have no work of their own."""

    def download(self, token: str, file: str) -> Path | None:
        return None
