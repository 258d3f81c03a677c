"""Bad input: each named case of `tests/bad_inputs` that asks something of web and is refused, asked again of a real server.

What such a request costs in time, and whether web grows by it (`bench.square.replayed`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench import machine
from bench.rows import Figure

FILES = (
    "test_people",
    "test_square",
    "test_apps",
    "test_media",
    "test_live",
    "test_plans",
    "test_polls",
    "test_later",
    "test_lists",
    "test_order",
    "test_portraits",
    "test_quotes",
)
"""A case whose repeats use up a limit (thirty pictures in half an hour) takes it from those after it: they are left out too."""
MOST_S = 1_200.0
Say = Callable[[str], None]


def measure(folder: Path, say: Say) -> Figure:
    """Of neither of the filled databases: whoever is refused reads little of them."""
    figure = Figure("inputs", "Bad input")
    told = _replayed(folder, say)
    cases = [ms for one in told.values() for ms in one["took_ms"]]
    hashed = [ms for one in told.values() for ms in one["hashed_ms"]]
    asked, grown_mb = (
        sum(one["asked"] for one in told.values()),
        sum(one["grown_mb"] for one in told.values()),
    )
    figure.notes.append(
        f"{len(cases) + len(hashed)} cases of {len(told)} named tests, {asked:,} requests; "
        "a case counts by the median of its repeats; "
        "what was refused for being too often is left out."
    )
    figure.add("cases", "a case that is refused", "ms", cases)
    figure.add("hashed", "a case that a password is hashed for first", "ms", hashed)
    figure.add(
        "grown",
        "web grows by all of them together",
        "MB (PSS)",
        [grown_mb],
        note=f"{grown_mb * 1000 / max(asked, 1):.2f} kB a request",
    )
    for name, one in sorted(told.items()):
        ms = [*one["took_ms"], *one["hashed_ms"]]
        if ms:
            label = name.removeprefix("test_").replace("_", " ")
            note = f"web {one['grown_mb']:+.1f} MB in {one['asked']} requests"
            figure.add(f"case.{name}", label, "ms", ms, note=note)
    return figure


def _replayed(folder: Path, say: Say) -> dict[str, dict[str, object]]:
    out = folder / "replayed.json"
    files = [f"tests/bad_inputs/{name}.py" for name in FILES]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "bench.square.replayed",
        "-p",
        "no:cacheprovider",
        *files,
    ]
    env = dict(os.environ, BENCH_REPLAYED=str(out))
    run = subprocess.run(
        command,
        cwd=machine.ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=MOST_S,
        check=False,
    )
    if not out.exists():
        raise RuntimeError(f"the cases did not run: {run.stderr[-400:]}")
    say(run.stdout.strip().splitlines()[-1])
    return dict(json.loads(out.read_text()))
