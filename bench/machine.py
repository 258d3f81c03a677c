"""What the figures were measured on, and what processes cost: from /proc."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parent.parent


def about() -> dict[str, Any]:
    """The machine, the revision, the moment, and the load before anything of ours ran."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "revision": _git("describe", "--always", "--dirty", "--abbrev=12"),
        "machine": {
            "cores": os.cpu_count(),
            "model": _model(),
            "memory_mb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6),
            "kernel": platform.release(),
            "python": platform.python_version(),
        },
        "load_before": [round(one, 2) for one in os.getloadavg()],
    }


def _git(*arguments: str) -> str:
    asked = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


def _model() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def title(pid: int) -> str:
    """How `ps` shows it."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    return ""


def pss_mb(pid: int) -> float:
    """Memory of one process, shared pages divided among those who share them; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far, all its threads. Errors: `OSError` when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def cpu_percents(pid: int, windows: int, window_s: float) -> list[float]:
    """Percent of one core in each of so many windows."""
    found = []
    before, since = cpu_s(pid), time.monotonic()
    for _ in range(windows):
        time.sleep(window_s)
        now, at = cpu_s(pid), time.monotonic()
        found.append((now - before) / (at - since) * 100)
        before, since = now, at
    return found


def pin(pid: int, core: int) -> None:
    """Every thread of a process on one core; nothing on a machine with one."""
    if (os.cpu_count() or 1) < 2:
        return
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {core})
