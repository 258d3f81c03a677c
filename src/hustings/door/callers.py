"""Who calls by TCP, and how much of him is borne before studio has answered him. Pure: bytes and times are arguments.

Door knows no session's password, so it can't tell a speaker from a stranger. It lets through what may be a check (a signed
binding request), little of it and not for long; studio's first answer is the proof, since studio answers nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hustings.rtc import stun
from hustings.rtc.framing import Frames
from hustings.wire.limits import Places

PROOF_S = 5.0
"""From the opening of a connection to studio's first answer."""
BYTES_BEFORE_PROOF_MAX = 8_192
FRAMES_BEFORE_PROOF_MAX = 16
"""A browser asks again after 0.25 s, 0.5 s …, and anew for each pair of candidates."""
CALLERS_MAX = 1_024
CALLERS_PER_PLACE_MAX = 64
"""A stage of thirteen behind one router: each browser opens one for each address of its machine, and one more as it moves."""
STRANGERS_MAX = 256
STRANGERS_PER_PLACE_MAX = 32

State = Literal["stranger", "proved", "over"]
TRANSITIONS: dict[tuple[State, str], State] = {
    ("stranger", "answered"): "proved",
    ("stranger", "broke a rule"): "over",
    ("stranger", "took too long"): "over",
    ("stranger", "went"): "over",
    ("stranger", "studio away"): "over",
    ("proved", "broke a rule"): "over",
    ("proved", "went"): "over",
    ("proved", "sent away"): "over",
    ("proved", "stayed cut off"): "over",
}
"""(state, event) -> state; events that have no row are passed over."""


@dataclass(slots=True, eq=False)
class Caller:
    """One TCP connection. `address` is where it comes from, `since` when it was opened."""

    address: str
    since: float
    state: State = "stranger"
    is_proved: bool = False
    _frames: Frames = field(default_factory=Frames)
    _bytes: int = 0
    _passed: int = 0

    def receive(self, piece: bytes) -> list[bytes]:
        """The datagrams that go on to studio. After a broken rule the state is `over`, and there are none."""
        if self.state == "over":
            return []
        try:
            found = self._frames.feed(piece)
            if self.state == "stranger":
                self._judge(piece, found)
        except ValueError:
            self.turn("broke a rule")
            return []
        return found

    def turn(self, event: str) -> None:
        self.state = TRANSITIONS.get((self.state, event), self.state)
        self.is_proved = self.is_proved or self.state == "proved"

    @property
    def deadline(self) -> float:
        """When a stranger has taken too long."""
        return self.since + PROOF_S if self.state == "stranger" else float("inf")

    def _judge(self, piece: bytes, found: list[bytes]) -> None:
        """Errors: `ValueError` for whatever a browser does not say before it is answered (RFC 8445 §7.2)."""
        self._bytes += len(piece)
        self._passed += len(found)
        if self._bytes > BYTES_BEFORE_PROOF_MAX or self._passed > FRAMES_BEFORE_PROOF_MAX:
            raise ValueError("too much from a stranger")
        for datagram in found:
            message = stun.parse(datagram)
            if message.kind != stun.BINDING_REQUEST or not message.signed_bytes:
                raise ValueError("no check")


class Callers:
    """How many there are, by place. Who was let in must leave; who is proved is no longer counted as a stranger."""

    def __init__(self) -> None:
        self._all = Places()
        self._strangers = Places()

    def enter(self, address: str) -> bool:
        """Whether one more may come from there."""
        if not (
            self._all.has_room(address, CALLERS_MAX, CALLERS_PER_PLACE_MAX)
            and self._strangers.has_room(address, STRANGERS_MAX, STRANGERS_PER_PLACE_MAX)
        ):
            return False
        self._all.enter(address)
        self._strangers.enter(address)
        return True

    def prove(self, address: str) -> None:
        self._strangers.leave(address)

    def leave(self, address: str, was_proved: bool) -> None:
        self._all.leave(address)
        if not was_proved:
            self._strangers.leave(address)
