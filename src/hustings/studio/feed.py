"""A room's feed: what edge and web follow. A snapshot for a newcomer, then frames as they are made.

Frames are encoded once and shared by all followers. A follower that does not read is cut when `QUEUE_MAX` frames or
`QUEUE_BYTES_MAX` bytes wait for it; it comes back and gets a snapshot, or what it missed if that is still in the ring.
`seq` starts at term << 32: a number of an older term is never taken for one of this.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass, field

from hustings.wire.feed import BEAT, DROP, END, JOURNAL, LIVE, SNAPSHOT, Frame, encode

BEAT_S = 0.5
QUEUE_MAX = 1_024
QUEUE_BYTES_MAX = 16_777_216
RING_MAX = 512
SEQ_BITS = 32


@dataclass(slots=True, eq=False)
class Follower:
    """One open connection. `cut` ends it after what is queued was thrown away.

    `words_only`: it is sent the journal and the signs of the feed, and no object (web has no use for sound).
    """

    words_only: bool = False
    queue: deque[bytes] = field(default_factory=deque)
    waiting: int = 0
    cut: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, encoded: bytes) -> None:
        if self.cut:
            return
        self.queue.append(encoded)
        self.waiting += len(encoded)
        if len(self.queue) > QUEUE_MAX or self.waiting > QUEUE_BYTES_MAX:
            self.cut = True
            self.queue.clear()
        self.news.set()

    def take(self) -> bytes:
        chunk = b"".join(self.queue)
        self.queue.clear()
        self.waiting = 0
        self.news.clear()
        return chunk


class Feed:
    """The feed of one room (or the directory, key `_`) in one term."""

    def __init__(self, term: int) -> None:
        self.term = term
        self.seq = term << SEQ_BITS
        self.over = False
        self._objects: dict[str, bytes] = {}
        self._journal: list[bytes] = []
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING_MAX)
        self._followers: set[Follower] = set()

    def put(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """An object to serve, in place of what was there."""
        encoded = self._send(path, headers, body)
        self._objects.pop(path, None)  # so that a snapshot is in the order of publication
        self._objects[path] = encoded

    def drop(self, path: str) -> None:
        """An object that is no longer served; nothing if there is none."""
        if self._objects.pop(path, None) is not None:
            self._send(DROP, {"path": path})

    def journal(self, line: bytes) -> None:
        """One journal line, kept for every snapshot to come."""
        self._journal.append(self._send(JOURNAL, {}, line))

    def end(self) -> None:
        """Nothing follows: every follower is told and let go."""
        if not self.over:
            self._send(END, {})
            self.over = True
            for follower in self._followers:
                follower.news.set()

    def shut(self) -> None:
        """The process stops: followers are let go without `:end`, and will be back."""
        self.over = True
        for follower in self._followers:
            follower.news.set()

    def __contains__(self, path: str) -> bool:
        return path in self._objects

    @property
    def followers(self) -> int:
        return len(self._followers)

    async def follow(
        self, after: int | None = None, words_only: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """The feed as bytes, from the frame after `after` if it is still known, else from a snapshot."""
        follower = Follower(words_only)
        self._followers.add(follower)
        try:
            missed = b"" if words_only else self._missed(after)
            yield missed or self._snapshot(() if words_only else self._objects.values())
            while not follower.cut:
                if not follower.queue:
                    if self.over:
                        return
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(BEAT_S):
                            await follower.news.wait()
                yield follower.take() or encode(Frame(self.seq, self.term, BEAT))
        finally:
            self._followers.discard(follower)

    def _send(self, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
        self.seq += 1
        encoded = encode(Frame(self.seq, self.term, path, headers, body))
        self._ring.append((self.seq, encoded))
        for follower in self._followers:
            if not follower.words_only or path[0] == ":":
                follower.push(encoded)
        return encoded

    def _missed(self, after: int | None) -> bytes:
        """What came after a known frame; empty when that frame is not in the ring."""
        if after is None or not self._ring or not self._ring[0][0] <= after <= self.seq:
            return b""
        missed = b"".join(encoded for seq, encoded in self._ring if seq > after)
        return missed or encode(Frame(self.seq, self.term, BEAT))

    def _snapshot(self, objects: Collection[bytes]) -> bytes:
        first = self.seq - len(self._journal) - len(objects)
        return b"".join(
            (
                encode(Frame(first, self.term, SNAPSHOT)),
                *self._journal,
                *objects,
                encode(Frame(self.seq, self.term, LIVE)),
            )
        )
