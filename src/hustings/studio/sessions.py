"""Sessions: who is connected by which wire. What crosses here is RTP packets, both ways.

A person has one session. A new one for the same person takes the place of the old when its handshake is done, not
before: an offer that was sent into an outage may arrive long after the line healed. A session is *up* from its first
sign of life and *down* when its wire fails or, for one who sends, no packet came for `SILENCE_NS`: a muted browser goes
on sending, so silence of packets means a broken line.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic_ns

from hustings.rooms.roles import Refusal
from hustings.rtc.intake import Counts
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import Mode, OfferError, check, credentials
from hustings.studio.socketed import SocketCall
from hustings.studio.switchboard import Call, CallsFull, Switchboard

SILENCE_NS = 2_000_000_000
LOOK_S = 0.25
MODES: dict[str, Mode] = {"session": "session", "whip": "whip", "whep": "whep"}


@dataclass(slots=True, eq=False)
class Session:
    """One session of one person. `seen_ns` is when its last packet came (monotonic)."""

    session: str
    person: str
    mode: Mode
    sends: bool
    call: Call | SocketCall = field(repr=False)
    up: bool = False
    seen_ns: int = 0


class Sessions:
    """The sessions of one room."""

    def __init__(
        self,
        board: Switchboard,
        room: str,
        on_packet: Callable[[str, RtpPacket], None],
        on_link: Callable[[str, bool], None],
    ) -> None:
        self._board = board
        self._room = room
        self._on_packet = on_packet
        self._on_link = on_link
        self._sessions: dict[str, Session] = {}
        self._people: dict[str, Session] = {}
        self._watch: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def open(self, person: str, offer: bytes, mode: Mode) -> tuple[str, str]:
        """A session for this person: its id and the SDP answer. Errors: `Refusal` with an `offer_` code."""
        session_id = secrets.token_urlsafe(16)
        try:
            checked = check(offer, mode)
            call = self._board.call(
                checked,
                self._about(session_id, person, mode, checked.direction),
                partial(self._packet, session_id),
                partial(self._state, session_id),
            )
        except OfferError as error:
            raise Refusal(error.code) from error
        except CallsFull:
            raise Refusal("stage_full") from None
        session = Session(session_id, person, mode, checked.direction != "recvonly", call)
        await self._begin(session)
        return session_id, call.answer

    async def open_socket(self, person: str) -> tuple[str, str]:
        """A session through a WebSocket at the door: its id, and no answer. Errors: `Refusal`."""
        session_id = secrets.token_urlsafe(16)
        try:
            call = self._board.socket_call(
                self._about(session_id, person, "session", "sendrecv"),
                partial(self._packet, session_id),
                partial(self._state, session_id),
            )
        except CallsFull:
            raise Refusal("stage_full") from None
        await self._begin(Session(session_id, person, "session", True, call))
        return session_id, call.answer

    def _about(self, session_id: str, person: str, mode: Mode, direction: str) -> dict[str, str]:
        """What `take_up` needs."""
        return {
            "session": session_id,
            "person": person,
            "mode": mode,
            "room": self._room,
            "direction": direction,
        }

    async def _begin(self, session: Session) -> None:
        """It takes the place of those that are not up yet."""
        person = session.person
        for pending in [one for one in self._sessions.values() if self._is_pending(one, person)]:
            await self.close(pending.session)
        self._add(session)

    def restart(self, session_id: str, fragment: bytes, match: str = "") -> str:
        """An ICE restart (RFC 9725 §4.3.3): our side of it; "" for candidates (§4.3.2). Errors: `Refusal`.

        `match` is the request's `If-Match`: the tag of the credentials that candidates are for, `*` or "" for a restart.
        """
        session = self._sessions.get(session_id)
        if session is None:
            raise Refusal("session_unknown")
        try:
            theirs = credentials(fragment)
            if theirs is not None and match in ("", "*"):
                return session.call.restart(*theirs)
        except OfferError as error:
            raise Refusal(error.code) from error
        if match not in ("", "*", quoted(session.call.tag)):
            raise Refusal("session_renewed")
        return ""

    def tag(self, session_id: str) -> str:
        """The `ETag` of a session: another one after each ICE restart (RFC 9725 §4.3.1)."""
        session = self._sessions.get(session_id)
        return quoted(session.call.tag) if session else ""

    def take_up(self) -> None:
        """The sessions that this room had when an earlier process ended: each is up again with its first packet."""
        for call in self._board.unclaimed(self._room):
            session_id, about = call.about["session"], call.about
            self._add(
                Session(
                    session_id,
                    about["person"],
                    MODES[about["mode"]],
                    about["direction"] != "recvonly",
                    call,
                )
            )
            call.claim(
                partial(self._packet, session_id),
                partial(self._state, session_id),
            )

    def person_of(self, session_id: str) -> str | None:
        session = self._sessions.get(session_id)
        return session.person if session else None

    def kind(self, person: str) -> str:
        """`browser`, `whip` or `whep`."""
        session = self._people.get(person)
        return "browser" if session is None or session.mode == "session" else session.mode

    def send(self, person: str, payload: bytes) -> None:
        """One 20 ms Opus packet for this person's ear."""
        session = self._people.get(person)
        if session is not None and session.mode != "whip":
            session.call.send(payload)

    def counts(self, person: str) -> Counts:
        """What came of this person's packets; of one without a session, nothing was sent."""
        session = self._people.get(person)
        return Counts() if session is None else session.call.counts()

    async def close(self, session_id: str) -> None:
        session = self._sessions.pop(session_id, None)
        if session is None:
            return
        if self._people.get(session.person) is session:
            del self._people[session.person]
        session.call.close()

    async def close_person(self, person: str) -> None:
        session = self._people.get(person)
        if session is not None:
            await self.close(session.session)

    async def shut(self) -> None:
        """Ends all of them."""
        await self.let_go()
        for session_id in list(self._sessions):
            await self.close(session_id)

    async def let_go(self) -> None:
        """Ends none of them: the process stops, and the next one takes them up."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None

    def _add(self, session: Session) -> None:
        self._sessions[session.session] = session
        self._people.setdefault(session.person, session)
        if self._watch is None:
            self._watch = asyncio.create_task(self._look(), name="sessions")

    def _is_pending(self, session: Session, person: str) -> bool:
        return session.person == person and self._people.get(person) is not session

    def _packet(self, session_id: str, packet: RtpPacket) -> None:
        session = self._sessions.get(session_id)
        if session is None or not session.sends:
            return
        session.seen_ns = monotonic_ns()
        if self._is_pending(session, session.person):
            return
        if not session.up:
            self._turn(session, True)
        self._on_packet(session.person, packet)

    def _state(self, session_id: str, up: bool) -> None:
        """The wire's own word: up counts for those who only listen, down for all."""
        session = self._sessions.get(session_id)
        if session is None:
            return
        session.seen_ns = monotonic_ns()
        if self._is_pending(session, session.person):
            older = self._people[session.person] if up else session
            if up:
                session.up = older.up and session.sends == older.sends
                self._people[session.person] = session
            task = asyncio.create_task(self.close(older.session), name="session-close")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        if self._people.get(session.person) is session and (not up or not session.sends):
            self._turn(session, up)

    def _turn(self, session: Session, up: bool) -> None:
        if session.up == up and up:
            return
        session.up = up
        if self._people.get(session.person) is session:
            self._on_link(session.person, up)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            late_ns = monotonic_ns() - SILENCE_NS
            for session in list(self._sessions.values()):
                if session.sends and session.up and session.seen_ns < late_ns:
                    self._turn(session, False)


def quoted(tag: str) -> str:
    """An entity tag as HTTP writes it (RFC 9110 §8.8.3)."""
    return f'"{tag}"'
