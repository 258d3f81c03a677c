"""A small real HTTPS server on loopback, for tests: each path answers the bytes that a test gives it, or hangs."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hustings.work.fetching import Fetching

HANGS = b""


def page(body: str, kind: str = "text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    raw = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n\r\n"
    return head.encode() + raw


def turn(where: str, status: str = "302 Found") -> bytes:
    head = f"HTTP/1.1 {status}\r\nLocation: {where}\r\nContent-Length: 0\r\nSet-Cookie: a=b\r\n\r\n"
    return head.encode()


@dataclass
class PageServer:
    """`say[path]` is the answer, `heard` every request's head. Called `localhost`."""

    context: ssl.SSLContext
    trust: ssl.SSLContext
    say: dict[str, bytes] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[PageServer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            server.close()

    def url(self, path: str = "/") -> str:
        return f"https://localhost:{self.port}{path}"

    def fetching(self, timeout_s: float = 5.0) -> Fetching:
        """One that may ask this server, because a test says so."""
        return Fetching(
            lambda address: address == "127.0.0.1", only_here, self.port, self.trust, timeout_s
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heard.append(head)
            answer = self.say.get(head.split(" ")[1], page("Nothing", status="404 Not Found"))
            if answer == HANGS:
                await reader.read()
            writer.write(answer)
            await writer.drain()
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            writer.close()


async def only_here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]
