"""The disk, at arm's length: files are written by one thread, in order, and nobody who keeps time waits long for it.

On a busy machine a write can stand still for seconds, while the file system commits its own journal. So whoever writes
waits `PATIENCE_S` for the usual case, in which the bytes are there a moment later; past that the talk goes on, and what
was to be written is written in its turn.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from hustings.studio.priority import keep_time

LOG = logging.getLogger("hustings.studio")
PATIENCE_S = 0.015
"""Less than a tick: even the first write that stands still delays nobody's next word."""
WAITING_MAX = 5_000
"""Works that may wait, about ten minutes of one room; then the disk counts as full."""
T = TypeVar("T")


class Disk:
    """One thread for the files of a process. `patience_s` None waits as long as it takes (tests on virtual time)."""

    def __init__(self, patience_s: float | None = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._thread = ThreadPoolExecutor(1, "disk", initializer=keep_time)
        self._last: Future[Any] | None = None
        # Each counter has one thread that writes it.
        self._given = self._done = 0

    @property
    def behind(self) -> bool:
        """Whether something has been waiting for longer than anybody waits."""
        return self._last is not None and not self._last.done()

    def do(self, work: Callable[[], T], late: T) -> T:
        """What `work` gives, if it is done in time; else `late`, and the work is done in its turn.

        While an earlier work stands still nobody waits at all. Errors: those of the work, if it failed in time; `OSError`
        (EBUSY) when `WAITING_MAX` works wait: this one is not done.
        """
        if self._given - self._done >= WAITING_MAX:
            raise OSError(errno.EBUSY, "the disk does not keep up")
        behind = self.behind
        self._given += 1
        future = self._thread.submit(self._run, work)
        self._last = future
        if not (behind and self._patience_s is not None):
            wait([future], self._patience_s)
            if future.done():
                return future.result()
        future.add_done_callback(_tell)
        return late

    def close(self) -> None:
        """Waits until everything is written."""
        self._thread.shutdown()

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            self._done += 1


def _tell(late: Future[T]) -> None:
    """Nobody waits for it any more: what went wrong is at least said."""
    error = late.exception()
    if error is not None:
        LOG.warning("a file cannot be written: %s", error)
