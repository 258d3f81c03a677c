"""Callers whose voices door brings (`wire/relay.py`): each is a pair like any other, proved by a check before it counts.

The pair's *local* half is the id that door gave to the connection, so a pair lasts as long as the connection does, a restart
of studio included: door comes again with the same hello.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hustings.rtc.ice import Pair
from hustings.wire.relay import END, MESSAGE_MAX, Hello, frame, read_frame, read_hello

TICK_S = 0.02
BUDGET = 32
"""Messages read from a caller in a tick, as from a pair's UDP socket."""
CALLERS_MAX = 2_048
"""Twice what door lets in."""
ACCEPTED_MAX = 16
BACKLOG = 256
BUFFER_BYTES = 32_768
MARKS = ("tcp:", "socket:")

Received = Callable[[bytes, Pair, float], None]


def is_relayed(pair: Pair) -> bool:
    """Whether door brings it."""
    return pair.local.startswith(MARKS)


class Line(Protocol):
    """A session whose wire is a connection of door's (`studio/socketed.py`)."""

    def came(self) -> None: ...
    def take(self, message: bytes) -> None: ...
    def went(self) -> None: ...


@dataclass(slots=True, eq=False)
class Tap:
    """One connection from door; `pair` is None until it has said whose it is, `line` where that is no call's pair."""

    socket: socket.socket
    pair: Pair | None = None
    line: Line | None = None


class RelayPort:
    """`received` gets each datagram with its pair and the time, `lost` each pair whose caller went. Nothing is sent to a pair
    that is not proved."""

    def __init__(self, received: Received, lost: Callable[[Pair], None]) -> None:
        self._received = received
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._listener: socket.socket | None = None
        self._taps: set[Tap] = set()
        self._pairs: dict[Pair, Tap] = {}
        self._proved: set[Pair] = set()
        self._lines: dict[str, Line] = {}

    def open(self, path: Path) -> None:
        """Listens there. The file of a process that was killed is taken away. Errors: `OSError`."""
        path.unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        old = os.umask(0o177)
        try:
            made.setblocking(False)
            made.bind(str(path))
            made.listen(BACKLOG)
        except OSError:
            made.close()
            raise
        finally:
            os.umask(old)
        self._listener = made
        self._loop.add_reader(made, self._accept)

    def close(self) -> None:
        """Callers are told nothing: door brings them to the next process."""
        for tap in list(self._taps):
            self._end(tap)
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def prove(self, pair: Pair) -> None:
        """From now on datagrams may be sent to this pair; it may be one that door has yet to bring."""
        self._proved.add(pair)

    def drop(self, pair: Pair) -> None:
        """The pair is given up, and its connection with it."""
        self._proved.discard(pair)
        tap = self._pairs.get(pair)
        if tap is not None:
            with contextlib.suppress(OSError):
                tap.socket.send(END)
            self._end(tap)

    def send(self, pair: Pair, datagram: bytes) -> None:
        """What door does not take at once is lost."""
        tap = self._pairs.get(pair)
        if tap is not None and pair in self._proved:
            with contextlib.suppress(OSError):
                tap.socket.send(frame(datagram))

    def expect(self, caller: str, line: Line) -> None:
        """Door will bring the page of this session."""
        self._lines[caller] = line

    def forget(self, caller: str) -> None:
        """The session is over, and its connection with it."""
        self._lines.pop(caller, None)
        self.drop(_of_page(caller))

    def send_to(self, caller: str, datagram: bytes) -> None:
        """To the page of this session."""
        self.send(_of_page(caller), datagram)

    def _accept(self) -> None:
        assert self._listener is not None
        for _ in range(ACCEPTED_MAX):
            try:
                made, _ = self._listener.accept()
            except OSError:
                return
            if len(self._taps) >= CALLERS_MAX:
                made.close()
                continue
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
            tap = Tap(made)
            self._taps.add(tap)
            self._listen(tap)

    def _listen(self, tap: Tap) -> None:
        if tap in self._taps:
            self._loop.add_reader(tap.socket, self._readable, tap)

    def _readable(self, tap: Tap) -> None:
        """Reads what is there; beyond the budget the rest waits for the next tick."""
        for _ in range(BUDGET):
            try:
                message = tap.socket.recv(MESSAGE_MAX)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # door closed with something of ours unread; what it said before that is still there
            except OSError:
                message = b""
            if not message:
                self._went(tap)
                return
            self._take(tap, message)
            if tap not in self._taps:
                return
        self._loop.remove_reader(tap.socket)
        self._loop.call_later(TICK_S, self._listen, tap)

    def _take(self, tap: Tap, message: bytes) -> None:
        if tap.pair is None:
            self._greet(tap, message)
            return
        datagram = read_frame(message)
        if datagram is None:
            return
        if tap.line is not None:
            tap.line.take(datagram)
        else:
            self._received(datagram, tap.pair, self._loop.time())

    def _greet(self, tap: Tap, message: bytes) -> None:
        try:
            hello = read_hello(message)
        except ValueError:
            self._end(tap)
            return
        if hello.kind == "socket":
            self._greet_page(tap, hello)
            return
        pair = Pair("tcp:" + hello.caller, (hello.host, hello.port))
        older = self._pairs.get(pair)
        if older is not None:  # door came again before the end of its first connection was seen
            self._end(older)
        tap.pair = pair
        self._pairs[pair] = tap

    def _greet_page(self, tap: Tap, hello: Hello) -> None:
        """Once for each session, which must have been asked for; door is told where there is none (any more)."""
        line, pair = self._lines.pop(hello.caller, None), _of_page(hello.caller)
        if line is None:
            with contextlib.suppress(OSError):
                tap.socket.send(END)
            self._end(tap)
            return
        tap.pair, tap.line = pair, line
        self._pairs[pair] = tap
        self._proved.add(pair)
        line.came()

    def _went(self, tap: Tap) -> None:
        """Door says that the caller is gone, or is gone itself, and the caller with it."""
        pair = tap.pair
        self._end(tap)
        if pair is not None:
            self._proved.discard(pair)
            if tap.line is not None:
                tap.line.went()
            else:
                self._lost(pair)

    def _end(self, tap: Tap) -> None:
        self._taps.discard(tap)
        if tap.pair is not None and self._pairs.get(tap.pair) is tap:
            del self._pairs[tap.pair]
        self._loop.remove_reader(tap.socket)
        tap.socket.close()


def _of_page(caller: str) -> Pair:
    return Pair("socket:" + caller, ("", 0))
