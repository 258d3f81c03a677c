"""The thread that keeps time goes first where the machine lets it, and nothing that it starts does."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

from hustings.studio import priority

ASKED = """
import json, os, resource, threading
from hustings.studio import priority
granted = priority.{name}()
of_threads = []
thread = threading.Thread(target=lambda: of_threads.append(os.sched_getscheduler(0)))
thread.start(); thread.join()
print(json.dumps([granted, os.sched_getscheduler(0), *of_threads, resource.getrlimit(resource.RLIMIT_RTTIME)[0]]))
"""
FIRST = os.SCHED_RR | os.SCHED_RESET_ON_FORK


@pytest.mark.parametrize(("name", "limits"), [("keep_time", True), ("go_first", False)])
def test_first_and_its_threads_ordinary(name: str, limits: bool) -> None:
    """A start keeps the time limit that it was started with; whoever keeps time has one, so that a loop gone mad ends."""
    ours, _ = resource.getrlimit(resource.RLIMIT_RTTIME)
    said = subprocess.run(
        [sys.executable, "-c", ASKED.format(name=name)], capture_output=True, check=True, text=True
    )
    granted, own, thread, limit = json.loads(said.stdout)
    assert (own, thread) == (FIRST if granted else os.SCHED_OTHER, os.SCHED_OTHER)
    assert limit == (priority.RUNAWAY_US if limits else ours)
