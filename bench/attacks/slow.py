"""slowhttptest's three kinds, and how soon a server closes on one who sends a byte a second."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.attacks.attacker import Attacker, attacking

CONNECTIONS, A_SECOND, EVERY_S = 2000, 400, 2
DRIP_S, PATIENCE_S = 1.0, 40.0
LOOK_S = 1.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass
class Tests:
    """slowhttptest again and again on one address until it is stopped: it ends when nothing of it is left open. `held`: the
    most connections that it had at once."""

    command: Sequence[str]
    held: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._over.is_set():
            with attacking(["stdbuf", "-oL", *self.command]) as one:
                while one.process.poll() is None and not self._over.wait(LOOK_S):
                    self._read(one)
                self._read(one)

    def end(self) -> None:
        self._over.set()

    def _read(self, one: Attacker) -> None:
        words = _COLOURS.sub("", one.words())
        self.held = max([self.held, *map(int, re.findall(r"connected:\s+(\d+)", words))])


@contextlib.contextmanager
def tests(kind: str, urls: Sequence[str], seconds: float) -> Iterator[list[Tests]]:
    """`kind`: H, B or X; one slowhttptest for each address at once."""
    share = CONNECTIONS // len(urls)
    running = []
    for url in urls:
        command = [
            "slowhttptest",
            f"-{kind}",
            "-c",
            str(share),
            "-r",
            str(A_SECOND // len(urls)),
            "-i",
            str(EVERY_S),
        ]
        command += ["-l", str(round(seconds) + 60), "-p", "5", "-u", url]
        # a slow reader: windows of 64 to 512 bytes, 5 bytes read a second, 8 answers on each connection
        command += ["-w", "64", "-y", "512", "-n", "1", "-z", "5", "-k", "8"] if kind == "X" else []
        running.append(Tests(command))
    threads = [threading.Thread(target=one.run) for one in running]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        for one in running:
            one.end()
        for thread in threads:
            thread.join()


@dataclass
class Probe:
    """One slow client beside the many: after how many seconds it was closed (`PATIENCE_S`: not within that)."""

    name: str
    port: int
    head: bytes
    drip: bytes
    took_s: float = 0.0

    def run(self) -> None:
        began_s = time.monotonic()
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 5) as wire,
        ):
            wire.sendall(self.head)
            wire.settimeout(DRIP_S)
            while time.monotonic() < began_s + PATIENCE_S:
                try:
                    if not wire.recv(4096):
                        break
                except TimeoutError:
                    wire.sendall(self.drip)
        self.took_s = time.monotonic() - began_s


def slow_head(name: str, port: int) -> Probe:
    return Probe(name, port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"X-a: b\r\n")


def slow_body(name: str, port: int, path: str) -> Probe:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n"
    return Probe(name, port, head.encode(), b" ")


@contextlib.contextmanager
def probed(probes: Sequence[Probe]) -> Iterator[None]:
    """All at once beside the block; returns when each has been closed."""
    threads = [threading.Thread(target=one.run) for one in probes]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()
