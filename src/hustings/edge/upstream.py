"""Where this edge's feeds come from and its counts go: studio's Unix socket, or another edge's relay."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hustings.settings import Settings

ANSWER_S = 2.0
_HEAD_LINES_MAX = 64
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Upstream:
    """A Unix socket, or (`socket` None) a TCP address with the secret that both ends know."""

    socket: Path | None
    host: str = ""
    port: int = 0
    secret: str = ""

    async def ask(self, method: str, path: str, body: bytes = b"") -> Streams:
        """Sends a request; the caller reads the answer and closes. Errors: `OSError`."""
        if self.socket is not None:
            reader, writer = await asyncio.open_unix_connection(str(self.socket))
        else:
            reader, writer = await asyncio.open_connection(self.host, self.port)
        lines = [f"{method} {path} HTTP/1.1", "Host: feed", "Accept: */*", "Connection: close"]
        if self.secret:
            lines.append(f"Authorization: Bearer {self.secret}")
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        return reader, writer

    async def tell(self, path: str, tree: Any) -> None:
        """POSTs JSON and waits for a 200. Errors: `OSError`, `EOFError`, `TimeoutError`, `ValueError`."""
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await self.ask("POST", path, json.dumps(tree).encode())
            try:
                await answered(reader)
            finally:
                writer.close()


async def answered(reader: asyncio.StreamReader) -> bool:
    """Reads the head of an answer; whether its body is chunked. Errors: `EOFError`, also for anything but a 200."""
    status = await reader.readuntil(b"\r\n")
    chunked = False
    for _ in range(_HEAD_LINES_MAX):
        line = (await reader.readuntil(b"\r\n")).strip().lower()
        if not line:
            break
        chunked = chunked or line.replace(b" ", b"") == b"transfer-encoding:chunked"
    if status.split(b" ")[1:2] != [b"200"]:
        raise EOFError(f"the feed's place answered {status!r}")
    return chunked


def upstream_of(settings: Settings) -> Upstream:
    """As `live.follow` says. Errors: `OSError` when the secret of a TCP feed cannot be read."""
    where = settings.live.follow
    if not where:
        return Upstream(settings.studio_socket)
    if where.startswith("unix:"):
        return Upstream(Path(where.removeprefix("unix:")))
    host, _, port = where.rpartition(":")
    return Upstream(None, host.strip("[]"), int(port), settings.feed_secret)
