"""What door and studio say to each other about voices that do not come over UDP (`run/voices.sock`).

One connection of the Unix socket (SOCK_SEQPACKET: messages stay whole, and a full one takes no more) for each caller. Door
says first who it is (`Hello`), then each carries frames both ways. Nothing is queued by us: a message that the socket does
not take is lost, as on a network. The connection's end is the caller's; studio says `END` when it wants him gone, so that an
end without it means that studio died and door may bring the caller to the next one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

MESSAGE_MAX = 2_048
HELLO, FRAME, END = b"h", b"f", b"e"
CALLER = re.compile(r"[A-Za-z0-9_-]{22}")
Kind = Literal["tcp", "socket"]


@dataclass(frozen=True, slots=True)
class Hello:
    """A caller: over ICE-TCP, with the id that door gave his connection and the address he comes from; or through a
    WebSocket, with the id of the session that studio made for him."""

    kind: Kind
    caller: str
    host: str = ""
    port: int = 0

    def to_bytes(self) -> bytes:
        tree = {"kind": self.kind, "caller": self.caller, "host": self.host, "port": self.port}
        return HELLO + json.dumps(tree).encode()


def read_hello(raw: bytes) -> Hello:
    """The first message of a connection. Errors: `ValueError`."""
    if raw[:1] != HELLO or len(raw) > MESSAGE_MAX:
        raise ValueError("no hello")
    try:
        tree = json.loads(raw[1:])
        kind, caller, host, port = (tree[name] for name in ("kind", "caller", "host", "port"))
        if kind not in ("tcp", "socket") or not CALLER.fullmatch(caller):
            raise ValueError("a hello of nobody")
        if type(host) is not str or len(host) > 64 or type(port) is not int:
            raise ValueError("a hello from nowhere")
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no hello: {error}") from None
    return Hello(kind, caller, host, port)


def frame(datagram: bytes) -> bytes:
    """A datagram as a message."""
    return FRAME + datagram


def read_frame(raw: bytes) -> bytes | None:
    """A message's datagram; None for any other kind."""
    return raw[1:] if raw[:1] == FRAME else None
