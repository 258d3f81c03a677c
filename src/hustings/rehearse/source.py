"""What the crowd costs the server, from /proc, when it is this machine: processor, wake-ups, followers.

Which processes are studio and edge, the data folder says (`run/{name}.pid`, as `serve` writes it); without them there is
nothing to tell and nothing is guessed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROCESSES = ("studio", "edge", "door", "web")


@dataclass(frozen=True, slots=True)
class Work:
    """Since a process began: processor seconds, how often a thread of it woke, bytes read from the disk; memory now in bytes.

    A wake-up stands for a reason to work: a tick, a timer, something to read. The kernel counts no reads of sockets.
    """

    cpu_s: float
    wakes: int
    disk_bytes: int
    memory: int


def pids(run_dir: Path) -> dict[str, list[int]]:
    """The processes of a server by name, children with them; a name that does not run is left out."""
    found = {}
    for name in PROCESSES:
        with suppress(OSError, ValueError, KeyError, TypeError):
            pid = int(json.loads((run_dir / f"{name}.pid").read_text())["pid"])
            if title(pid):
                found[name] = [pid, *descendants(pid)]
    return found


def work(pid: int) -> Work:
    """Errors: `OSError` when it is gone."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    cpu_s = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    memory = int(stat[21]) * os.sysconf("SC_PAGE_SIZE")
    wakes = sum(
        _field(task / "status", "voluntary_ctxt_switches")
        for task in Path(f"/proc/{pid}/task").iterdir()
    )
    return Work(cpu_s, wakes, _field(Path(f"/proc/{pid}/io"), "read_bytes"), memory)


def _field(path: Path, name: str) -> int:
    """A number of a file of `name: number` lines; 0 where it may not be read."""
    with suppress(OSError):
        for line in path.read_text().splitlines():
            word, _, number = line.partition(":")
            if word == name:
                return int(number)
    return 0


def together(pids_of: list[int]) -> Work:
    """The sum; a process that has gone counts nothing any more."""
    rows = []
    for pid in pids_of:
        with suppress(OSError):
            rows.append(work(pid))
    return Work(
        sum(row.cpu_s for row in rows),
        sum(row.wakes for row in rows),
        sum(row.disk_bytes for row in rows),
        sum(row.memory for row in rows),
    )


def followers(socket_path: Path) -> int:
    """Connections to studio's socket just now: edges and web follow, and a crowd must not make them more."""
    with suppress(OSError):
        rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
        # State 3 is connected; the listening end itself is 1 (unix(7), net/unix/af_unix.c).
        return sum(len(row) == 8 and row[7] == str(socket_path) and row[5] == "03" for row in rows)
    return 0


def title(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    return ""


def descendants(pid: int) -> list[int]:
    children: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            children += [int(one) for one in path.read_text().split()]
    return children + [one for child in children for one in descendants(child)]


def about() -> dict[str, Any]:
    """This machine in a few words."""
    model = ""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    name = os.uname()
    return {
        "model": model or name.machine,
        "cores": os.cpu_count() or 1,
        "memory_mb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6),
        "system": f"{name.sysname} {name.release}",
    }
