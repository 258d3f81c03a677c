"""What the kernel holds this process to (setrlimit(2)). Set before a byte from outside is read."""

from __future__ import annotations

import resource

FILES_MAX, FILE_BYTES_MAX = 64, 256_000_000


def confine(memory_bytes: int, cpu_s: int) -> None:
    """From now on: address space (past it allocations fail), seconds of one core (past them SIGKILL), no file larger than
    256 MB, no core dump. For good."""
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, FILE_BYTES_MAX),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
