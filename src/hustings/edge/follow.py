"""Follows studio's feeds and fills `objects`: one connection for the directory, one for each room.

Raw asyncio streams, since an HTTP client would cost each worker more memory than all its rooms. 2 s without a frame
mean that studio is gone: what there is goes on being served, and the feed is asked for again until it is back.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from hustings.edge.objects import GRACE_S, Room, Rooms
from hustings.edge.upstream import Upstream, answered
from hustings.wire.feed import Decoder

SILENCE_MAX_S = 2.0
BACKOFF_S = (0.05, 0.3)
"""Between two tries, in seconds; drawn anew each time, so that workers do not come in step."""

_CHUNK_BYTES = 65_536
Callback = Callable[[], None]
_log = logging.getLogger("hustings.edge")


class Follower:
    """Keeps `rooms` as studio says they are. `run` ends only by being cancelled."""

    def __init__(self, upstream: Upstream, rooms: Rooms) -> None:
        self._upstream = upstream
        self._rooms = rooms
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._recheck: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        try:
            await self._follow(self._rooms.directory, self._sync)
        finally:
            for task in self._tasks.values():
                task.cancel()
            if self._recheck is not None:
                self._recheck.cancel()

    def _sync(self) -> None:
        """Follows the rooms that the directory names, and lets go of those that it no longer does."""
        keys = self._rooms.listed()
        if keys is None:
            return
        loop = asyncio.get_running_loop()
        new, gone = self._rooms.keep(keys, loop.time())
        for room in gone:
            if task := self._tasks.pop(room.key, None):
                task.cancel()
        for room in new:
            self._tasks[room.key] = loop.create_task(self._follow(room, lambda: None))
        if self._recheck is not None:
            self._recheck.cancel()
            self._recheck = None
        if self._rooms.any_missing:
            self._recheck = loop.call_later(GRACE_S + 0.1, self._sync)

    async def _follow(self, room: Room, changed: Callback) -> None:
        while not room.over:
            try:
                await self._read(room, changed)
            except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
                _log.debug("feed of %s: %r", room.key, error)
            except ValueError as error:
                _log.warning("feed of %s: %s", room.key, error)
            room.forget_gathered()
            await asyncio.sleep(random.uniform(*BACKOFF_S))
        self._sync()

    async def _read(self, room: Room, changed: Callback) -> None:
        """One connection, until it ends. Errors: `OSError`, `EOFError`, `TimeoutError`, `ValueError`."""
        async with asyncio.timeout(SILENCE_MAX_S) as patience:
            reader, writer = await self._upstream.ask("GET", f"/feed/{room.key}")
            try:
                body = Chunked(reader) if await answered(reader) else Plain(reader)
                decoder = Decoder()
                while not room.over:
                    patience.reschedule(asyncio.get_running_loop().time() + SILENCE_MAX_S)
                    for frame in decoder.push(await body.read()):
                        room.apply(frame)
                    changed()
            finally:
                writer.close()


class Plain:
    """A body that ends with the connection."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        """The next bytes. Errors: `EOFError`."""
        chunk = await self._reader.read(_CHUNK_BYTES)
        if not chunk:
            raise EOFError("the feed ended")
        return chunk


class Chunked(Plain):
    """A body in chunks (RFC 9112 §7.1), which is how an endless HTTP/1.1 answer comes."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._left = 0

    async def read(self) -> bytes:
        """The next bytes. Errors: `EOFError`, `ValueError` when the chunks cannot be read."""
        if self._left == 0:
            line = await self._reader.readuntil(b"\r\n")
            self._left = int(line.split(b";")[0], 16)
            if self._left == 0:
                raise EOFError("the feed ended")
        chunk = await self._reader.read(min(self._left, _CHUNK_BYTES))
        if not chunk:
            raise EOFError("the feed broke off")
        self._left -= len(chunk)
        if self._left == 0:
            await self._reader.readexactly(2)
        return chunk
