"""A session as bytes: what another process needs to go on with it where this one stopped, nobody noticing.

Credentials, keys, counters and proved pairs; not the handshake, which is over, nor what is missing or kept for resending. The
next process sends `AHEAD` indexes further on, so that no keystream is used twice for what went out after the snapshot was taken
(RFC 3711 §9.1): whoever takes snapshots takes one at least every `SENT_MAX` packets.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hustings.rtc.ice import Pair
from hustings.rtc.sdp import Offer
from hustings.rtc.srtp import SrtpKeys

VERSION = 1
SENT_MAX = 25
AHEAD = 100
"""More than `SENT_MAX` by what a stalled process may send before it comes to the next snapshot."""


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Everything about our side that is drawn by lot. `sequence` is below 2^15 (RFC 3711 §3.3.1: no early rollover)."""

    session: int
    ufrag: str
    password: str
    ssrc: int
    sequence: int
    timestamp: int
    cname: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`at` is when it was taken, on the monotonic clock, which processes of one boot share. The selected pair goes first."""

    at: float
    offer: Offer
    ours: Beginnings
    keys: SrtpKeys
    counters: bytes
    pairs: tuple[Pair, ...]
    packets: int
    octets: int

    def to_bytes(self) -> bytes:
        tree = {
            "version": VERSION,
            "at": self.at,
            "offer": _fields(self.offer),
            "ours": _fields(self.ours),
            "keys": _fields(self.keys),
            "counters": self.counters,
            "pairs": self.pairs,
            "packets": self.packets,
            "octets": self.octets,
        }
        return json.dumps(tree, default=bytes.hex, separators=(",", ":")).encode()


def _fields(one: Offer | Beginnings | SrtpKeys) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def from_bytes(raw: bytes) -> Snapshot:
    """Errors: `ValueError` for what `to_bytes` of this version did not write."""
    try:
        tree: dict[str, Any] = json.loads(raw)
        if tree["version"] != VERSION:
            raise ValueError("a snapshot of another version")
        offer, keys = tree["offer"], tree["keys"]
        marks = tuple((str(name), str(text)) for name, text in offer["fingerprints"])
        return Snapshot(
            at=float(tree["at"]),
            offer=Offer(**{**offer, "fingerprints": marks}),
            ours=Beginnings(**tree["ours"]),
            keys=SrtpKeys(
                keys["profile"],
                **{name: bytes.fromhex(keys[name]) for name in keys if name != "profile"},
            ),
            counters=bytes.fromhex(tree["counters"]),
            pairs=tuple(Pair(str(local), tuple(remote)) for local, remote in tree["pairs"]),
            packets=int(tree["packets"]),
            octets=int(tree["octets"]),
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no snapshot: {error}") from None
