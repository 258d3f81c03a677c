"""A spare process behind the one that works: everything is loaded in it, so another worker stands within a blink.

`worker` returns in a child; the parent stays inside of it, does nothing, and forks again when the child dies. It is the parent
that `serve` or systemd knows: a signal to stop goes on to the child, and an end that the child chose is the parent's too.

`UPGRADE` brings in the program as it lies on the disk now. It is first tried in a process of its own, that only loads it:
what does not load replaces nothing. Then the spare becomes the new program (exec: the same process, so nobody has to be told),
and while that loads the worker goes on; only then it is told to stop, and the new one is forked.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time

LOG = logging.getLogger("hustings.studio")
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
UPGRADE = signal.SIGUSR2
WATCHED = frozenset((*STOP_SIGNALS, UPGRADE, signal.SIGCHLD))
LIFE_MIN_S = 1.0
"""A worker that dies sooner than this will die again: whoever started us knows how long to wait."""
LEAVE_S = 3.0
"""A worker that makes room for another is killed after this long; its calls are written down all the same."""
LOOK_S = 0.002
FINAL = (0, 2)
"""Exit codes after which there is no other worker: asked to stop, and cannot start."""
TRIAL, WORKER = "STUDIO_SPARE_TRIAL", "STUDIO_SPARE_WORKER"
"""In the environment: this process only tries whether the program loads; the pid of the worker that is still there."""
PR_SET_PDEATHSIG = 1  # prctl(2)


def worker() -> None:
    """Returns in each new worker. Nothing but this thread may run yet. Errors: `SystemExit` in the parent."""
    if os.environ.pop(TRIAL, ""):
        raise SystemExit(0)
    signal.signal(signal.SIGCHLD, _wake)
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    spare = _Spare(int(os.environ.pop(WORKER, "0")))
    spare.make_room()
    while not spare.fork():
        spare.watch()


class _Spare:
    """The parent's state: its child, the program on trial, and whether somebody wants an end."""

    def __init__(self, child: int) -> None:
        self._child = child
        self._trial = 0
        self._is_stopping = False
        self._born_s = 0.0

    def make_room(self) -> None:
        """The worker of the program that this process was before writes its calls down and goes."""
        if not self._child:
            return
        os.kill(self._child, signal.SIGTERM)
        late_s = time.monotonic() + LEAVE_S
        while os.waitpid(self._child, os.WNOHANG) == (0, 0):
            if time.monotonic() >= late_s:
                os.kill(self._child, signal.SIGKILL)
            time.sleep(LOOK_S)
        LOG.info("upgraded: another worker goes on")

    def fork(self) -> bool:
        """Whether this is the child."""
        parent = os.getpid()
        self._born_s = time.monotonic()
        self._child = os.fork()
        if self._child:
            return False
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        _die_with(parent)
        return True

    def watch(self) -> None:
        """Until the child is dead. Errors: `SystemExit` if it is not to be replaced."""
        while True:
            number = signal.sigwait(WATCHED)
            if number in STOP_SIGNALS:
                self._is_stopping = True
                os.kill(self._child, number)
            elif number == UPGRADE:
                self._try()
            elif (code := self._bury()) is not None:
                return self._judge(code)

    def _bury(self) -> int | None:
        """The exit code of the child if it is dead."""
        code = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return code
            if pid == 0:
                return code
            if pid == self._child:
                code = os.waitstatus_to_exitcode(status)
            elif pid == self._trial:
                self._trial = 0
                if status:
                    LOG.error("no upgrade: the program on the disk does not start")
                elif code is None and not self._is_stopping:
                    _become_the_new_program(self._child)

    def _judge(self, code: int) -> None:
        lived_s = time.monotonic() - self._born_s
        if self._is_stopping or code in FINAL:
            raise SystemExit(max(code, 0))
        if lived_s < LIFE_MIN_S:
            raise SystemExit(1)
        LOG.error("the worker died (%d) after %.0f s; another goes on", code, lived_s)

    def _try(self) -> None:
        if not self._trial and not self._is_stopping:
            self._trial = os.posix_spawn(
                sys.executable, _command(), {**os.environ, TRIAL: "1"}, setsigmask=[]
            )


def _command() -> list[str]:
    return [sys.executable, *sys.orig_argv[1:]]


def _become_the_new_program(child: int) -> None:
    """Signals stay blocked and wait for it; the child stays ours."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.execve(sys.executable, _command(), {**os.environ, WORKER: str(child)})


def _wake(number: int, frame: object) -> None:
    """There has to be one: what is ignored does not end `sigwait` everywhere."""


def _die_with(parent: int) -> None:
    """The worker must not outlive the spare: two of them would fight for the port (Linux; elsewhere nothing kills it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
