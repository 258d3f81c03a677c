"""`python -m fuzz.campaign [TARGET ...] [--seconds 60]`: every target for so long, each in a process of its own.

Processor time counts, not the clock's. With `--atheris` (where it is installed) coverage guides the inputs, and the clock ends
them; the ledger has the processor time all the same. `--out` keeps logs, corpus and crashes of many campaigns, which
`fuzz.ledger` adds up. Ends with 1 at an escape.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fuzz.targets import TARGETS

GRACE_S = 60
"""Of processor time, after which a target that does not come back is ended: that is an escape too."""


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz.campaign", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--atheris", action="store_true")
    parser.add_argument("--out", type=Path, help="a folder to keep")
    asked = parser.parse_args(words)
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    one = partial(_campaign, seconds=asked.seconds, guided=asked.atheris)
    with _folder(asked.out) as out, ThreadPoolExecutor(asked.at_once) as pool:
        codes = list(pool.map(partial(one, out), asked.targets or TARGETS))
    return 1 if any(codes) else 0


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        yield Path(folder)


def _campaign(out: Path, target: str, *, seconds: float, guided: bool) -> int:
    """One target's; the exit code. Says how it went, and at an escape what it was."""
    log = out / f"{target}.log"
    begins = log.stat().st_size if log.exists() else 0
    with log.open("ab") as said:
        process = subprocess.Popen(
            _command(out, target, seconds, guided), stdout=said, stderr=subprocess.STDOUT
        )
        limit = round(seconds) + GRACE_S
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (limit, limit))
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    cpu_s = used.ru_utime + used.ru_stime
    with (out / "ledger").open("a") as ledger:
        ledger.write(f"{target} {cpu_s:.2f} rc={code} {time.strftime('%FT%TZ', time.gmtime())}\n")
    text = log.read_bytes()[begins:].decode(errors="replace")
    counts = re.findall(r"^#(\d+)", text, re.M)
    count = int(counts[-1]) if counts else 0
    print(f"{target:8} {count:>12,} executions {cpu_s:8.1f} s", flush=True)
    if code:
        print(f"{target}: an escape (exit code {code})\n{text[-8_000:]}", flush=True)
    return code


def _command(out: Path, target: str, seconds: float, guided: bool) -> list[str]:
    if not guided:
        return [sys.executable, "-m", "fuzz.batches", target, f"{seconds:g}"]
    corpus = out / f"corpus-{target}"
    corpus.mkdir(exist_ok=True)
    return [
        *(sys.executable, "-m", "fuzz", target),
        *(f"-max_total_time={seconds:g}", f"-artifact_prefix={out}/{target}-", str(corpus)),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
