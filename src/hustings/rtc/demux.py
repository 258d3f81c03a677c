"""Whose datagram it is (RFC 7983, RFC 9443 §3; RFC 5761 §4 for RTCP): by the ufrag of a check, else by the proved pair.

A stranger's datagram costs one look at a byte, or one parse of a small STUN message, and nothing is ever kept of it.
"""

from __future__ import annotations

from typing import Literal, Protocol

from hustings.rtc import stun
from hustings.rtc.ice import Pair

UFRAGS_MAX = 2
Kind = Literal["stun", "dtls", "rtp", "rtcp", "none"]


class Receiver(Protocol):
    """A session, as far as datagrams are concerned (`peer.Peer`)."""

    def check(self, message: stun.Message, pair: Pair, now: float) -> bool: ...
    def receive(self, kind: Kind, datagram: bytes, pair: Pair, now: float) -> None: ...
    def lose(self, pair: Pair) -> None: ...


def kind_of(datagram: bytes) -> Kind:
    """By the first byte, and the second where RTP and RTCP share a port."""
    if len(datagram) < 2:
        return "none"
    first = datagram[0]
    if first & 0xC0 == 0x80:  # 128 to 191, and 192 to 223
        return "rtcp" if datagram[1] & 0xE0 == 0xC0 else "rtp"
    if first < 4:
        return "stun"
    return "dtls" if 20 <= first < 64 else "none"


class Demux:
    """All sessions of one port."""

    def __init__(self) -> None:
        self._ufrags: dict[str, Receiver] = {}
        self._pairs: dict[Pair, Receiver] = {}

    def add(self, ufrag: str, receiver: Receiver) -> None:
        """One more ufrag of a session: after an ICE restart the one before is good for a while, older ones are not."""
        known = [key for key, one in self._ufrags.items() if one is receiver]
        for old in known[: -UFRAGS_MAX + 1]:
            del self._ufrags[old]
        self._ufrags[ufrag] = receiver

    def prove(self, pair: Pair, receiver: Receiver) -> None:
        """A pair that was proved to an earlier process."""
        self._pairs[pair] = receiver

    def remove(self, receiver: Receiver) -> None:
        self._ufrags = {key: one for key, one in self._ufrags.items() if one is not receiver}
        self._pairs = {key: one for key, one in self._pairs.items() if one is not receiver}

    def forget(self, pair: Pair, receiver: Receiver) -> None:
        """A session gave a pair up."""
        if self._pairs.get(pair) is receiver:
            del self._pairs[pair]

    def owner(self, pair: Pair) -> Receiver | None:
        """Whose pair it is."""
        return self._pairs.get(pair)

    def receive(self, datagram: bytes, pair: Pair, now: float) -> Receiver | None:
        """Hands a datagram to its session, and says which; None when nobody is meant."""
        kind = kind_of(datagram)
        if kind == "none":
            return None
        if kind == "stun":
            return self._check(datagram, pair, now)
        receiver = self._pairs.get(pair)
        if receiver is not None:
            receiver.receive(kind, datagram, pair, now)
        return receiver

    def _check(self, datagram: bytes, pair: Pair, now: float) -> Receiver | None:
        try:
            message = stun.parse(datagram)
        except ValueError:
            return None
        ours = message.attributes.get(stun.USERNAME, b"").partition(b":")[0]
        receiver = self._ufrags.get(ours.decode("ascii", "replace"))
        if receiver is None or not receiver.check(message, pair, now):
            return None
        before = self._pairs.get(pair)
        if before is not receiver:
            if before is not None:
                before.lose(pair)  # an address goes to whoever proved it last
            self._pairs[pair] = receiver
        return receiver
