"""One model listener's connection: non-blocking sockets under asyncio's loop, TLS by OpenSSL on the socket itself.

No task, no stream and no transport for each: ten thousand of them share one core with what they drive. A kept connection
that the server has shut between two requests is opened again without a word, as a browser does.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from hustings.rehearse.exchange import Heads, Reader, Requests
from hustings.rehearse.listener import Listener, Step

CHUNK_BYTES = 262_144
_AGAIN = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError, InterruptedError)


@dataclass(slots=True)
class Ground:
    """What all connections of a process share. `rest(link, seconds)` has it woken; `now` is seconds since 1970."""

    loop: asyncio.AbstractEventLoop
    address: tuple[str, int]
    family: socket.AddressFamily
    tls: ssl.SSLContext | None
    server_name: str
    requests: Requests
    heads: Heads
    now: Callable[[], float]
    rest: Callable[[Link, float], None]
    connections: int = 0
    bytes_in: int = 0


class Link:
    """`source` is the address it calls from, "" for whichever."""

    __slots__ = (
        "_fd",
        "_fresh",
        "_ground",
        "_reader",
        "_socket",
        "_unsent",
        "deadline_s",
        "listener",
        "source",
    )

    def __init__(self, ground: Ground, listener: Listener, source: str = "") -> None:
        self.listener = listener
        self.source = source
        self.deadline_s = inf
        self._ground = ground
        self._reader = Reader(ground.heads)
        self._socket: socket.socket | None = None
        self._fd = -1
        self._fresh = False
        self._unsent = b""

    def begin(self) -> None:
        self._act(self.listener.begin(self._ground.now()))

    def wake(self) -> None:
        """A rest is over."""
        self._act(self.listener.rested(self._ground.now()))

    def expired(self) -> None:
        """No answer within the listener's patience."""
        self._fail("timeout")

    def close(self) -> None:
        """Lets go of the connection; the listener is not told."""
        if self._socket is None:
            return
        self._ground.loop.remove_reader(self._fd)
        self._ground.loop.remove_writer(self._fd)
        self._socket.close()
        self._socket, self._fd = None, -1
        self._reader = Reader(self._ground.heads)
        self._ground.connections -= 1

    # --- out

    def _act(self, step: Step) -> None:
        if isinstance(step, str):
            self.deadline_s = self._ground.now() + self.listener.patience_s
            self._unsent = self._ground.requests.write(step)
            if self._socket is None:
                self._open()
            else:
                self._send()
        else:
            self.deadline_s = inf
            if step == inf:
                self.close()
            else:
                self._ground.rest(self, step)

    def _open(self) -> None:
        ground = self._ground
        try:
            made = socket.socket(ground.family, socket.SOCK_STREAM)
        except OSError as error:
            self._fail(_word(error))
            return
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket, self._fd, self._fresh = made, made.fileno(), True
        ground.connections += 1
        try:
            if self.source:
                # The port is chosen at the connect, so that one source address gives 28,000 to each server.
                made.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
                made.bind((self.source, 0))
            made.connect(ground.address)
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(_word(error))
            return
        ground.loop.add_writer(self._fd, self._connected)

    def _connected(self) -> None:
        assert self._socket is not None
        self._ground.loop.remove_writer(self._fd)
        if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._fail(_word(OSError(code, "")))
            return
        if self._ground.tls is None:
            self._ready()
            return
        self._socket = self._ground.tls.wrap_socket(
            self._socket, server_hostname=self._ground.server_name, do_handshake_on_connect=False
        )
        self._ground.loop.add_reader(self._fd, self._shake)
        self._shake()

    def _shake(self) -> None:
        assert isinstance(self._socket, ssl.SSLSocket)
        try:
            self._socket.do_handshake()
        except _AGAIN:
            return
        except OSError:
            self._fail("tls")
            return
        self._ready()

    def _ready(self) -> None:
        self._ground.loop.add_reader(self._fd, self._readable)
        self._send()

    def _send(self) -> None:
        assert self._socket is not None
        try:
            sent = self._socket.send(self._unsent)
        except _AGAIN:
            sent = 0
        except OSError as error:
            self._broken(_word(error))
            return
        if sent < len(self._unsent):
            self._unsent = self._unsent[sent:]
            self._ground.loop.add_writer(self._fd, self._flush)
        else:
            self._unsent = b""

    def _flush(self) -> None:
        self._ground.loop.remove_writer(self._fd)
        self._send()

    # --- in

    def _readable(self) -> None:
        # TLS keeps what it decrypted: read until it wants the wire again.
        while self._socket is not None:
            try:
                chunk = self._socket.recv(CHUNK_BYTES)
            except _AGAIN:
                return
            except OSError as error:
                self._broken(_word(error))
                return
            if not chunk:
                self._ended()
                return
            if self._take(chunk) or self._ground.tls is None:
                return

    def _take(self, chunk: bytes) -> bool:
        """Whether the answer is whole (or broken), so that nothing more is to come."""
        if self.deadline_s == inf:  # nothing was asked
            self.close()
            return True
        try:
            answer = self._reader.push(chunk)
        except ValueError:
            self._fail("malformed")
            return True
        if answer is None:
            return False
        self._fresh = False
        self._ground.bytes_in += answer.size
        if answer.close:
            self.close()
        self._act(self.listener.answered(answer.status, answer.body, self._ground.now()))
        return True

    def _ended(self) -> None:
        """The server has shut the connection."""
        if self.deadline_s == inf:
            self.close()
            return
        answer = self._reader.ended()
        if answer is not None:
            self.close()
            self._act(self.listener.answered(answer.status, answer.body, self._ground.now()))
        else:
            self._broken("cut")

    def _broken(self, kind: str) -> None:
        if self._fresh or self._reader.begun:
            self._fail(kind)
            return
        self.listener.reconnected()
        self.close()
        self._unsent = self._ground.requests.write(self.listener.asked)
        self._open()

    def _fail(self, kind: str) -> None:
        self.close()
        self._act(self.listener.failed(kind))


def _word(error: OSError) -> str:
    """`refused`, `reset`, …: one word for what the system said."""
    if isinstance(error, ssl.SSLError):
        return "tls"
    name = errno.errorcode.get(error.errno or 0, "broken").lower()
    return {
        "econnrefused": "refused",
        "econnreset": "reset",
        "epipe": "reset",
        "etimedout": "timeout",
        "emfile": "no_files_left",
        "eaddrnotavail": "no_ports_left",
    }.get(name, name)


def raise_open_files(wanted: int) -> int:
    """Lets this process open as many files as it may, at most `wanted`: how many that is now."""
    import resource  # noqa: PLC0415 (not on Windows)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        with contextlib.suppress(ValueError, OSError):  # root may
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return wanted
    least = min(wanted, hard)
    if soft < least:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, hard))
    return max(soft, least)
