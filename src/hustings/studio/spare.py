"""A spare process behind the one that works: everything is loaded in it, so another worker stands within a blink.

`worker` returns in a child; the parent stays inside of it, does nothing, and forks again when the child dies. It is the parent
that `serve` or systemd knows: a signal to stop goes on to the child, and an end that the child chose is the parent's too.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time
from types import FrameType

LOG = logging.getLogger("hustings.studio")
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
LIFE_MIN_S = 1.0
"""A worker that dies sooner than this will die again: whoever started us knows how long to wait."""
FINAL = (0, 2)
"""Exit codes after which there is no other worker: asked to stop, and cannot start."""
PR_SET_PDEATHSIG = 1  # prctl(2)


def worker() -> None:
    """Returns in each new worker. Nothing but this thread may run yet. Errors: `SystemExit` in the parent."""
    spare = _Spare()
    while not spare.fork():
        spare.wait()


class _Spare:
    """The parent's state: its child, and whether somebody wants an end."""

    def __init__(self) -> None:
        self._child = 0
        self._is_stopping = False
        self._born_s = 0.0

    def fork(self) -> bool:
        """Whether this is the child."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        parent = os.getpid()
        self._born_s = time.monotonic()
        self._child = os.fork()
        if self._child == 0:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            _die_with(parent)
        else:
            for number in STOP_SIGNALS:
                signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        return self._child == 0

    def wait(self) -> None:
        """Until the child is dead. Errors: `SystemExit` if it is not to be replaced."""
        _, status = os.waitpid(self._child, 0)
        code = os.waitstatus_to_exitcode(status)
        lived_s = time.monotonic() - self._born_s
        if self._is_stopping or code in FINAL:
            raise SystemExit(max(code, 0))
        if lived_s < LIFE_MIN_S:
            raise SystemExit(1)
        LOG.error("the worker died (%d) after %.0f s; another goes on", code, lived_s)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True
        os.kill(self._child, number)


def _die_with(parent: int) -> None:
    """The worker must not outlive the spare: two of them would fight for the port (Linux; elsewhere nothing kills it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
