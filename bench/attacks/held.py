"""Thousands of connections that ask and never read: `python -m bench.attacks.held`.

Reads one JSON line: `port`, `key`, `count`, `a_second` (new connections), `kind`: `zero_window` asks for whole segments,
`parked` for the reloads of every part to come, each parked in its turn. Windows are as small as the kernel makes them. Whoever
is cut off comes back. Prints a line a second: connections it holds, how often it was cut, how many never got one.
"""

from __future__ import annotations

import collections
import http.client
import json
import re
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from hustings.rehearse.link import raise_open_files

RCVBUF = 1
"""The kernel makes it 2,304 bytes (tcp(7))."""

SEGMENTS, RELOADS = 40, 80
NUDGE_S = 3.0
"""So often each sends one byte more: a connection that the server has dropped in silence answers with a reset."""

FRESH_S = 2.0
A_SOURCE = 2_000


@dataclass
class Held:
    plan: dict[str, Any]
    poll: select.epoll = field(default_factory=select.epoll)
    links: dict[int, socket.socket] = field(default_factory=dict)
    nudges: collections.deque[tuple[float, int]] = field(default_factory=collections.deque)
    asked: bytes = b""
    fresh_s: float = 0.0
    made: int = 0
    cut: int = 0
    lost: int = 0

    def step(self, now_s: float, credit: int) -> None:
        if now_s - self.fresh_s > FRESH_S:
            self.fresh_s, self.asked = now_s, self._requests()
        for _ in range(min(credit, self.plan["count"] - len(self.links))):
            self._come(now_s)
        for descriptor, event in self.poll.poll(0.005, 4096):
            if event & (select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP):
                self._gone(descriptor)
            elif event & select.EPOLLOUT:
                self._ask(descriptor, now_s)
        while self.nudges and self.nudges[0][0] < now_s:
            self._nudge(self.nudges.popleft()[1], now_s)

    def _come(self, now_s: float) -> None:
        link = socket.socket()
        link.setblocking(False)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF)
        self.made += 1
        link.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        link.bind((f"127.2.0.{1 + self.made // A_SOURCE % 250}", 0))
        link.connect_ex(("127.0.0.1", self.plan["port"]))
        self.links[link.fileno()] = link
        self.poll.register(link.fileno(), select.EPOLLOUT | select.EPOLLRDHUP)

    def _ask(self, descriptor: int, now_s: float) -> None:
        try:
            self.links[descriptor].send(self.asked)
        except OSError:
            self._gone(descriptor)
            return
        self.poll.modify(descriptor, select.EPOLLRDHUP)
        self.nudges.append((now_s + NUDGE_S, descriptor))

    def _nudge(self, descriptor: int, now_s: float) -> None:
        link = self.links.get(descriptor)
        if link is None:
            return
        try:
            link.send(b"G")
        except BlockingIOError:
            pass
        except OSError:
            self._gone(descriptor)
            return
        self.nudges.append((now_s + NUDGE_S, descriptor))

    def _gone(self, descriptor: int) -> None:
        link = self.links.pop(descriptor, None)
        if link is not None:
            self.poll.unregister(descriptor)
            link.close()
            self.cut += 1

    def _requests(self) -> bytes:
        """As they stand on the wire, one behind the other."""
        try:
            wire = http.client.HTTPConnection("127.0.0.1", self.plan["port"], timeout=2)
            wire.request("GET", f"/live/{self.plan['key']}/aac/live.m3u8")
            text = wire.getresponse().read().decode()
            wire.close()
        except (OSError, http.client.HTTPException):
            self.lost += 1
            return self.asked
        named = re.findall(r"s(\d+)(?:\.(\d+))?\.m4s", text)  # without parts in a brownout
        msn, part = max((int(msn), int(part or 3)) for msn, part in named)
        if self.plan["kind"] == "zero_window":
            whole = [f"s{msn - 1 - number % 5}.m4s" for number in range(SEGMENTS)]
        else:
            ahead = range(4 * msn + part, 4 * msn + part + RELOADS)
            whole = [f"live.m3u8?_HLS_msn={at // 4}&_HLS_part={at % 4}" for at in ahead]
        head = f"GET /live/{self.plan['key']}/aac/%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
        return "".join(head % name for name in whole).encode()


def main() -> None:
    held = Held(json.loads(sys.stdin.readline()))
    raise_open_files(held.plan["count"] + 64)
    told_s = last_s = time.monotonic()
    credit = 0.0
    while True:
        now_s = time.monotonic()
        credit = min(credit + (now_s - last_s) * held.plan["a_second"], 500.0)
        last_s, before = now_s, held.made
        held.step(now_s, int(credit))
        credit -= held.made - before
        if now_s - told_s >= 1.0:
            told_s = now_s
            line = {"here": len(held.links), "made": held.made, "cut": held.cut, "lost": held.lost}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
