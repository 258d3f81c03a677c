"""What door and web's port of streams stand on: aiohttp's connection, with the deadlines and caps that it lacks (a request's
head must come within `HEAD_S`), its listener, and TLS as every server of ours speaks it.

A slowloris holds a connection by sending a header every few seconds; aiohttp waits for it without end. Here the time from
the first byte of a head (or from the opening of the connection) to its end is limited, whatever trickles in between.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from hustings.settings import Tls
from hustings.wire.limits import Places

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEAD_S = 8.0
KEEP_ALIVE_S = 30.0
USER_TIMEOUT_MS = 10_000
LINGER_S = 1.0
"""A body that nobody wants is read for this long before the connection is closed."""


class Connections:
    """Those that are open: at most `most`, and `most_per_place` from one address (or IPv6 /64), None where a front stands
    before us, which has its own cap."""

    def __init__(self, most: int, most_per_place: int | None) -> None:
        self._most = most
        self._most_per_place = most if most_per_place is None else most_per_place
        self._open = Places()

    def enter(self, address: str) -> bool:
        """Whether one more may come from there. What entered must leave."""
        if not self._open.has_room(address, self._most, self._most_per_place):
            return False
        self._open.enter(address)
        return True

    def leave(self, address: str) -> None:
        self._open.leave(address)


class Patient(RequestHandler):
    """One connection. The application says `heard` when a head is whole, `answered` when its answer is out."""

    __slots__ = ("_address", "_busy", "_connections", "_deadline")

    def __init__(
        self, server: web.Server, connections: Connections, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=LINGER_S,
        )
        self._connections = connections
        self._address: str | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if not self._connections.enter(address):
            self._cut()
            return
        self._address = address
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        if not self._busy and self._deadline is None:
            self._expect_head()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._forget_deadline()
        if self._address is not None:
            self._connections.leave(self._address)
            self._address = None
        super().connection_lost(exc)

    def heard(self) -> None:
        """A request's head is whole."""
        self._busy = True
        self._forget_deadline()

    def answered(self) -> None:
        """Its answer is out; the connection may lie idle for `KEEP_ALIVE_S`."""
        self._busy = False

    def _expect_head(self) -> None:
        self._deadline = asyncio.get_running_loop().call_later(HEAD_S, self._cut)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()


@web.middleware
async def heed(request: web.Request, handler: Next) -> web.StreamResponse:
    """Tells the connection where its request stands (`handler` is aiohttp's keyword)."""
    connection = request.protocol
    if not isinstance(connection, Patient):
        return await handler(request)
    connection.heard()
    try:
        return await handler(request)
    finally:
        connection.answered()


async def listen(
    server: web.Server, connections: Connections, bind: str, port: int, tls: ssl.SSLContext | None
) -> asyncio.Server:
    """Each connection is a `Patient`. Errors: `OSError` (the port is taken)."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: Patient(server, connections, loop),
        bind,
        port,
        ssl=tls,
        ssl_handshake_timeout=HEAD_S if tls else None,
        backlog=1_024,
        reuse_address=True,
    )
    for one in listening.sockets:
        # A client that reads nothing is cut by the kernel.
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    return listening


def tls_of(settings: Tls) -> ssl.SSLContext | None:
    """None where something in front speaks TLS. Errors: `OSError` (a file cannot be read, or holds no such thing)."""
    if not settings.cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.cert, settings.key)
    return context
