"""Tickets: who may do what in which room, signed with Ed25519 (RFC 8032).

A token is `v1.{kid}.{payload}.{signature}`, its parts base64url without padding. Web and studio sign; door holds public
keys only. A ticket carries no end: it lives until its room ends or it is revoked, and studio knows both.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hustings.wire.errors import Refused

ROLES = ("host", "cohost", "speaker", "listener")
TOKEN_MAX = 1024
NAME_MAX = 60


@dataclass(frozen=True, slots=True)
class Ticket:
    """The claims of one ticket. `ticket` is its id (22 characters), `at` the second it was signed."""

    ticket: str
    room: str
    role: str
    name: str
    at: int

    @property
    def person(self) -> str:
        """The id of whoever holds it: the same person whenever he comes back."""
        return self.ticket[:8]

    def claims(self) -> str:
        """JSON, as it stands in the token's payload and in the header `Hustings-Claims`."""
        return json.dumps(
            {"t": self.ticket, "r": self.room, "o": self.role, "n": self.name, "at": self.at},
            separators=(",", ":"),
        )


def read_claims(text: str | bytes) -> Ticket:
    """Claims from JSON. Errors: `Refused("ticket_malformed")`."""
    try:
        tree = json.loads(text)
        ticket = Ticket(tree["t"], tree["r"], tree["o"], tree["n"], tree["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("ticket_malformed") from None
    texts = (ticket.ticket, ticket.room, ticket.role, ticket.name)
    if (
        not all(isinstance(text, str) for text in texts)
        or type(ticket.at) is not int
        or len(ticket.ticket) != 22
        or ticket.role not in ROLES
        or len(ticket.name) > NAME_MAX
    ):
        raise Refused("ticket_malformed")
    return ticket


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its id. The ticket's id is an argument: entropy comes from the process."""

    kid: str
    key: Ed25519PrivateKey

    def sign(self, ticket: Ticket) -> str:
        head = f"v1.{self.kid}.{_pack(ticket.claims().encode())}"
        return f"{head}.{_pack(self.key.sign(head.encode()))}"


@dataclass(frozen=True, slots=True)
class Verifier:
    """Public keys by id."""

    keys: Mapping[str, Ed25519PublicKey]

    def verify(self, token: str, room: str) -> Ticket:
        """The ticket behind a token, for this room.

        Errors: `Refused` with `ticket_missing`, `ticket_malformed`, `ticket_forged`, `ticket_wrong_room`.
        """
        if not token:
            raise Refused("ticket_missing")
        pieces = token.split(".")
        if len(token) > TOKEN_MAX or len(pieces) != 4 or pieces[0] != "v1":
            raise Refused("ticket_malformed")
        key = self.keys.get(pieces[1])
        if key is None:
            raise Refused("ticket_forged")
        payload, signature = _unpack(pieces[2]), _unpack(pieces[3])
        try:
            key.verify(signature, ".".join(pieces[:3]).encode())
        except InvalidSignature:
            raise Refused("ticket_forged") from None
        ticket = read_claims(payload)
        if ticket.room != room:
            raise Refused("ticket_wrong_room")
        return ticket


def _pack(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise Refused("ticket_malformed") from None
