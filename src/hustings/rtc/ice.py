"""The ICE-lite agent of one session (RFC 8445 §2.5): it answers checks and sends none, so no candidate is ever contacted.

A *pair* is proved by a binding request from it that carries our ufrag, the peer's, and a right MESSAGE-INTEGRITY. To
anything else it is silent. An answer is never longer than its question. The pair that the peer nominates is the one
that carries us; the latest nomination wins (a browser nominates anew when it moves), and a move that nobody nominated
is followed as soon as the old pair is silent and the new one speaks with the session's keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from hustings.rtc import stun

PAIRS_MAX = 6
"""Proved pairs of one session: a browser's interfaces times our addresses; the oldest idle one makes room."""
ARRIVE_S = 20.0
"""A session whose peer never came is over after this long."""
SILENCE_S = 8.0
"""Without a sign of life the peer is gone. Browsers check every 2.5 to 6 s (RFC 7675 §5.1)."""
RETURN_S = 120.0
"""So long a peer that is gone may come back to its session."""
MOVE_S = 0.5
"""A pair silent for this long is left for one that speaks."""

State = Literal["waiting", "open", "gone", "over"]
TRANSITIONS: dict[tuple[State, str], State] = {
    ("waiting", "life"): "open",
    ("waiting", "never came"): "over",
    ("waiting", "resumed"): "gone",
    ("open", "life"): "open",
    ("open", "silence"): "gone",
    ("gone", "life"): "open",
    ("gone", "stayed away"): "over",
    ("waiting", "end"): "over",
    ("open", "end"): "over",
    ("gone", "end"): "over",
}
"""(state, event) -> state; events that have no row are passed over."""
PATIENCE_S: dict[State, tuple[float, str]] = {
    "waiting": (ARRIVE_S, "never came"),
    "open": (SILENCE_S, "silence"),
    "gone": (RETURN_S, "stayed away"),
}


class Pair(NamedTuple):
    """Our address that a datagram came to, and the socket address that it came from."""

    local: str
    remote: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Credentials:
    """`ufrag` and `password` of one side (RFC 8839 §5.4)."""

    ufrag: str
    password: str


@dataclass(slots=True)
class Generation:
    """The credentials between two restarts (RFC 8445 §9)."""

    username: bytes
    password: bytes


class IceAgent:
    """One session's agent. `proved` and `dropped` pairs are for whoever keeps sockets; he empties both."""

    def __init__(self, local: Credentials, remote: Credentials, now: float) -> None:
        self.state: State = "waiting"
        self.proved: list[Pair] = []
        self.dropped: list[Pair] = []
        self.selected: Pair | None = None
        self._nominated = False
        self._pairs: dict[Pair, float] = {}
        self._life_at = now
        self._generations = [_generation(local, remote)]

    @property
    def pairs(self) -> list[Pair]:
        return list(self._pairs)

    def has_proved(self, pair: Pair) -> bool:
        return pair in self._pairs

    def resume(self, pairs: Sequence[Pair], now: float) -> None:
        """Pairs that another process proved, the selected one first: the peer is away until it is heard."""
        self._pairs = dict.fromkeys(pairs[:PAIRS_MAX], now)
        self.proved += self._pairs
        self.selected, self._nominated = next(iter(pairs), None), bool(pairs)
        self._turn("resumed", now)

    def restart(self, local: Credentials, remote: Credentials) -> None:
        """New credentials; the old ones hold until the first check with the new ones (RFC 8445 §9)."""
        self._generations = [self._generations[-1], _generation(local, remote)]

    def receive(self, message: stun.Message, pair: Pair, now: float) -> bytes | None:
        """The answer to a check, to be sent back on the same pair; None is silence."""
        if message.kind != stun.BINDING_REQUEST or self.state == "over":
            return None
        generation = self._signer_of(message)
        if generation is None:
            return None
        self._generations = self._generations[self._generations.index(generation) :]
        refused = _refusal(message)
        answer = _answer(message, generation.password, pair, refused)
        if len(answer) > len(message.raw):
            return None
        self._prove(pair, now)
        self._turn("life", now)
        if refused:
            return answer
        if stun.USE_CANDIDATE in message.attributes:
            self.selected, self._nominated = pair, True
        elif not self._nominated:
            self.selected = pair
        return answer

    def heard(self, pair: Pair, now: float) -> None:
        """Something came from a proved pair and was encrypted with the session's keys."""
        if self.state == "open" and pair is self.selected:  # nearly always
            self._pairs[pair] = self._life_at = now
            return
        if pair not in self._pairs or self.state == "over":
            return
        self._pairs[pair] = now
        self._turn("life", now)
        if self.selected != pair:
            silent = self.selected is None or now - self._pairs[self.selected] >= MOVE_S
            if silent:
                self.selected = pair

    def lose(self, pair: Pair) -> None:
        """Another session proved this pair."""
        self._pairs.pop(pair, None)
        if self.selected == pair:
            self.selected = max(self._pairs, key=lambda one: self._pairs[one], default=None)

    def close(self) -> None:
        """Nothing is answered any more."""
        self._turn("end", self._life_at)

    def poll(self, now: float) -> None:
        """What time alone brings."""
        if self.state != "over" and now >= self.deadline:
            self._turn(PATIENCE_S[self.state][1], now)

    @property
    def deadline(self) -> float:
        """When `poll` is due."""
        if self.state == "over":
            return float("inf")
        return self._life_at + PATIENCE_S[self.state][0]

    def _signer_of(self, message: stun.Message) -> Generation | None:
        username = message.attributes.get(stun.USERNAME)
        for generation in self._generations:
            if generation.username == username and message.is_signed_with(generation.password):
                return generation
        return None

    def _prove(self, pair: Pair, now: float) -> None:
        if pair not in self._pairs:
            if len(self._pairs) >= PAIRS_MAX:
                idle = [one for one in self._pairs if one != self.selected]
                oldest = min(idle, key=lambda one: self._pairs[one])
                del self._pairs[oldest]
                self.dropped.append(oldest)
            self.proved.append(pair)
        self._pairs[pair] = now

    def _turn(self, event: str, now: float) -> None:
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            return
        self.state, self._life_at = after, now
        if after == "over":
            self.dropped += self._pairs
            self._pairs.clear()
            self.selected = None


def _generation(local: Credentials, remote: Credentials) -> Generation:
    return Generation(f"{local.ufrag}:{remote.ufrag}".encode(), local.password.encode())


def _refusal(message: stun.Message) -> list[tuple[int, bytes]]:
    """The attributes of an error answer; empty when the check is in order."""
    if message.unknown:
        names = b"".join(name.to_bytes(2, "big") for name in message.unknown)
        return [(stun.ERROR_CODE, stun.error_code(420)), (stun.UNKNOWN_ATTRIBUTES, names)]
    if stun.ICE_CONTROLLED in message.attributes:
        # RFC 8445 §7.3.1.1: a lite agent is always the controlled one.
        return [(stun.ERROR_CODE, stun.error_code(487))]
    return []


def _answer(
    message: stun.Message, password: bytes, pair: Pair, refused: list[tuple[int, bytes]]
) -> bytes:
    if refused:
        return stun.build(stun.BINDING_ERROR, message.transaction, refused, password)
    host, port = pair.remote[:2]
    seen = (stun.XOR_MAPPED_ADDRESS, stun.xor_address(host, port, message.transaction))
    return stun.build(stun.BINDING_SUCCESS, message.transaction, [seen], password)
