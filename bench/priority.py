"""Lets a run go before whatever else the machine is doing, as far as the system allows (Linux autogroups, as root).

A figure is about Hustings, not about its neighbours. Among themselves our processes stay equal: each session (a browser, a
process of `serve`) is one autogroup, and all get the same nice value.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path

from tests.e2e.house import descendants_of

NICE = -19
EVERY_S = 1.0


class FirstInLine:
    """While the block runs, every process that we start is put ahead. `granted`: the system let us."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._own = Path("/proc/self/autogroup")
        self._before = "0"
        self.granted = False

    def __enter__(self) -> FirstInLine:
        with suppress(OSError):
            found = re.search(r"nice (-?\d+)", self._own.read_text())
            self._before = found[1] if found else "0"
            self._own.write_text(str(NICE))
            self.granted = True
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self.granted:
            self._thread.join()
            with suppress(OSError):
                self._own.write_text(self._before)

    def _run(self) -> None:
        done: set[int] = set()
        while not self._over.wait(EVERY_S):
            for pid in set(descendants_of(os.getpid())) - done:
                with suppress(OSError):
                    Path(f"/proc/{pid}/autogroup").write_text(str(NICE))
                done.add(pid)
