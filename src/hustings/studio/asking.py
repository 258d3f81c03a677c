"""What people ask of a room: a session, a command, the next events, a knock. Each call is one request's whole work."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from hustings.rooms import commands
from hustings.rooms.feature import Feature
from hustings.rooms.journal import Draft
from hustings.rooms.permissions import BEFORE_END, check
from hustings.rooms.roles import Actor, Refusal
from hustings.rtc.sdp import Mode
from hustings.studio.live_room import LiveRoom
from hustings.studio.view import admitted, view
from hustings.wire.errors import Refused

POLL_S = 15.0
ANSWERS_KEPT = 256
NOTE_MAX = 140
KINDS: Mapping[Mode, str] = {"session": "browser", "whip": "whip", "whep": "whep"}
Answer = tuple[int, bytes]


class Asking:
    """The requests of one room's people."""

    def __init__(self, room: LiveRoom) -> None:
        self._live = room
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    # --- sessions

    async def session(self, actor: Actor, offer: bytes, mode: Mode) -> tuple[str, str]:
        """Seats the actor and connects him: (session id, SDP answer). Errors: `Refusal`."""
        wires = self._live.wires
        return await self._seated(actor, KINDS[mode], lambda: wires.open(actor.person, offer, mode))

    async def socket(self, actor: Actor) -> str:
        """The same for a page whose voice comes through a WebSocket at the door: the session's id. Errors: `Refusal`."""
        wires = self._live.wires
        session, _ = await self._seated(
            actor, KINDS["session"], lambda: wires.open_socket(actor.person)
        )
        return session

    async def _seated(
        self, actor: Actor, kind: str, opened: Callable[[], Awaitable[tuple[str, str]]]
    ) -> tuple[str, str]:
        live = self._live
        try:
            commands.admit_session(self._asked(actor, {}), kind)
        except Refusal as refusal:
            if refusal.code == "ticket_in_use":
                live.append(commands.announce_device(live.room, actor))
            raise
        session, answer = await opened()
        try:
            # The room may have changed while the wire was made.
            live.append(commands.admit_session(self._asked(actor, {}), kind))
        except Refusal:
            await live.wires.close(session)
            raise
        return session, answer

    async def leave(self, actor: Actor, session: str) -> None:
        """`DELETE` of a session: its person leaves. Errors: `Refusal("session_unknown")`."""
        if self._live.wires.person_of(session) != actor.person:
            raise Refusal("session_unknown")
        if self._live.room.state in BEFORE_END:
            self._live.append(commands.decide("leave", self._asked(actor, {})))
        await self._live.wires.close(session)

    def cut(self, tickets: Collection[str], ends: bool) -> None:
        """Tickets that the server takes back, and with its host's the room."""
        self._live.append(commands.cut(self._live.room, tickets, ends))

    def restart(self, actor: Actor, session: str, fragment: bytes, match: str) -> str:
        """`PATCH` of a session: its ICE begins anew, or "" where nothing does. Errors: `Refusal`."""
        if self._live.wires.person_of(session) != actor.person:
            raise Refusal("session_unknown")
        return self._live.wires.restart(session, fragment, match)

    def tag(self, session: str) -> str:
        """The `ETag` of a session."""
        return self._live.wires.tag(session)

    # --- commands

    def command(self, actor: Actor, command: str, body: Mapping[str, Any], once: str) -> Answer:
        """One command: HTTP status and JSON. The same `once` and ticket get the first answer again."""
        key = (actor.ticket, once)
        if once and key in self._answers:
            return self._answers[key]
        try:
            answer = 200, json.dumps(self._obey(actor, command, body), ensure_ascii=False).encode()
        except Refusal as refusal:
            refused = Refused(refusal.code, **refusal.detail)
            answer = refused.status, refused.body()
        if once:
            self._answers[key] = answer
            if len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return answer

    def _obey(self, actor: Actor, command: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        commands.check_ticket(self._live.room, actor)
        if not admitted(self._live.room, actor):
            raise Refusal("ticket_in_use")
        feature, dot, rest = command.partition(".")
        if dot:
            return self._obey_feature(actor, self._feature(feature), rest, body)
        asked = self._asked(actor, body)
        drafts = commands.decide(command, asked)
        if command == "open_doors":
            self._live.open_doors(actor.person)
        elif command == "delete_room":
            self._live.ground.gone(self._live.key)
        else:
            self._live.append(drafts)
        if command == "invite":
            return self._invitation(drafts[0])
        return {}

    def _obey_feature(
        self, actor: Actor, feature: Feature, command: str, body: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        check(feature.rules, command, actor, self._live.room.state)
        granted = feature.decide(command, actor, body)
        self._live.append(granted.drafts)
        return granted.reply

    def _feature(self, name: str) -> Feature:
        for feature in self._live.features:
            if feature.name == name:
                return feature
        raise Refusal("command_unknown")

    def _invitation(self, draft: Draft) -> dict[str, Any]:
        token = self._live.sign(draft.body["role"], draft.body["name"], draft.body["ticket"])
        return {"ticket": token, "url": self._live.url(f"{self._live.key}#t={token}")}

    # --- events and knocks

    async def events(self, actor: Actor, after: str) -> dict[str, Any]:
        """What is new since the cursor `after`, waited for at most `POLL_S`. Errors: `Refusal("ticket_revoked")`."""
        live = self._live
        commands.check_ticket(live.room, actor)
        known = self._version(after)
        if known == live.version:
            try:
                async with asyncio.timeout(POLL_S):
                    await live.news.wait()
            except TimeoutError:
                pass
            commands.check_ticket(live.room, actor)
        events: list[dict[str, Any]] = []
        if known != live.version:
            events.append({"type": "view", "view": view(live.scene(), actor)})
        if known is not None:
            events += [
                {"type": "notice", **notice}
                for version, person, notice in live.notices
                if version > known and person == actor.person
            ]
        return {
            "cursor": f"{live.term}.{live.version}",
            "now_ms": live.now_ms(),
            "events": events,
        }

    def knock(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A listener asks for a ticket. Errors: `Refusal`."""
        room = self._live.room
        name, note = body.get("name", ""), body.get("note", "")
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= commands.NAME_MAX:
            raise Refusal("name_malformed")
        if not isinstance(note, str) or len(note) > NOTE_MAX:
            raise Refusal("bad_request", field="note")
        if room.state not in BEFORE_END:
            raise Refusal("room_over")
        if not room.alive:
            raise Refusal("doors_closed")
        # Nothing is kept of a knock: its ticket says all, and a hand that goes up is in a queue with a limit.
        ticket = self._live.fresh()
        return {
            "ticket": self._live.sign("listener", name.strip(), ticket),
            "person": ticket[:8],
        }

    def _version(self, cursor: str) -> int | None:
        """The version behind a cursor of this term; None for any other."""
        term, _, version = cursor.partition(".")
        if term != str(self._live.term) or not version.isdigit():
            return None
        return int(version) if int(version) <= self._live.version else None

    def _asked(self, actor: Actor, body: Mapping[str, Any]) -> commands.Asked:
        live = self._live
        return commands.Asked(
            room=live.room,
            actor=actor,
            body=body,
            clock=live.now(),
            fresh=live.fresh(),
            speakers_max=live.ground.settings.studio.speakers_max,
        )
