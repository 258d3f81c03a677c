"""Passwords are worked out beside everything else: few at once, each 46 MiB, in threads that give way to all others.

A crowd at the log-in waits in one line, before it asks the database anything; whoever only looks, listens, or is logged in
does not notice it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hustings.social import passwords
from hustings.wire.errors import Refused

T = TypeVar("T")
AT_ONCE = 4
WAITING_MAX = 256
WAIT_S = 8.0
"""Who waited so long is told to come again: further back in the line people have gone, and their passwords would be worked out
for nobody, before those of people who are still there."""
NICE = 15
NOBODYS = f"{passwords.SETTING}{'A' * 22}${'A' * 43}"
"""What a password is compared with when there is no such account: that answer takes as long as any other."""


class Hashing:
    """`async with turn():` is the line; `keep` and `is_right` are called by whoever's turn it is."""

    def __init__(
        self,
        keep: Callable[[str], str] = passwords.keep,
        is_right: Callable[[str, str], bool] = passwords.is_right,
    ) -> None:
        self._keep = keep
        self._is_right = is_right
        self._threads = ThreadPoolExecutor(AT_ONCE, "password", initializer=_give_way)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Errors: `Refused("busy")` past `WAITING_MAX`, or after `WAIT_S` in line."""
        if self._waiting >= WAITING_MAX:
            raise Refused("busy")
        self._waiting += 1
        try:
            await self._their_turn()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._waiting -= 1

    async def _their_turn(self) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Refused("busy") from None

    async def keep(self, password: str) -> str:
        return await self._run(lambda: self._keep(password))

    async def is_right(self, password: str, kept: str | None) -> bool:
        """Whether this is the password; never, and just as slowly, for `None`."""
        right = await self._run(lambda: self._is_right(password, kept or NOBODYS))
        return right and kept is not None

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _give_way() -> None:
    """Linux has a niceness for each thread (setpriority(2), notes)."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
