"""Readers of an endless stream, as Icecast's listeners are: `python -m bench.crowd.readers`.

The plan comes in and lines go out as with `hustings.rehearse.crew`.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import sys
import time

from hustings.rehearse.link import raise_open_files
from hustings.rehearse.tally import Tally

A_SOURCE = 20_000
CHUNK_BYTES = 65_536
AT_ONCE, OPENING = 8, 8
_AGAIN = (ssl.SSLWantReadError, BlockingIOError)


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    raise_open_files(plan["count"] + 64)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    poll = select.epoll()
    links: dict[int, socket.socket] = {}
    told_s = began_s = time.monotonic()
    taken = lost = gone = 0
    waiting: dict[int, socket.socket] = {}
    opening = 0
    while True:
        # Icecast's queue of connections holds five: who comes faster waits a second for the next try of the kernel.
        for _ in range(
            min(AT_ONCE, OPENING - opening, plan["count"] - opening - len(links) - lost)
        ):
            link = _called(plan["port"], f"127.0.0.{1 + len(links) // A_SOURCE}")
            poll.register(link.fileno(), select.EPOLLOUT)
            waiting[link.fileno()] = link
            opening += 1
        for descriptor, _ in poll.poll(0.005 if opening else 0.05, 4096):
            if (link := waiting.pop(descriptor, None)) is not None:
                opening -= 1
                poll.unregister(descriptor)
                link = _asked(link, context if plan["tls"] else None)
                links[link.fileno()] = link
                poll.register(link.fileno(), select.EPOLLIN)
                continue
            link = links[descriptor]
            try:
                while chunk := link.recv(CHUNK_BYTES):
                    taken += len(chunk)
                    if not plan["tls"]:
                        break
                if not chunk:
                    poll.unregister(descriptor)
                    del links[descriptor]
                    lost += 1
                    gone += 1
            except _AGAIN:
                pass
        now_s = time.monotonic()
        if now_s - told_s >= 1.0:
            tally = Tally()
            tally.counts["bytes"], taken = taken, 0
            tally.errors["cut"], gone = gone, 0
            line = {"here": len(links), "playing": len(links), "lag_s": now_s - told_s - 1.0}
            line |= {"cpu_s": time.process_time(), "tally": tally.tree(), "at_s": now_s - began_s}  # type: ignore[dict-item]
            print(json.dumps(line), flush=True)
            told_s = now_s


def _called(port: int, source: str) -> socket.socket:
    link = socket.socket()
    link.setblocking(False)
    link.bind((source, 0))
    link.connect_ex(("127.0.0.1", port))
    return link


def _asked(link: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    link.setblocking(True)
    link = tls.wrap_socket(link, server_hostname="localhost") if tls else link
    link.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\nCookie: session=bench\r\n\r\n")
    link.setblocking(False)
    return link


if __name__ == "__main__":
    main()
