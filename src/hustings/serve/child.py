"""One child process: how it is started, found again by its pid file, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hustings.serve.restarts import Restarts
from hustings.studio.priority import go_first


@dataclass(frozen=True, slots=True)
class Spec:
    """A row of the child table. `ready` is asked with the child's pid; `nice` above 0 needs no root, nor does `oom` above 0.

    `oom` is what the kernel adds to a process's badness when memory runs out (proc(5), oom_score_adj): niceness alone
    protects nothing, so the lesser part goes first.
    """

    name: str
    command: tuple[str, ...]
    nice: int
    oom: int
    ready: Callable[[int], bool]
    upgrade: int = 0
    """The signal after which the child becomes the program on the disk by itself. One that has such a signal is never
    ended because settings or code changed: it carries a talk."""
    first: bool = False
    """Started again before other work: whoever talks or listens hears how long it takes."""


@dataclass(slots=True)
class Child:
    """What the supervisor knows of one row. `pid` 0: not running; `process` None: adopted, watched by `pidfd`."""

    spec: Spec
    pid: int = 0
    process: subprocess.Popen[bytes] | None = None
    pidfd: int = -1
    ready: bool = False
    was_ready: bool = False
    start_at: float = 0.0
    restarts: Restarts = field(default_factory=Restarts)


def spawn(child: Child, run_dir: Path, environ: Mapping[str, str], mark: str) -> None:
    """Starts the child in a session of its own: a Ctrl-C in the terminal and the supervisor's death pass it by."""
    child.process = subprocess.Popen(
        child.spec.command, env=dict(environ), stdin=subprocess.DEVNULL, start_new_session=True
    )
    child.pid = child.process.pid
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, child.spec.nice)
        # A session of its own is an autogroup of its own: between groups only the group's nice counts (sched(7)).
        Path(f"/proc/{child.pid}/autogroup").write_text(str(child.spec.nice))
    with contextlib.suppress(OSError):
        Path(f"/proc/{child.pid}/oom_score_adj").write_text(str(child.spec.oom))
    note(child, run_dir, mark)
    if child.spec.first and child.was_ready:
        # People hear how long this start takes: it needs a second of processor, and beside forty others that would be ten.
        go_first(child.pid)


def exit_of(child: Child) -> int | None:
    """The exit code (negative: the signal) of a child that died, else None. An adopted child's code is unknown: 0.

    What the dead child had started itself (edge's workers) is told to end while its process group is surely its own,
    that is before the zombie is reaped.
    """
    if child.process is not None:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, child.pid, options) is None:
            return None
        signal_group(child.pid, signal.SIGTERM)
        return child.process.wait()
    if is_alive(child.pid):
        return None
    signal_group(child.pid, signal.SIGTERM)
    reap(child.pid)
    return 0


def forget(child: Child, run_dir: Path) -> None:
    """After its death: closes what watched it."""
    if child.pidfd >= 0:
        os.close(child.pidfd)
    child.pid, child.process, child.pidfd, child.ready = 0, None, -1, False
    (run_dir / f"{child.spec.name}.pid").unlink(missing_ok=True)


def find(path: Path) -> tuple[int, str]:
    """`(pid, mark)` of the living process that a pid file names; pid 0 if it is gone or its number went to another."""
    try:
        tree = json.loads(path.read_text())
        pid, born, mark = int(tree["pid"]), str(tree["born"]), str(tree["mark"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    if pid > 1 and is_alive(pid):
        return (pid, mark) if birth(pid) == born else (0, "")
    if pid > 1:
        signal_group(pid, signal.SIGTERM)  # workers that a dead child left behind
    return 0, ""


def birth(pid: int) -> str:
    """When the process started, in clock ticks since boot: tells it from a later one with the same number (proc(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def is_alive(pid: int) -> bool:
    """A zombie is dead: its parent, not we, has to reap it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def reap(*pids: int) -> None:
    """An adopted process may be our own child after all, of the program that this one was before an upgrade."""
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def signal_group(pid: int, number: int) -> None:
    """Signals all that the child started. A group that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def signal_one(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def note(child: Child, run_dir: Path, mark: str) -> None:
    """Writes the pid file by which the next supervisor finds the child."""
    path = run_dir / f"{child.spec.name}.pid"
    draft = path.with_suffix(".pid.new")
    draft.write_text(json.dumps({"pid": child.pid, "born": birth(child.pid), "mark": mark}))
    draft.replace(path)
