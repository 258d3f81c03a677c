"""The TCP port of voices, for networks that let no UDP through (ICE-TCP, RFC 6544): from each connection to studio and back.

Who may call, and for how long unproved, is `callers.py`; here are the sockets. Nothing is queued without end: what a slow
caller does not take is dropped, as a network would, and who takes nothing for ten seconds is cut by the kernel.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from functools import partial
from pathlib import Path
from typing import cast

from hustings.door.callers import Caller, Callers
from hustings.door.inward import Inward
from hustings.rtc.framing import FRAME_MAX, framed
from hustings.wire.relay import Hello

TICK_S = 0.02
FRAMES_PER_TICK_MAX = 32
"""A browser sends one or two; who sends more waits for the next tick, in his own machine's buffers."""
UNSENT_MAX = 4_096
"""Bytes that wait for a caller here: a third of a second of voice. What comes then is dropped."""
KERNEL_BUFFER_BYTES = 16_384
USER_TIMEOUT_MS = 10_000
BACKLOG = 128
HOSTS = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))


class VoicePort:
    """`open` takes the port, on every address of this machine as the UDP port is."""

    def __init__(self, relay: Path) -> None:
        self._relay = relay
        self._callers = Callers()
        self._lines: set[Line] = set()
        self._listening: list[asyncio.Server] = []

    async def open(self, port: int) -> int:
        """Errors: `OSError` when the port is taken, or neither family can have it."""
        loop, errors = asyncio.get_running_loop(), []
        for family, host in HOSTS:
            try:
                made = _listener(family, host, port)
            except OSError as error:
                errors.append(error)
                continue
            port = made.getsockname()[1]
            server = await loop.create_server(self._line, sock=made, backlog=BACKLOG)
            self._listening.append(server)
        if not self._listening or any(error.errno in (98, 48) for error in errors):
            self.close()
            raise OSError(f"TCP port {port} can't be had: {errors[0].strerror}")
        return port

    def close(self) -> None:
        for server in self._listening:
            server.close()
        for line in list(self._lines):
            line.cut()

    def _line(self) -> Line:
        return Line(self._relay, self._callers, self._lines)


class Line(asyncio.Protocol):
    """One TCP connection, and its caller's way to studio."""

    def __init__(self, relay: Path, callers: Callers, lines: set[Line]) -> None:
        self._relay = relay
        self._callers = callers
        self._lines = lines
        self._loop = asyncio.get_running_loop()
        self._caller: Caller | None = None
        self._inward: Inward | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._tick_at = 0.0
        self._left = FRAMES_PER_TICK_MAX

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        host, port = transport.get_extra_info("peername")[:2]
        if not self._callers.enter(host):
            self._transport.abort()
            return
        self._lines.add(self)
        self._caller = Caller(host, self._loop.time())
        hello = Hello("tcp", secrets.token_urlsafe(16), host, port)
        self._inward = Inward(self._relay, hello, self._answered, self._ended)
        self._timer = self._loop.call_at(self._caller.deadline, self._turn, "took too long")

    def data_received(self, data: bytes) -> None:
        if self._caller is None or self._inward is None:
            return
        frames = self._caller.receive(data)
        if self._caller.state == "over":
            self.cut()
            return
        is_first = bool(frames) and not self._inward.is_open and not self._caller.is_proved
        if is_first and not self._inward.open():
            self._turn("studio away")
            return
        for one in frames:
            self._inward.send(one)
        self._spend(len(frames))

    def connection_lost(self, exc: BaseException | None) -> None:
        self._turn("went")

    def cut(self) -> None:
        """The end, whatever is on its way."""
        caller, self._caller = self._caller, None
        if caller is None:
            return
        self._callers.leave(caller.address, caller.is_proved)
        self._lines.discard(self)
        for timer in (self._timer, self._resting):
            if timer is not None:
                timer.cancel()
        if self._inward is not None:
            self._inward.close()
        self._transport.abort()

    def _turn(self, event: str) -> None:
        if self._caller is not None:
            self._caller.turn(event)
            if self._caller.state == "over":
                self.cut()

    def _spend(self, frames: int) -> None:
        """Who sends more than a voice needs is read no further in this tick."""
        now = self._loop.time()
        if now - self._tick_at >= TICK_S:
            self._tick_at, self._left = now, FRAMES_PER_TICK_MAX
        self._left -= frames
        if self._left <= 0 and self._resting is None:
            self._transport.pause_reading()
            self._resting = self._loop.call_at(self._tick_at + TICK_S, self._rested)

    def _rested(self) -> None:
        self._resting = None
        self._transport.resume_reading()

    def _answered(self, datagram: bytes) -> None:
        """From studio, which answers nobody who is not proved."""
        if self._caller is None:
            return
        if not self._caller.is_proved:
            self._caller.turn("answered")
            self._callers.prove(self._caller.address)
            if self._timer is not None:
                self._timer.cancel()
        if self._transport.get_write_buffer_size() <= UNSENT_MAX and len(datagram) <= FRAME_MAX:
            self._transport.write(framed(datagram))

    def _ended(self, is_wanted: bool) -> None:
        if is_wanted:
            self._turn("sent away")
        elif self._caller is not None and self._caller.is_proved:
            assert self._inward is not None
            self._inward.come_back(partial(self._turn, "stayed cut off"))
        else:
            self._turn("studio away")


def _listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    """A caller's kernel buffer is short: what is old when it is sent is of no use."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
