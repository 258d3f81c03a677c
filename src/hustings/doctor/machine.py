"""Cores, memory, files, disk, clock."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import sys
import time
from pathlib import Path

from hustings.doctor.finding import Finding
from hustings.preflight import UNIX_PATH_MAX
from hustings.settings import Settings

MEMORY_MIN = 512_000_000
MEMORY_GOOD = 1_000_000_000
FILES_SPARE = 200
FSYNC_SLOW_S = 0.1
STA_UNSYNC = 0x40


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    text = ".".join(map(str, version))
    if version < (3, 11):
        return Finding("Python", "fail", text, "3.11 or newer is needed")
    return Finding("Python", "ok", text)


def cores(count: int | None = None) -> Finding:
    count = len(os.sched_getaffinity(0)) if count is None else count
    if count < 2:
        advice = "a full stage and many listeners share it; two or more are better"
        return Finding("cores", "warn", "1", advice)
    return Finding("cores", "ok", str(count))


def memory(meminfo: str | None = None) -> Finding:
    """What is free for us now (`MemAvailable` of proc(5))."""
    text = Path("/proc/meminfo").read_text() if meminfo is None else meminfo
    kib = next(
        (int(line.split()[1]) for line in text.splitlines() if line.startswith("MemAvailable")), 0
    )
    free = kib * 1024
    found = f"{free / 1e9:.1f} GB available"
    if free < MEMORY_MIN:
        return Finding("memory", "fail", found, "an idle server takes 350 MB; 1 GB is comfortable")
    if free < MEMORY_GOOD:
        return Finding("memory", "warn", found, "1 GB is comfortable")
    return Finding("memory", "ok", found)


def priority(allowed: bool | None = None) -> Finding:
    """Whether studio may go before everything else on a busy machine (`studio.priority`, sched(7))."""
    if allowed is None:
        limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
        allowed = os.geteuid() == 0 or _at_least(limit, 1)
    if allowed:
        return Finding("sound first", "ok", "studio may run in real time")
    advice = "LimitRTPRIO=1 in systemd (deploy/systemd has it), or `ulimit -r 1`"
    return Finding("sound first", "warn", "niceness alone: a busy machine is heard", advice)


def open_files(settings: Settings, limits: tuple[int, int] | None = None) -> Finding:
    """Every listener's connection is an open file of one edge worker."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE) if limits is None else limits
    need = settings.live.connections_max + FILES_SPARE
    found = f"{_files(soft)} (may be raised to {_files(hard)}); one edge worker may need {need:,}"
    if _at_least(soft, need):
        return Finding("open files", "ok", found)
    advice = f"ulimit -n {need} (LimitNOFILE= in systemd), or a lower `live.connections_max`"
    return Finding("open files", "warn", found, advice)


def backlog(settings: Settings, somaxconn: int | None = None) -> Finding:
    """A crowd that comes in one second waits in the kernel's queue first."""
    if somaxconn is None:
        path = Path("/proc/sys/net/core/somaxconn")
        somaxconn = int(path.read_text()) if path.exists() else 128
    if somaxconn < 4096:
        advice = "sysctl -w net.core.somaxconn=4096"
        return Finding("accept queue", "warn", f"{somaxconn}", advice)
    caps = f"{settings.live.workers} workers × {settings.live.connections_max:,} connections"
    return Finding("accept queue", "ok", f"{somaxconn}; {caps}")


def disk(settings: Settings) -> list[Finding]:
    """Room for recordings, and how long a write takes to be safe."""
    folder = settings.home_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found, need = f"{free / 1e9:.1f} GB free on {folder}", settings.recording.disk_free_min
    if not os.access(folder, os.W_OK):
        return [Finding("disk", "fail", f"{folder} can't be written", "another folder: --data DIR")]
    if free < need:
        advice = f"recording stops below {need / 1e9:.1f} GB (`recording.disk_free_min`)"
        space = Finding("disk", "fail", found, advice)
    elif free < 4 * need:
        space = Finding(
            "disk", "warn", found, "an hour takes about 75 MB for the mix and 30 MB a speaker"
        )
    else:
        space = Finding("disk", "ok", found)
    return [space, fsync(folder)]


def fsync(folder: Path) -> Finding:
    """The median of five small synced writes."""
    took, path = [], folder / f".doctor-{os.getpid()}"
    try:
        with path.open("wb") as file:
            for _ in range(5):
                began = time.perf_counter()
                file.write(bytes(4096))
                file.flush()
                os.fsync(file.fileno())
                took.append(time.perf_counter() - began)
    except OSError as error:
        return Finding(
            "safe writes", "fail", f"{folder}: {error.strerror}", "another folder: --data DIR"
        )
    finally:
        path.unlink(missing_ok=True)
    median = sorted(took)[2]
    found = f"{median * 1000:.1f} ms"
    if median > FSYNC_SLOW_S:
        return Finding(
            "safe writes", "warn", found, "a crash may cost more than 0.2 s of recording"
        )
    return Finding("safe writes", "ok", found)


class Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2), as far as it is read here; the rest is room for the kernel to write."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def clock(timex: Timex | None = None) -> Finding:
    """Whether the kernel's clock is disciplined (adjtimex(2)): a room begins at a time of day."""
    if timex is None:
        timex = Timex()
        try:
            failed = ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) < 0
        except (OSError, AttributeError):
            failed = True
        if failed:
            return Finding(
                "clock", "warn", "can't be read", "see that chrony or systemd-timesyncd runs"
            )
    if timex.status & STA_UNSYNC:
        advice = (
            "start chrony or systemd-timesyncd (in a virtual machine the host may do it unseen)"
        )
        return Finding("clock", "warn", "not synchronized", advice)
    return Finding("clock", "ok", f"synchronized, at most {timex.maxerror / 1000:.0f} ms off")


def socket_path(settings: Settings) -> Finding:
    length = len(os.fsencode(settings.studio_socket))
    found = f"{length} of {UNIX_PATH_MAX} bytes"
    if length > UNIX_PATH_MAX:
        return Finding("socket path", "fail", found, "a shorter folder: --data DIR")
    return Finding("socket path", "ok", found)


def keys(settings: Settings) -> Finding:
    """Whoever reads the keys can sign tickets and plan rooms."""
    folder = settings.keys_dir
    if not folder.exists():
        return Finding("keys", "ok", "made at the first start")
    open_ones = [
        path.name
        for path in (*folder.glob("*.key"), folder / "planner.txt")
        if path.exists() and path.stat().st_mode & 0o077
    ]
    if open_ones:
        advice = f"chmod 600 {folder}/*.key {folder}/planner.txt"
        return Finding("keys", "fail", f"others may read {', '.join(sorted(open_ones))}", advice)
    return Finding("keys", "ok", "only their owner may read them")


def _files(count: int) -> str:
    return "no limit" if count == resource.RLIM_INFINITY else f"{count:,}"


def _at_least(count: int, need: int) -> bool:
    return count == resource.RLIM_INFINITY or count >= need
