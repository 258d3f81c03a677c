"""Sound goes first: the threads that keep time are scheduled before everything else on the machine.

Niceness shares a busy processor; it does not say *when*. A studio beside a saturated edge, or six browsers, then ticks
tens of milliseconds late, which is heard. With SCHED_RR (sched(7)) it runs the moment its tick is due. It needs root,
CAP_SYS_NICE, or an RLIMIT_RTPRIO (deploy/systemd sets it); without, it stays with its niceness.
"""

from __future__ import annotations

import os
import resource

PRIORITY = 1
RUNAWAY_US = 2_000_000
"""A thread that runs so long without waiting for anything is no longer keeping time: the kernel ends the process
(RLIMIT_RTTIME), and the supervisor starts the next."""


def keep_time() -> bool:
    """Puts the calling thread first; threads and processes that it starts are ordinary again. False: not allowed."""
    try:
        resource.setrlimit(resource.RLIMIT_RTTIME, (RUNAWAY_US, RUNAWAY_US))
    except (OSError, ValueError):
        return False
    return go_first()


def go_first(pid: int = 0) -> bool:
    """The same for a start, which all who talk wait for: it ends by itself, and fifty rooms may keep it longer than a tick.

    pid: another process, just started; 0 is the calling thread.
    """
    try:
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(pid, policy, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True
