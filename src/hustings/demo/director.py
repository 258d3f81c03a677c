"""Keeps the demo going: looks once a second, takes one step, for ever. Whatever fell over is built up again."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hustings.demo.calls import ROOM, UNREACHED, Calls, No, wanted_room
from hustings.demo.sound import Conversation, VoiceTrack
from hustings.demo.steps import Step, next_step
from hustings.demo.whip import WhipSender
from hustings.wire.ticket import Signer, Ticket

LOOK_S = 1.0
SETTING_UP_S = 0.1
WEB_PATIENCE_S = 20.0
KEY_PATIENCE_S = 5.0
LINK_GRACE_S = 5.0
TITLE = "Doors at eight: a talk about starting on time"
DESCRIPTION = (
    "Two recorded voices, in a loop, through the same doors as anybody's. "
    "The console that started this server printed a host link: with it, the room is yours."
)
LOG = logging.getLogger("hustings.demo")


@dataclass(slots=True)
class Seat:
    """One voice's place: his ticket of this room, and the session while there is one. `asked_s`: when it began."""

    name: str
    role: str
    token: str = ""
    person: str = ""
    sender: WhipSender | None = None
    asked_s: float = field(default=-LINK_GRACE_S)


class Director:
    """`on_air(host_token)` is called each time that the conversation begins in a room."""

    def __init__(
        self,
        calls: Calls,
        signer: Signer,
        conversation: Conversation,
        voices: Mapping[str, str],
        on_air: Callable[[str], None],
    ) -> None:
        self._calls = calls
        self._signer = signer
        self._conversation = conversation
        self._on_air = on_air
        self._seats = [Seat(name, role) for name, role in voices.items()]
        self._token = ""
        self._room = ""
        self._told = False
        self._planning_s: float | None = None
        self._last_no = ""
        self._seen_over_s: float | None = None
        self._was_alive = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            step = None
            try:
                step = await self._step()
                self._last_no = ""
            except No as no:
                if no.code != self._last_no:
                    LOG.warning("the demo waits: %s", no.code)
                self._last_no = no.code
            except UNREACHED as error:
                LOG.debug("the demo waits: %s", error)
            # After a deletion studio needs a moment to clear the old room's files away.
            quick = step not in (Step.PLAY, Step.LINGER, Step.DELETE) and not self._told
            await asyncio.sleep(SETTING_UP_S if quick else LOOK_S)

    async def close(self) -> None:
        """The voices say goodbye, so that their places are free at once."""
        for seat in self._seats:
            if seat.sender is not None:
                await seat.sender.close(leave=True)

    async def _step(self) -> Step:
        facts = await self._calls.facts()
        state = str(facts.get("state", ""))
        self._watch_end(state)
        if facts:
            self._sign(str(facts.get("plan") or facts.get("starts_at_ms", "")))
        view = await self._calls.view(self._token) if state in ("open", "on_air") else {}
        links = {p["person"]: p["link"] for p in view.get("people", ())}
        seated = all(links.get(seat.person) == "here" for seat in self._seats)
        over = self._seen_over_s
        ended_s = None if over is None else time.monotonic() - over
        counting = bool(view.get("room", {}).get("air_at_ms"))
        step = next_step(state, seated, counting, ended_s)
        await self._take(step, links)
        return step

    async def _take(self, step: Step, links: Mapping[str, str]) -> None:
        if step is Step.PLAN:
            await self._plan()
        elif step is Step.OPEN:
            await self._calls.command(self._token, "open_doors", {})
        elif step is Step.AIR:
            await self._calls.command(self._token, "go_on_air", {"in_ms": 0})
        elif step is Step.DELETE:
            await self._calls.command(self._token, "delete_room", {"key": ROOM})
        if step in (Step.SEAT, Step.PLAY):
            await asyncio.gather(*(self._seat(seat, links) for seat in self._seats))
        if step is Step.PLAY and all(links.get(seat.person) == "here" for seat in self._seats):
            if not self._conversation.begun:
                self._conversation.begin(asyncio.get_running_loop().time())
            if not self._told:
                self._told = True
                self._on_air(self._ticket("host", "Host", secrets.token_urlsafe(16)))

    async def _plan(self) -> None:
        """Through web, as anybody does; when web does not answer for long, or is sure that the room of last time is
        still there, studio alone will do."""
        wanted = wanted_room(TITLE, DESCRIPTION, self._seats[0].name)
        now_s = time.monotonic()
        self._planning_s = self._planning_s or now_s
        try:
            await self._calls.plan_through_web(wanted)
        except (No, *UNREACHED) as error:
            taken = isinstance(error, No) and error.code == "key_taken"
            if now_s - self._planning_s < (KEY_PATIENCE_S if taken else WEB_PATIENCE_S):
                raise
            await self._calls.plan_through_studio(wanted, secrets.token_urlsafe(16))
        self._planning_s = None

    async def _seat(self, seat: Seat, links: Mapping[str, str]) -> None:
        """Connects a voice that is not here. A fresh session gets some seconds to be heard."""
        now_s = time.monotonic()
        fresh = now_s - seat.asked_s < LINK_GRACE_S and seat.sender is not None
        if fresh and seat.sender is not None and seat.sender.alive:
            return
        if links.get(seat.person) == "here" and seat.sender is not None and seat.sender.alive:
            return
        seat.asked_s = now_s
        older, seat.sender = seat.sender, None
        if older is not None:
            await older.close()
        sender = WhipSender(self._calls.http, f"{self._calls.door}/whip/{ROOM}", seat.token)
        try:
            await sender.connect(VoiceTrack(self._conversation, seat.name))
        except BaseException:
            await sender.close()
            raise
        seat.sender = sender

    def _sign(self, room: str) -> None:
        """Tickets whose ids follow from the room: after a restart each voice is the same person again."""
        if room == self._room:
            return
        self._room, self._told = room, False
        self._token = self._ticket("host", "Demo", _ticket_id(room, "director"))
        for seat in self._seats:
            ticket = _ticket_id(room, seat.name)
            seat.person = ticket[:8]
            seat.token = self._ticket(seat.role, seat.name, ticket)

    def _ticket(self, role: str, name: str, ticket: str) -> str:
        return self._signer.sign(Ticket(ticket, ROOM, role, name, int(time.time())))

    def _watch_end(self, state: str) -> None:
        if state in ("ended", "replay"):
            if self._was_alive and self._seen_over_s is None:
                self._seen_over_s = time.monotonic()
        else:
            self._seen_over_s, self._was_alive = None, self._was_alive or bool(state)
        if not state:
            self._was_alive = False


def _ticket_id(room: str, name: str) -> str:
    digest = hashlib.sha256(f"demo {room} {name}".encode()).digest()
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def host_link(stage_url: str, token: str) -> str:
    """The stage page with the ticket in the fragment, which no server sees."""
    return f"{stage_url}/{ROOM}#t={token}"


def note(pid: int, settings_live: str, link: str) -> dict[str, Any]:
    """What `run/demo.json` says to `serve`."""
    return {"pid": pid, "live_url": f"{settings_live}/{ROOM}", "host_url": link}
