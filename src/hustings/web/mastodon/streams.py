"""Who listens on, and what each of them gets: one poll of the database for all, once a second or as soon as somebody wrote here.

`Sql.on_write` rings for what this process wrote; what others wrote is found by the second. Whoever does not take what is his
is let go, and so is, within a second, whose token or account ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from hustings.social.happenings import Happening
from hustings.wire.errors import Refused

STREAMS_MAX, ACCOUNT_MAX = 2_500, 10
QUEUE_MAX = 100
NAMES_MAX = 20
POLL_S, REST_S = 1.0, 0.05
AT_ONCE_MAX = 200
POLICY, SLOW = 1008, 1013
"""Codes of a WebSocket's end (RFC 6455 §7.4.1 and its registry): the token ended, or nonsense came; too slow."""
_log = logging.getLogger("hustings.web")
Name = tuple[str, ...]
"""`("user",)`, `("hashtag", "kyoto")`."""


@dataclass(frozen=True, slots=True)
class Message:
    """`payload` is a text: JSON, or an id."""

    names: tuple[Name, ...]
    event: str
    payload: str


@dataclass(eq=False, slots=True)
class Stream:
    """One listener. `take` waits for the next message; None: `code` says why it ended."""

    account: int
    token: int
    scopes: str
    names: set[Name] = field(default_factory=set)
    code: int | None = None
    _waiting: deque[Message] = field(default_factory=deque)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, message: Message) -> None:
        if len(self._waiting) >= QUEUE_MAX:
            self.end(SLOW)
            return
        self._waiting.append(message)
        self._bell.set()

    def end(self, code: int) -> None:
        self.code = self.code or code
        self._bell.set()

    async def take(self) -> Message | None:
        while not self._waiting and self.code is None:
            self._bell.clear()
            await self._bell.wait()
        return None if self.code is not None else self._waiting.popleft()


Poll = Callable[[int, Collection[Stream]], Awaitable[tuple[list[Happening], set[int]]]]
Deliver = Callable[[list[Happening], Collection[Stream]], Awaitable[None]]


class Streams:
    """All that are open in this process. `poll` gives what is newer than a number, and which tokens are still good."""

    def __init__(self, newest: Callable[[], Awaitable[int]], poll: Poll, deliver: Deliver) -> None:
        self._newest, self._poll, self._deliver = newest, poll, deliver
        self._open: set[Stream] = set()
        self._by_account: Counter[int] = Counter()
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._last = 0
        self._seen: deque[int] = deque(maxlen=2 * AT_ONCE_MAX)

    def __len__(self) -> int:
        return len(self._open)

    def ring(self) -> None:
        """Something was written."""
        if self._open:
            self._bell.set()

    async def enter(self, stream: Stream) -> None:
        """Errors: `too_many`, `database_away`."""
        full = len(self._open) >= STREAMS_MAX
        if full or self._by_account[stream.account] >= ACCOUNT_MAX:
            raise Refused("too_many")
        if not self._open:
            self._last = -1
        self._open.add(stream)
        self._by_account[stream.account] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="streams")
        try:
            if self._last < 0:
                self._last = await self._newest()
        except BaseException:
            self.leave(stream)
            raise

    def leave(self, stream: Stream) -> None:
        if stream in self._open:
            self._open.remove(stream)
            self._by_account[stream.account] -= 1
            if not self._by_account[stream.account]:
                del self._by_account[stream.account]
            self._bell.set()

    async def turn(self) -> None:
        """One look at what happened."""
        if self._last < 0:
            return
        some = tuple(self._open)
        found, good = await self._poll(self._last, some)
        for stream in some:
            if stream.token not in good:
                stream.end(POLICY)
        fresh = [one for one in found if one.number not in self._seen]
        if not self._seen:  # what was there before anybody listened is not news
            fresh = [one for one in fresh if one.number > self._last]
        self._seen.extend(one.number for one in found if one.number not in self._seen)
        self._last = max((self._last, *(one.number for one in found)))
        if fresh:
            await self._deliver(fresh, [one for one in some if one.code is None])

    async def _run(self) -> None:
        while self._open:
            try:
                await self.turn()
            except Refused:
                pass  # the database is away; what is missed is in the timelines
            except Exception:
                _log.exception("streams: a turn broke")
            try:
                async with asyncio.timeout(POLL_S):
                    await self._bell.wait()
            except TimeoutError:
                continue
            self._bell.clear()
            await asyncio.sleep(REST_S)
        self._seen.clear()
