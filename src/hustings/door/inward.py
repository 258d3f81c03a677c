"""One caller's connection to studio (`wire/relay.py`): frames in and out, nothing kept."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from hustings.wire.relay import END, MESSAGE_MAX, Hello, frame, read_frame

READ_BUDGET = 16
"""Messages read in a row; whoever has more waits for the loop to come round."""
AGAIN_S = 0.05
CUT_OFF_S = 10.0
"""A caller whom studio had answered is kept for this long while it is away."""
BUFFER_BYTES = 32_768
"""About a second of voice that a studio which stands still has not taken; what comes then is lost."""


class Inward:
    """`on_frame` gets each datagram from studio; `on_end` the end of it, with whether studio wished it."""

    def __init__(
        self,
        path: Path,
        hello: Hello,
        on_frame: Callable[[bytes], None],
        on_end: Callable[[bool], None],
    ) -> None:
        self._path = path
        self._hello = hello
        self._on_frame = on_frame
        self._on_end = on_end
        self._socket: socket.socket | None = None
        self._seeking: asyncio.TimerHandle | None = None

    def open(self) -> bool:
        """Whether studio can be reached just now."""
        made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
            made.connect(str(self._path))
            made.send(self._hello.to_bytes())
        except OSError:
            made.close()
            return False
        self._socket = made
        asyncio.get_running_loop().add_reader(made, self._readable)
        return True

    def come_back(self, given_up: Callable[[], None]) -> None:
        """To the next studio, which knows the sessions of the one that died; `given_up` is called if none comes in time."""
        self._seek(asyncio.get_running_loop().time() + CUT_OFF_S, given_up)

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def send(self, datagram: bytes) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(frame(datagram))

    def close(self) -> None:
        """No end is told after this."""
        if self._seeking is not None:
            self._seeking.cancel()
            self._seeking = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _seek(self, until: float, given_up: Callable[[], None]) -> None:
        self._seeking = None
        if self.open():
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= until:
            given_up()
        else:
            self._seeking = loop.call_later(AGAIN_S, self._seek, until, given_up)

    def _readable(self) -> None:
        for _ in range(READ_BUDGET):
            if self._socket is None:
                return
            try:
                message = self._socket.recv(MESSAGE_MAX)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # studio closed with something of ours unread; what it said before that is still there
            except OSError:
                message = b""
            if not message or message == END:
                self.close()
                self._on_end(message == END)
                return
            datagram = read_frame(message)
            if datagram is not None:
                self._on_frame(datagram)
