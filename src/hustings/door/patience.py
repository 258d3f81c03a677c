"""aiohttp's connection, with the deadlines and caps that it lacks: a request's head must come within `HEAD_S`.

A slowloris holds a connection by sending a header every few seconds; aiohttp waits for it without end. Here the time from
the first byte of a head (or from the opening of the connection) to its end is limited, whatever trickles in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from hustings.wire.limits import Places

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEAD_S = 8.0
KEEP_ALIVE_S = 30.0
LINGER_S = 1.0
"""A body that nobody wants is read for this long before the connection is closed."""

OPEN_MAX = 3_000
OPEN_PER_PLACE_MAX = 128
"""Connections from one address (or IPv6 /64); not asked where a front stands before door, which has its own cap."""


class Connections:
    """Those that are open, by place."""

    def __init__(self, by_place: bool) -> None:
        self._by_place = by_place
        self._open = Places()

    def enter(self, address: str) -> bool:
        """Whether one more may come from there. What entered must leave."""
        if not self._open.has_room(
            address, OPEN_MAX, OPEN_PER_PLACE_MAX if self._by_place else OPEN_MAX
        ):
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
