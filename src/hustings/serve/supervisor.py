"""The loop that starts children, waits for one to die, and starts it again; its clean stop, and its upgrade.

An upgrade (`UPGRADE`) ends the loop and no child. Whoever runs it then becomes the new program, which adopts the children:
the one that carries the talk is told to upgrade itself, the others are replaced.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from hustings.serve import child as children
from hustings.serve.child import Child, Spec

STOP_S = 5.0
PROBE_S = 0.1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
UPGRADE = signal.SIGUSR2

Say = Callable[[str], None]


class Supervisor:
    """Children by table. `adopt()`, then `run()` until a signal; `mark` tells settings and code apart.

    `on_ready(name, pid)` is called each time a child says it is ready, `say(line)` when one dies or comes back.
    """

    def __init__(
        self,
        specs: Sequence[Spec],
        run_dir: Path,
        mark: str,
        say: Say,
        on_ready: Callable[[str, int], None] = lambda name, pid: None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.children = [Child(spec) for spec in specs]
        self._run_dir = run_dir
        self._mark = mark
        self._say = say
        self._on_ready = on_ready
        self._environ = dict(os.environ if environ is None else environ)
        self._environ.pop("NOTIFY_SOCKET", None)
        self._selector = selectors.DefaultSelector()
        self._stop_signals = 0
        self._hopeless = False
        self._upgrade_asked = False

    @property
    def wants_upgrade(self) -> bool:
        """`run` ended because another program is to go on with the children."""
        return self._upgrade_asked and not self._stop_signals and not self._hopeless

    def adopt(self, renews: bool = False) -> list[str]:
        """Takes over what an earlier supervisor left running; the names of those that stay.

        One with other settings or code (all of them, if `renews`) is replaced, or upgraded if it carries the talk; one that
        no row names is ended.
        """
        rows = {child.spec.name: child for child in self.children}
        leavers: list[int] = []
        for path in sorted(self._run_dir.glob("*.pid")):
            pid, mark = children.find(path)
            child = rows.get(path.stem)
            is_older = renews or mark != self._mark
            if pid and child and (child.spec.upgrade or not is_older):
                self._take_over(child, pid, is_older)
            else:
                path.unlink()
                leavers += [pid] if pid else []
        _end(leavers, partial(children.reap, *leavers))
        return [child.spec.name for child in self.children if child.pid]

    def _take_over(self, child: Child, pid: int, is_older: bool) -> None:
        child.pid, child.pidfd = pid, os.pidfd_open(pid)
        self._selector.register(child.pidfd, selectors.EVENT_READ)
        if is_older:
            children.signal_one(pid, child.spec.upgrade)
            children.note(child, self._run_dir, self._mark)
        more = " and upgraded; variables and flags stay as they were" if is_older else ""
        self._say(f"{child.spec.name} was running: taken over{more}")

    def run(self) -> int:
        """0 after a signal to stop or (`wants_upgrade`) to upgrade, 2 when a child can't start (it has said why)."""
        with self._signals():
            try:
                while not (self._stop_signals or self._hopeless or self._upgrade_asked):
                    self._bury(time.monotonic())
                    self._start_due(time.monotonic())
                    wait = self._probe(time.monotonic())
                    self._sleep(wait)
            finally:
                if not self.wants_upgrade:
                    self._stop()
        return 2 if self._hopeless else 0

    def _start_due(self, now: float) -> None:
        for child in self.children:
            if child.pid == 0 and child.start_at <= now and not self._hopeless:
                children.spawn(child, self._run_dir, self._environ, self._mark)
                child.restarts.start(now)

    def _bury(self, now: float) -> None:
        for child in self.children:
            if child.pid == 0 or (code := children.exit_of(child)) is None:
                continue
            if child.pidfd >= 0:
                self._selector.unregister(child.pidfd)
            children.forget(child, self._run_dir)
            if code == 2 and not child.was_ready:
                self._hopeless = True
                return
            child.start_at = child.restarts.die(now)
            wait = child.start_at - now
            when = f"in {wait:.1f} s" if wait else "at once"
            self._say(f"{child.spec.name} died ({_cause(code)}); starting it again {when}")

    def _probe(self, now: float) -> float:
        """Asks those that are not ready yet; how long the loop may sleep, in seconds."""
        wait = 3600.0
        for child in self.children:
            if child.pid == 0:
                wait = min(wait, max(child.start_at - now, 0.0))
            elif not child.ready:
                if child.spec.ready(child.pid):
                    if child.was_ready:
                        self._say(f"{child.spec.name} is back")
                    child.ready = child.was_ready = True
                    self._on_ready(child.spec.name, child.pid)
                else:
                    wait = min(wait, PROBE_S)
        return wait

    def _sleep(self, wait: float) -> None:
        for key, _ in self._selector.select(wait):
            if isinstance(key.fileobj, socket.socket):
                with contextlib.suppress(BlockingIOError):
                    key.fileobj.recv(4096)

    def _stop(self) -> None:
        alive = [child for child in self.children if child.pid]
        _end(
            [child.pid for child in alive],
            lambda: self._reap(alive),
            lambda: self._stop_signals > 1,
        )
        for child in alive:
            children.forget(child, self._run_dir)
        self._selector.close()

    @staticmethod
    def _reap(alive: list[Child]) -> None:
        for child in alive:
            if child.process is not None:
                child.process.poll()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals only wake the loop: nothing is done inside a signal's own moment."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        self._selector.register(ours, selectors.EVENT_READ)
        numbers = (*STOP_SIGNALS, UPGRADE, signal.SIGCHLD)
        before = {number: signal.signal(number, self._note) for number in numbers}
        old_fd = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old_fd)
            for number, was in before.items():
                signal.signal(number, was)
            ours.close()
            theirs.close()

    def _note(self, number: int, frame: object) -> None:
        self._upgrade_asked |= number == UPGRADE
        self._stop_signals += number in STOP_SIGNALS


def _end(
    pids: list[int],
    reap: Callable[[], None],
    hurry: Callable[[], bool] = lambda: False,
) -> None:
    """SIGTERM to each, five seconds, then SIGKILL to all that is left of its group."""
    for pid in pids:
        children.signal_one(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    waiting = list(pids)
    while waiting and time.monotonic() < deadline and not hurry():
        reap()
        waiting = [pid for pid in waiting if children.is_alive(pid)]
        if waiting:
            time.sleep(0.02)
    for pid in pids:
        children.signal_group(pid, signal.SIGKILL)
    reap()


def _cause(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}" if code else "it ended"
