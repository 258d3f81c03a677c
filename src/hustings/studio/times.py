"""The two clocks of this machine as one argument, so that tests can bring their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns, time_ns

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Times:
    """`monotonic_ns` drives a room; `unix_ns` is looked at when doors open and for dates. `boot` names this run of the
    machine: within one boot, monotonic moments written down before a restart still mean the same."""

    monotonic_ns: Callable[[], int] = monotonic_ns
    unix_ns: Callable[[], int] = time_ns
    boot: str = ""

    def unix_ms(self) -> int:
        return self.unix_ns() // 1_000_000


def of_this_machine() -> Times:
    """The real clocks."""
    try:
        boot = BOOT_ID.read_text().strip()
    except OSError:
        boot = ""
    return Times(boot=boot)
