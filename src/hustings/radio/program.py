"""One room as MP3 for as long as somebody listens: its feed in, one encoder, the same bytes to each listener."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import aiohttp

from hustings.wire.feed import END, LIVE, Decoder, Frame

BUFFER_S = 10
"""What may wait for a listener who does not read, in seconds of sound; past it he is cut."""

AHEAD_S = 3
"""What a newcomer gets at once, so that his player starts."""

PAST_PARTS = 5
SILENCE_S = 2.0
AGAIN_S = 0.3
SHED_FROM_STEP = 1
_PART = re.compile(r"live/[^/]+/aac/s(\d{1,12})\.(\d{1,2})\.m4s")
_BROWNOUT = re.compile(rb'"brownout":\{"step":(\d)')
_log = logging.getLogger("hustings.radio")


class Encoder(Protocol):
    """`audio.mp3.Mp3`: a part in, whole frames out."""

    def push(self, part: bytes) -> bytes: ...


class Listener(Protocol):
    """Where a listener's bytes go: `asyncio.Transport`."""

    def write(self, data: bytes) -> None: ...
    def get_write_buffer_size(self) -> int: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class Program:
    """`make(init)` gives the encoder. `open` is set once it is known whether there is sound; `over` when there will be none."""

    def __init__(self, key: str, make: Callable[[bytes], Encoder], bitrate: int) -> None:
        self.key = key
        self.open = asyncio.Event()
        self.over = False
        self.shed = False
        """Whether it was given up in a brownout."""
        self.listeners: set[Listener] = set()
        self._make = make
        self._bytes_per_s = bitrate // 8
        self._encoder: Encoder | None = None
        self._last = (-1, -1)
        self._recent: deque[bytes] = deque()
        self._gathered: deque[tuple[tuple[int, int], bytes]] | None = deque(maxlen=PAST_PARTS)

    def add(self, listener: Listener) -> None:
        """A newcomer, with what he needs to start."""
        self.listeners.add(listener)
        listener.write(b"".join(self._recent))

    async def ready(self, patience_s: float) -> None:
        """Waits until it is known whether there is sound, so long at the most."""
        try:
            async with asyncio.timeout(patience_s):
                await self.open.wait()
        except TimeoutError:
            pass

    @property
    def sounds(self) -> bool:
        return self._encoder is not None and not self.over

    async def follow(self, socket: Path) -> None:
        """Reads the feed until the room is over or this is cancelled; comes back when studio does."""
        connector = aiohttp.UnixConnector(str(socket))
        timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_S, connect=SILENCE_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            while not self.over:
                try:
                    await self._read(http)
                except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                    _log.debug("feed of %s: %r", self.key, error)
                await asyncio.sleep(AGAIN_S)
        self._end()

    async def _read(self, http: aiohttp.ClientSession) -> None:
        decoder = Decoder()
        async with http.get(f"http://studio/feed/{self.key}") as answer:
            if answer.status != 200:
                self.over = True
                return
            self._gathered = deque(maxlen=PAST_PARTS)
            async for chunk in answer.content.iter_any():
                for frame in decoder.push(chunk):
                    await self.take(frame)
                if self.over:
                    return

    async def take(self, frame: Frame) -> None:
        """One frame. Of a snapshot only the newest parts are encoded."""
        path = frame.path
        if path == LIVE and self._gathered is not None:
            past, self._gathered = self._gathered, None
            for place, part in past:
                await self._part(place, part)
            self.open.set()
        elif path == END or frame.headers.get("Hustings-Ended") == "1":
            self.over = True
        elif found := _PART.fullmatch(path):
            place = int(found[1]), int(found[2])
            if self._gathered is not None:
                self._gathered.append((place, frame.body))
            else:
                await self._part(place, frame.body)
        elif "/aac/init-" in path and self._encoder is None:
            # The libraries are loaded with the first encoder: a process that nobody listens to stays small.
            self._encoder = await asyncio.to_thread(self._make, frame.body)
        elif path.endswith("/pulse.json"):
            step = _BROWNOUT.search(frame.body)
            self.shed = step is not None and int(step[1]) >= SHED_FROM_STEP
            self.over = self.over or self.shed

    async def _part(self, place: tuple[int, int], part: bytes) -> None:
        if self._encoder is None or place <= self._last:
            return
        self._last = place
        try:
            sound = await asyncio.to_thread(self._encoder.push, part)
        except ValueError as error:
            _log.warning("a part of %s: %s", self.key, error)
            return
        self._recent.append(sound)
        while sum(map(len, self._recent)) - len(self._recent[0]) >= AHEAD_S * self._bytes_per_s:
            self._recent.popleft()
        for listener in list(self.listeners):
            if listener.get_write_buffer_size() > BUFFER_S * self._bytes_per_s:
                listener.abort()
                self.listeners.discard(listener)
            else:
                listener.write(sound)

    def _end(self) -> None:
        """Nothing follows: everybody gets what was written, and the end."""
        self.over = True
        self.open.set()
        for listener in self.listeners:
            listener.close()
        self.listeners.clear()
