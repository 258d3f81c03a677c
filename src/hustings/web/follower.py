"""Follows the directory and every room's feed, and keeps what their journals say. Web may be away meanwhile: the
snapshot of a feed holds the whole journal, and a line that is kept already is passed over.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from hustings.rooms.journal import Event, from_line
from hustings.rooms.room import PLANNED
from hustings.web import effects, programme
from hustings.web.effects import Cursor
from hustings.web.live import Studio
from hustings.web.sql import Sql
from hustings.wire.errors import Refused
from hustings.wire.feed import END, JOURNAL, LIVE, Decoder, Frame

RETRY_S = 0.5
ROOMS_MAX = 500
DIRECTORY = "_"
_log = logging.getLogger("hustings.web")


class Reader:
    """Frames of one room in, what is to be kept out. Frames of a term lower than the highest seen are passed over."""

    def __init__(self, start: Cursor) -> None:
        self._decoder = Decoder()
        self._term = start.term
        self.over = False

    def push(self, chunk: bytes) -> tuple[list[Event], Cursor]:
        """The journal events in a slice of the feed, and where it was read to. Errors: `ValueError`: drop the feed."""
        events: list[Event] = []
        seq = 0
        for frame in self._decoder.push(chunk):
            if frame.term < self._term:
                continue
            self._term = frame.term
            if frame.path == JOURNAL:
                events.append(from_line(frame.body))
            self.over = self.over or frame.path == END
            # a snapshot's journal lines carry their own old numbers; the highest is where to go on
            seq = max(seq, frame.seq)
        return events, Cursor(seq, self._term)


class Follower:
    """`run` goes on until it is cancelled. `here` says whether studio's directory is being read."""

    def __init__(
        self,
        studio: Studio,
        sql: Sql,
        now_ms: Callable[[], int],
        forget: Callable[[str], None],
        has_replay: Callable[[str], bool],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._studio = studio
        self._sql = sql
        self._now_ms = now_ms
        self._forget = forget
        self._has_replay = has_replay
        self._pause = pause
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.here = False

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self._follow_directory()
                except (Refused, ValueError, KeyError) as error:
                    _log.debug("the directory cannot be read: %s", error)
                self.here = False
                await self._pause(RETRY_S)
        finally:
            for task in self._tasks.values():
                task.cancel()

    async def _follow_directory(self) -> None:
        decoder = Decoder()
        keys: set[str] = set()
        async with self._studio.feed(DIRECTORY, 0) as chunks:
            async for chunk in chunks:
                for frame in decoder.push(chunk):
                    if frame.path == "rooms.json":
                        keys = self._listed(frame)
                    elif frame.path == LIVE:
                        await self._missing(keys)
                        self.here = True
                self._start(keys)

    def _listed(self, frame: Frame) -> set[str]:
        return {str(room["key"]) for room in json.loads(frame.body)["rooms"][:ROOMS_MAX]}

    def _start(self, keys: set[str]) -> None:
        for key in [key for key, task in self._tasks.items() if task.done()]:
            del self._tasks[key]
        for key in keys - self._tasks.keys():
            self._tasks[key] = asyncio.create_task(self._follow(key), name=f"feed {key}")

    async def _follow(self, key: str) -> None:
        """One room, until its feed is over or studio does not know it any more."""
        while True:
            try:
                if await self._read(key):
                    await self._pause(
                        RETRY_S
                    )  # a room that is destroyed is so a moment after its feed's end
                    return await self._gone(key)
            except Refused as refused:
                if refused.code == "room_unknown":
                    return await self._gone(key)
            except (ValueError, KeyError, TypeError) as error:
                _log.warning("the feed of a room cannot be read: %r", error)
            await self._pause(RETRY_S)

    async def _read(self, key: str) -> bool:
        """One connection to a feed; True when it said that it is over."""
        start = await self._sql.read(effects.cursor, key)
        reader = Reader(start)
        async with self._studio.feed(key, start.seq) as chunks:
            async for chunk in chunks:
                events, at = reader.push(chunk)
                if events:
                    await self._sql.write(effects.apply, key, events, at)
                if reader.over:
                    return True
        return False

    async def _missing(self, keys: set[str]) -> None:
        """Rooms that web believes alive or planned, and studio's directory does not name."""
        for key in await self._sql.read(programme.expected, self._now_ms()):
            if key not in keys and not self._has_replay(key):
                await self._gone(key)

    async def _gone(self, key: str) -> None:
        """A room that studio does not know: one that never opened is handed over again, another was destroyed."""
        try:
            if await self._studio.knows(key):
                return
            found = await self._sql.read(programme.find, key)
            if found is None:
                return
            if found.state == PLANNED:
                await self._sql.write(programme.taken_back, key)
                return
            await self._sql.write(programme.delete, found.plan.plan, self._now_ms())
        except Refused:
            return
        self._forget(key)


class Handover:
    """Every plan that studio does not have is offered to it, every second, until it is taken."""

    def __init__(self, studio: Studio, sql: Sql, now_ms: Callable[[], int]) -> None:
        self._studio = studio
        self._sql = sql
        self._now_ms = now_ms

    async def run(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        while True:
            if self._sql.ready or await self._sql.prepare():
                await self.once()
            await pause(1.0)

    async def once(self) -> None:
        """One round. Studio's "no" to a change of a room that went on the air meanwhile undoes the change."""
        try:
            plans = await self._sql.read(programme.unhanded)
            for plan in plans:
                try:
                    await self._studio.hand_over(plan)
                except Refused as refused:
                    if refused.code in ("studio_away", "rooms_full"):
                        return
                    _log.warning("studio refuses the plan of a room: %s", refused.code)
                    await self._sql.write(programme.refused, plan, self._now_ms(), refused.code)
                else:
                    await self._sql.write(programme.handed, plan, self._now_ms())
        except Refused as refused:
            _log.debug("no plan is handed over: %s", refused.code)
