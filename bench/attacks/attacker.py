"""How an attacker runs: a process of its own on the load core, behind the honest in the queue for it.

In life an attacker brings his own machines. Here he shares a core with those who listen, and would make them late himself.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import machine
from bench.attacks.someone import Person
from bench.crowd.servers import LOAD_CORE
from tests.e2e.harness.pulse import stop

NICE = 10


@dataclass(frozen=True)
class Target:
    """Ports of the live, stage and web hosts and of the front, in the clear and over TLS; a room on the air; accounts at web, and
    those of people who attack nobody."""

    live: int
    stage: int
    web: int
    front: int
    front_tls: int
    key: str
    ticket: str
    people: tuple[Person, ...] = ()
    honest: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Attacker:
    process: subprocess.Popen[bytes]
    said: Path

    def words(self) -> str:
        """All that it has said so far."""
        return self.said.read_text(errors="replace")

    def told(self) -> dict[str, Any]:
        """Its last whole line, of one that says JSON. Errors: `RuntimeError` when it has said none."""
        for line in reversed(self.words().split("\n")[:-1]):
            with contextlib.suppress(ValueError):
                return dict(json.loads(line))
        raise RuntimeError(f"an attacker said nothing: {self.words()[-300:]}")


@contextlib.contextmanager
def attacking(command: Sequence[str], plan: dict[str, Any] | None = None) -> Iterator[Attacker]:
    """Until the end of the block. `plan` goes into its standard input."""
    with tempfile.TemporaryDirectory(prefix="attacker-") as folder:
        said = Path(folder) / "said"
        with said.open("wb") as out:
            process = subprocess.Popen(
                ["taskset", "-c", str(LOAD_CORE), "nice", "-n", str(NICE), *command],
                cwd=machine.ROOT,
                stdin=subprocess.PIPE if plan is not None else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            if plan is not None:
                assert process.stdin is not None
                process.stdin.write(json.dumps(plan).encode() + b"\n")
                process.stdin.flush()
            yield Attacker(process, said)
        finally:
            stop(process)


def module(name: str, plan: dict[str, Any]) -> contextlib.AbstractContextManager[Attacker]:
    """One of ours: `python -m bench.attacks.{name}`."""
    return attacking([sys.executable, "-m", f"bench.attacks.{name}"], plan)
