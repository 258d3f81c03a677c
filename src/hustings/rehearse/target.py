"""Whether an address may be rehearsed on, and where it is: resolved once, so that no later answer of a name server
leads elsewhere.

Loopback is this machine and needs nobody's consent. Any other address gets one request, for its consent, and without
that nothing more.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass

from hustings.rehearse import consent
from hustings.rehearse.exchange import Answer, Heads, Reader, Requests
from hustings.rehearse.plan import Address, Plan
from hustings.wire.errors import Refused

PATIENCE_S = 5.0
AGENT = "hustings-rehearse/1"
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Target:
    """`ip` is what every connection goes to; `name` stays in the Host field and in TLS."""

    address: Address
    ip: str
    local: bool


def resolve(address: Address) -> Target:
    """Local only if every address of the name is loopback. Errors: `OSError`."""
    try:
        rows = socket.getaddrinfo(address.name, address.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise OSError(f"there is no host {address.name}: {error.strerror}") from None
    found = [str(row[4][0]) for row in rows]
    local = all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)
    # On loopback the first that answers: a server that binds 127.0.0.1 alone is not at ::1.
    for ip in sorted(found, key=lambda one: ":" in one) if local else found[:1]:
        if not local or _listens(ip, address.port):
            return Target(address, ip, local)
    raise OSError(f"nobody answers at {address.url}")


def allow(target: Target, plan: Plan, token: str, now_s: float) -> None:
    """Errors: `Refused` (a `rehearsal_` code), `OSError`."""
    if target.local:
        return
    if not token:
        raise Refused("rehearsal_no_token")
    answer = fetch(target, consent.PATH, consent.TEXT_MAX)
    text = answer.body.decode("utf-8", "replace") if answer.status == 200 else ""
    consent.check(
        consent.read(text), plan.address.host, token, plan.listeners, now_s, plan.longest_s
    )


def fetch(target: Target, path: str, most: int = 1_000_000) -> Answer:
    """One GET on a connection of its own, no redirect followed. Errors: `OSError`."""
    plain = socket.create_connection((target.ip, target.address.port), PATIENCE_S)
    with plain:
        wire = plain
        if target.address.tls:
            wire = tls_context(target.local).wrap_socket(plain, server_hostname=target.address.name)
        with wire:
            wire.sendall(Requests(target.address.host, AGENT).write(f"GET {path}"))
            return _answer(wire, most)


def tls_context(local: bool) -> ssl.SSLContext:
    """Certificates are checked, but not those of loopback: nobody signs for it."""
    context = ssl.create_default_context()
    if local:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _answer(wire: socket.socket, most: int) -> Answer:
    reader, taken = Reader(Heads()), 0
    try:
        while chunk := wire.recv(_CHUNK_BYTES):
            taken += len(chunk)
            if taken > most + _CHUNK_BYTES:
                raise OSError("the answer is too long")
            if answer := reader.push(chunk):
                return answer
        answer = reader.ended()
    except ValueError as error:
        raise OSError(f"the server's answer cannot be read: {error}") from None
    if answer is None:
        raise OSError("the server ended the connection without an answer")
    return answer


def _listens(ip: str, port: int) -> bool:
    try:
        socket.create_connection((ip, port), 1.0).close()
    except OSError:
        return False
    return True
