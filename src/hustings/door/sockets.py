"""The page's own way for a voice: a WebSocket, where a network lets through nothing but the page (`docs/protocol.md`).

The ticket comes in the first message, never in the address. What follows are RTP packets, one a message, for studio and from it.
Nothing is queued without end: the oldest packet makes room for the newest, and who takes none for five seconds is cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from hustings.door.inward import Inward
from hustings.wire.errors import Refused
from hustings.wire.limits import Places
from hustings.wire.relay import Hello

MESSAGE_MAX = 2_000
FIRST_S = 5.0
PING_S = 10.0
"""A page that has not answered half of this later is gone."""
QUEUE_MAX = 25
"""Packets that wait for a page: half a second of voice."""
UNSENT_MAX = 4_096
KERNEL_BUFFER_BYTES = 16_384
SLOW_S = 5.0
TICK_S = 0.02
SOCKETS_MAX = 512
SOCKETS_PER_PLACE_MAX = 32
POLICY, AGAIN = 1008, 1012  # RFC 6455 §7.4.1, and its registry

Ask = Callable[[str, str], Awaitable[str]]
"""(ticket, device) -> the id of the session that studio made. Errors: `Refused`."""


class Sockets:
    """All that are open. `origins` are the pages that may call from elsewhere than this host."""

    def __init__(self, relay: Path, origins: Sequence[str]) -> None:
        self._relay = relay
        self._origins = frozenset(origins)
        self._open = Places()

    async def serve(self, request: web.Request, address: str, ask: Ask) -> web.WebSocketResponse:
        """One connection whole. Errors: `Refused` before it is taken; after that they are told in it."""
        origin = request.headers.get("Origin")
        if origin and origin not in self._origins and urlsplit(origin).netloc != request.host:
            raise Refused("cross_site")
        if not self._open.has_room(address, SOCKETS_MAX, SOCKETS_PER_PLACE_MAX):
            raise Refused("too_many")
        self._open.enter(address)
        try:
            return await self._serve(request, ask)
        finally:
            self._open.leave(address)

    async def _serve(self, request: web.Request, ask: Ask) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(
            heartbeat=PING_S, timeout=1.0, compress=False, max_msg_size=MESSAGE_MAX
        )
        await ws.prepare(request)
        try:
            session = await ask(*await _first(ws))
        except Refused as refused:
            await ws.send_str(refused.body().decode())
            await ws.close(code=POLICY)
            return ws
        line = Line(ws, request.transport, self._relay, session)
        if line.open():
            await line.carry()
        else:
            await ws.close(code=AGAIN)
        return ws


class Line:
    """A page that has a session."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        relay: Path,
        session: str,
    ) -> None:
        self._ws = ws
        self._transport = transport
        self._session = session
        self._inward = Inward(relay, Hello("socket", session), self._waits, self._ended)
        self._waiting: deque[bytes] = deque(maxlen=QUEUE_MAX)
        self._some = asyncio.Event()
        self._is_over = False

    def open(self) -> bool:
        return self._inward.open()

    async def carry(self) -> None:
        """Until either end is gone."""
        raw = self._transport.get_extra_info("socket") if self._transport else None
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        sending = asyncio.create_task(self._send(), name="socket")
        try:
            await self._ws.send_str(json.dumps({"session": self._session}))
            async for message in self._ws:
                if message.type is not WSMsgType.BINARY:
                    break
                self._inward.send(message.data)
        except ConnectionError:
            pass  # the page went in the middle of a word
        finally:
            self._inward.close()
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
        if not self._ws.closed:
            await self._ws.close(code=POLICY)

    def _waits(self, datagram: bytes) -> None:
        self._waiting.append(datagram)
        self._some.set()

    def _ended(self, is_wanted: bool) -> None:
        """Studio gave the session up, or died: then the next one has it."""
        if is_wanted:
            self._over()
        else:
            self._inward.come_back(self._over)

    def _over(self) -> None:
        """The page joins anew."""
        self._is_over = True
        self._some.set()

    async def _send(self) -> None:
        """What studio says, as fast as the page takes it."""
        with contextlib.suppress(ConnectionError):
            while not self._is_over:
                await self._some.wait()
                self._some.clear()
                while self._waiting and not self._is_over:
                    await self._take_breath()
                    if self._waiting:
                        await self._ws.send_bytes(self._waiting.popleft())
            await self._ws.close(code=AGAIN)

    async def _take_breath(self) -> None:
        """Waits while too much is unsent; the connection of who takes nothing is cut."""
        ticks = 0
        while self._transport and self._transport.get_write_buffer_size() > UNSENT_MAX:
            if ticks * TICK_S >= SLOW_S:
                self._transport.abort()
                return
            ticks += 1
            await asyncio.sleep(TICK_S)


async def _first(ws: web.WebSocketResponse) -> tuple[str, str]:
    """Ticket and device. Errors: `Refused`."""
    try:
        message = await ws.receive(timeout=FIRST_S)
    except TimeoutError:
        raise Refused("too_slow") from None
    try:
        tree = json.loads(message.data if message.type is WSMsgType.TEXT else "")
        ticket, device = tree["ticket"], tree["device"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused("bad_request") from None
    if not isinstance(ticket, str) or not isinstance(device, str):
        raise Refused("bad_request")
    return ticket, device
