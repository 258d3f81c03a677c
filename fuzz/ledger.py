"""`python -m fuzz.ledger FOLDER [REVISION]`: `docs/fuzz.md`, from what campaigns left in a folder.

A folder has `ledger` (a line a campaign: target, seconds of processor time, `rc=` exit code, when), `{target}.log` (libFuzzer's
words, or ours), and `{target}-crash-…` for each escape.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz.targets import TARGETS

PAGE = Path(__file__).parent.parent / "docs" / "fuzz.md"
LINE = re.compile(r"(\w+) ([\d.]+) rc=(-?\d+)")
COUNT = re.compile(r"^#(\d+)", re.M)
BEGINS = "INFO: Seed:"
EDGES = re.compile(r"\bcov: (\d+)")
LEAVINGS = ("crash", "oom", "leak")
SLOW_S = 5.0
"""libFuzzer's timeout is by the clock, and a campaign that was stopped for a while has some: what it leaves is tried again, and
counts when it takes so much processor time."""
ESCAPED = 77
"""libFuzzer's exit code for one; a target without its leavings ends with Python's 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """`edges`: of the code, as far as coverage guided; 0 where it did not."""

    target: str
    campaigns: int
    cpu_s: float
    executions: int
    edges: int
    escapes: int


def rows(folder: Path) -> list[Row]:
    """In the order in which targets come first in the ledger. Errors: `OSError`."""
    told: dict[str, list[tuple[float, int]]] = {}
    for target, cpu_s, code in LINE.findall((folder / "ledger").read_text()):
        told.setdefault(target, []).append((float(cpu_s), int(code)))
    return [_row(folder, target, campaigns) for target, campaigns in told.items()]


def _row(folder: Path, target: str, campaigns: Sequence[tuple[float, int]]) -> Row:
    log = folder / f"{target}.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    left = [one for kind in LEAVINGS for one in folder.glob(f"{target}-{kind}-*")]
    left += [one for one in folder.glob(f"{target}-timeout-*") if _is_slow(target, one)]
    ended = sum(code in (1, ESCAPED) for _, code in campaigns)
    return Row(
        target=target,
        campaigns=len(campaigns),
        cpu_s=sum(cpu_s for cpu_s, _ in campaigns),
        executions=sum(
            int(counts[-1]) for run in text.split(BEGINS) if (counts := COUNT.findall(run))
        ),
        edges=max((int(edges) for edges in EDGES.findall(text)), default=0),
        escapes=max(ended, len(left)),
    )


def _is_slow(target: str, path: Path) -> bool:
    began_s = time.process_time()
    TARGETS[target](path.read_bytes())
    return time.process_time() - began_s >= SLOW_S


def page(found: Sequence[Row], revision: str) -> str:
    lines = [
        "# Campaigns against the wire",
        "",
        "What strangers' bytes reach, fuzzed: [`fuzz/`](../fuzz/README.md). CI gives each target a minute of Hypothesis",
        "(`make fuzz`); this is what ran outside of it, guided by coverage (atheris), and made by `python -m fuzz.ledger`.",
        f"Revision `{revision}`.",
        "",
        "| target | campaigns | hours of a core | executions | edges | escapes |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.target} | {row.campaigns} | {row.cpu_s / 3600:.2f} | {row.executions:,} | {row.edges or ''} | {row.escapes} |"
        for row in found
    ]
    return "\n".join(lines) + "\n"


def _revision() -> str:
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    named = sys.argv[2] if len(sys.argv) > 2 else _revision()
    PAGE.write_text(page(rows(Path(sys.argv[1])), named))
