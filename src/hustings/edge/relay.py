"""An edge that other edges follow: the feeds that it follows itself, offered on (`docs/protocol.md`, "Feed").

A process of its own beside the workers, on a private Unix socket or TCP port. Frames pass through as they came, the journal
excepted: what people did is not for other machines. Counts of those who follow go on to where the feed comes from.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from hustings.edge.follow import Follower
from hustings.edge.objects import Room, Rooms
from hustings.edge.upstream import Upstream
from hustings.wire.feed import BEAT, DROP, JOURNAL, LIVE, SNAPSHOT, Frame, encode

FOLLOWERS_MAX = 256
QUEUE_MAX = 1_024
QUEUE_BYTES_MAX = 16_777_216
BEAT_S = 0.5
HEAD_S = 5.0
HEAD_MAX = 8_192
REPORT_MAX = 65_536
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Tap:
    """One follower's queue. A follower that does not read is cut; it comes back and gets a snapshot."""

    def __init__(self, snapshot: bytes) -> None:
        self._queue = deque([snapshot])
        self._size = 0
        self._news = asyncio.Event()
        self._news.set()
        self.cut = False

    def push(self, encoded: bytes) -> None:
        self._queue.append(encoded)
        self._size += len(encoded)
        if len(self._queue) > QUEUE_MAX or self._size > QUEUE_BYTES_MAX:
            self.cut = True
            self._queue.clear()
        self._news.set()

    async def take(self, beat: bytes) -> bytes:
        """All that waits; `beat` when nothing came for `BEAT_S`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT_S):
                await self._news.wait()
        chunk = b"".join(self._queue)
        self._queue.clear()
        self._size = 0
        self._news.clear()
        return chunk or beat


class Relayed(Room):
    """A room that keeps each object's frame, and passes every frame on."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.taps: set[Tap] = set()
        self._frames: dict[str, Frame] = {}
        self._seq = 0

    def apply(self, frame: Frame) -> None:
        if frame.term < self.term or frame.path == JOURNAL:
            return
        super().apply(frame)
        self._seq = frame.seq
        if not frame.path.startswith(":"):
            self._frames.pop(frame.path, None)
            self._frames[frame.path] = frame
        elif frame.path == DROP:
            self._frames.pop(frame.headers.get("path", ""), None)
        if frame.path != DROP and len(self._frames) > 2 * len(self.objects) + QUEUE_MAX:
            self._prune()
        if frame.path != BEAT:
            encoded = encode(frame)
            for tap in self.taps:
                tap.push(encoded)

    def snapshot(self) -> bytes:
        """All objects as they are now, between the two words that a follower waits for."""
        self._prune()
        frames = [Frame(self._seq, self.term, SNAPSHOT), *self._frames.values()]
        return b"".join(map(encode, [*frames, Frame(self._seq, self.term, LIVE)]))

    def beat(self) -> bytes:
        return encode(Frame(self._seq, self.term, BEAT))

    def _prune(self) -> None:
        """Frames of objects that have grown old go with them."""
        self._frames = {
            path: frame
            for path, frame in self._frames.items()
            if path.removeprefix(self.prefix) in self.objects
        }


class Relay:
    """Follows `upstream`, and serves whoever follows here. `secret` is asked of them unless it is empty."""

    def __init__(self, upstream: Upstream, secret: str) -> None:
        self._upstream = upstream
        self._secret = secret
        self._rooms = Rooms(Relayed)
        self._following = Follower(upstream, self._rooms)
        self._open = 0

    async def run(self, where: str) -> None:
        """Serves at `unix:/path` or `host:port` until cancelled. Errors: `OSError`."""
        server = await self._listen(where)
        async with server:
            await self._following.run()

    async def _listen(self, where: str) -> asyncio.Server:
        if where.startswith("unix:"):
            path = Path(where.removeprefix("unix:"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            server = await asyncio.start_unix_server(self._serve, str(path), limit=HEAD_MAX)
            path.chmod(0o600)
            return server
        host, _, port = where.rpartition(":")
        return await asyncio.start_server(
            self._serve, host.strip("[]"), int(port), limit=HEAD_MAX, reuse_address=True
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= FOLLOWERS_MAX:
                await self._answer(reader, writer)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, *_ = head.split(" ", 2)
        fields = dict(_fields(head))
        if self._secret and not hmac.compare_digest(
            fields.get("authorization", ""), f"Bearer {self._secret}"
        ):
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        elif method == "GET" and (room := self._room(path)) is not None:
            await self._pass_on(room, writer)
        elif method == "POST" and path.startswith("/edges/"):
            await self._report(path, int(fields.get("content-length", "0")), reader, writer)
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    def _room(self, path: str) -> Relayed | None:
        key = path.partition("?")[0].removeprefix("/feed/")
        room = self._rooms.directory if key == "_" else self._rooms.by_key.get(key)
        return room if isinstance(room, Relayed) and room.live else None

    async def _pass_on(self, room: Relayed, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        tap = Tap(room.snapshot())
        room.taps.add(tap)
        try:
            while not tap.cut:
                chunk = await tap.take(room.beat())
                writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                async with asyncio.timeout(HEAD_S):
                    await writer.drain()
                if room.over:
                    return
        finally:
            room.taps.discard(tap)

    async def _report(
        self,
        path: str,
        size: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if not 0 < size <= REPORT_MAX:
            raise ValueError("a report of that size is none")
        async with asyncio.timeout(HEAD_S):
            tree = json.loads(await reader.readexactly(size))
        await self._upstream.tell(path, tree)
        writer.write(_OK)


def _fields(head: str) -> Iterator[tuple[str, str]]:
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()
