"""A whole server on a filled database, and what it costs while somebody asks it."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import machine
from bench.square import kept
from bench.square.kept import Filled
from bench.square.rows import token
from tests.e2e.harness.pulse import like_hardware, stop
from tests.e2e.house import House, descendants_of, started

MODULE = "bench.square.asking"
Request = tuple[str, str, str, str]
"""Method, path, token, body."""


@dataclass(frozen=True)
class Served:
    filled: Filled
    house: House

    @property
    def port(self) -> int:
        return int(self.house.web.rpartition(":")[2])

    @property
    def streaming_port(self) -> int:
        return int(self.house.streaming.rpartition(":")[2])

    @property
    def sizes(self) -> Any:
        return self.filled.rows.town.sizes

    def tokens(self) -> list[str]:
        """Of those who have an app."""
        return [token(number) for number in range(self.sizes.tokens)]

    def author(self, place: int) -> str:
        """The token of the loud one (0), of the famous one (1)."""
        return token(self.sizes.tokens + place)

    def asks(self, how: str, requests: Sequence[Request], **plan: Any) -> dict[str, Any]:
        """What the asking process tells when it is done; `web_s`, `sql_s`, `ask_s`: processor time spent meanwhile, by it too."""
        before, others_s = self._spent_s(), _ended_s()
        with self.asking(how, requests, **plan) as process:
            told = said(process)
        web_s, sql_s = (now - then for now, then in zip(self._spent_s(), before, strict=True))
        return {**told, "web_s": web_s, "sql_s": sql_s, "ask_s": _ended_s() - others_s}

    @contextlib.contextmanager
    def asking(
        self, how: str, requests: Sequence[Request], **plan: Any
    ) -> Iterator[subprocess.Popen[bytes]]:
        """It asks from now on; `said` waits for what it tells."""
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            cwd=machine.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        like_hardware(process)  # people's own machines would not be this full one
        try:
            assert process.stdin is not None
            whole = {"how": how, "port": self.port, "requests": requests, **plan}
            process.stdin.write(json.dumps(whole).encode() + b"\n")
            process.stdin.flush()
            yield process
        finally:
            stop(process)

    def web_mb(self) -> float:
        return machine.pss_mb(self.house.pid("web"))

    def web_s(self) -> float:
        """Processor seconds so far."""
        return machine.cpu_s(self.house.pid("web"))

    def _spent_s(self) -> tuple[float, float]:
        of_sql = [self.filled.pid, *descendants_of(self.filled.pid)] if self.filled.pid else []
        return self.web_s(), sum(machine.cpu_s(pid) for pid in of_sql)


def _ended_s() -> float:
    """Processor seconds of the children that ended so far."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Its next line. Errors: `RuntimeError` when it ended."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the asking process ended")
    return dict(json.loads(line))


@contextlib.contextmanager
def served(kind: str, folder: Path, place: Path, say: Callable[[str], None]) -> Iterator[Served]:
    """Until the end of the block, all processes of it."""
    with kept.opened(kind, place, say) as filled:
        data = folder / kind
        where = {"DATABASE__URL": filled.url}
        if kind == "sqlite":  # which has its place
            where = {}
            (data / "web").mkdir(parents=True)
            (data / "web/hustings.sqlite3").symlink_to(filled.path)
        with started(data, **where) as house:
            yield Served(filled, house)


def wrong(told: dict[str, Any]) -> str:
    """Answers that were none, in words."""
    return ", ".join(f"{many} {status}" for status, many in told["said"].items() if status != "200")
