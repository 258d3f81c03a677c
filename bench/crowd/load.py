"""Who asks: model listeners (`hustings.rehearse.crew`), readers of an endless stream, and wrk; all on the load core."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench import machine
from bench.crowd.servers import LOAD_CORE, Served
from hustings.rehearse.tally import Tally, parse
from tests.e2e.harness.pulse import stop


@dataclass
class Crowd:
    """A process of listeners. `lag_s` and `busy` are of the last line."""

    process: subprocess.Popen[str]
    here: int = 0
    playing: int = 0
    lag_s: float = 0.0
    cpu_s: float = 0.0

    def gather(self, count: int, most_s: float) -> None:
        """Until so many have sound, or that long."""
        until_s = time.monotonic() + most_s
        while self.playing < count and time.monotonic() < until_s:
            self.listen(0.5)

    def listen(self, seconds: float) -> Tally:
        """What they saw in so long, about: to the line after it."""
        total, until_s = Tally(), time.monotonic() + seconds
        assert self.process.stdout is not None
        while time.monotonic() < until_s:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("the listeners' process ended")
            told = json.loads(line)
            self.here, self.playing, self.lag_s, self.cpu_s = (
                told[name] for name in ("here", "playing", "lag_s", "cpu_s")
            )
            total.add(parse(told["tally"]))
        return total


@contextlib.contextmanager
def crowd(
    served: Served,
    key: str,
    listeners: int,
    *,
    tls: bool = False,
    playlists: float = 0.0,
    plain: bool = False,
    assets: bool = False,
    ramp_s: float = 3.0,
) -> Iterator[Crowd]:
    """So many model listeners until the end of the block; `playlists` is the share that reads them, 0 to 1."""
    port = served.tls if tls else served.port
    plan: dict[str, Any] = {
        "worker": 0, "workers": 1, "listeners": listeners, "ramp_s": ramp_s, "start_s": time.time() + 0.5,
        "key": key, "ip": "127.0.0.1", "port": port, "tls": tls, "verify": False, "name": "localhost",
        "host": f"localhost:{port}", "agent": "bench", "assets": assets, "plain": plain,
        "playlists": playlists, "ears": 0, "sources": True, "seed": 1, "ahead_s": None,
    }  # fmt: skip
    with _process("hustings.rehearse.crew", plan) as process:
        yield Crowd(process)


@contextlib.contextmanager
def readers(served: Served, count: int, tls: bool) -> Iterator[Crowd]:
    """So many who read `/live` for ever."""
    plan = {"port": served.tls if tls else served.port, "tls": tls, "count": count}
    with _process("bench.crowd.readers", plan) as process:
        yield Crowd(process)


@contextlib.contextmanager
def _process(module: str, plan: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    command = ["taskset", "-c", str(LOAD_CORE), sys.executable, "-m", module]
    process = subprocess.Popen(
        command, cwd=machine.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
        yield process
    finally:
        stop(process)


@dataclass(frozen=True)
class Hammered:
    """What wrk got, and what the server spent on it (cores; 1.0 is its whole core)."""

    per_second: float
    cores: float
    errors: int

    @property
    def per_core(self) -> float:
        return self.per_second / self.cores


def hammer(
    served: Served,
    path: str,
    *,
    tls: bool = False,
    seconds: int = 4,
    connections: int = 64,
    script: str = "",
) -> Hammered:
    """As many requests as go. Errors: `RuntimeError` when wrk says nothing that can be read."""
    base = f"https://127.0.0.1:{served.tls}" if tls else f"http://127.0.0.1:{served.port}"
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += [
        "-H",
        "Cookie: session=bench",
        "-H",
        "Accept-Encoding: gzip",
        "-H",
        "Host: localhost",
    ]
    if script:
        command += ["-s", script]
    before, began_s = served.cpu_s(), time.monotonic()
    told = subprocess.run(
        [*command, base + path], capture_output=True, text=True, check=True
    ).stdout
    cores = (served.cpu_s() - before) / (time.monotonic() - began_s)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if rate is None:
        raise RuntimeError(f"wrk: {told}")
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    sockets = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told
    )
    errors = int(wrong[1]) if wrong else 0
    errors += sum(map(int, sockets.groups())) if sockets else 0
    return Hammered(float(rate[1]), max(cores, 1e-6), errors)
