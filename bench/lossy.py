"""A road for datagrams that loses some of them: between a browser and the speakers' port, in a thread of its own.

It shares the port's number at an address of its own (127.0.0.2), which studio is told to announce. What is lost is drawn by
lot from a seed, both ways alike.
"""

from __future__ import annotations

import random
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ADDRESS = "127.0.0.2"
CLIENTS_MAX = 400
DATAGRAM_MAX = 2_048
LOOK_S = 0.1


class Road:
    """`loss` from 0 to 1, and `carried` and `lost` so far; `loss` may change at any time."""

    def __init__(self, port: int, seed: int) -> None:
        self.loss = 0.0
        self.carried = self.lost = 0
        self._studio = ("127.0.0.1", port)
        self._random = random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._clients: dict[tuple[str, int], socket.socket] = {}
        self._front = self._opened((ADDRESS, port))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lossy", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        for one in (self._front, *self._clients.values()):
            one.close()
        self._selector.close()

    def _opened(self, address: tuple[str, int]) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
        made.setblocking(False)
        self._selector.register(made, selectors.EVENT_READ)
        return made

    def _run(self) -> None:
        back = {}
        while not self._over.is_set():
            for key, _ in self._selector.select(LOOK_S):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                with suppress(OSError):
                    datagram, client = one.recvfrom(DATAGRAM_MAX)
                    if one is not self._front:
                        self._pass(self._front, datagram, back[one])
                        continue
                    if client not in self._clients and len(self._clients) < CLIENTS_MAX:
                        self._clients[client] = behind = self._opened(("127.0.0.1", 0))
                        back[behind] = client
                    self._pass(self._clients[client], datagram, self._studio)

    def _pass(self, way: socket.socket, datagram: bytes, to: tuple[str, int]) -> None:
        if self._random.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        way.sendto(datagram, to)


@contextmanager
def lossy(port: int, seed: int = 7) -> Iterator[Road]:
    road = Road(port, seed)
    try:
        yield road
    finally:
        road.end()
