"""`python -m fuzz.ledger FOLDER [REVISION]`: what campaigns left in a folder goes into `fuzz/books.json`, and all of it into
`docs/fuzz.md`.

A folder has `ledger` (a line a campaign: target, seconds of processor time, `rc=` exit code, when), `{target}.log` (libFuzzer's
words, or ours), and `{target}-crash-…` for each escape. It may be entered again when it has grown: the books know it by the
time of its first campaign.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fuzz.targets import TARGETS

BOOKS = Path(__file__).parent / "books.json"
PAGE = Path(__file__).parent.parent / "docs" / "fuzz.md"
LINE = re.compile(r"(\w+) ([\d.]+) rc=(-?\d+) (\S+)")
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
    """One target's campaigns of one folder, the first of them `began`. `edges`: of the code, as far as coverage guided; 0 where
    it did not. `executions`: libFuzzer says a campaign's last count rarely, so these are the fewest."""

    target: str
    revision: str
    began: str
    campaigns: int
    cpu_s: float
    executions: int
    edges: int
    escapes: int


def rows(folder: Path, revision: str) -> list[Row]:
    """In the order in which targets come first in the ledger. Errors: `OSError`."""
    told: dict[str, list[tuple[float, int, str]]] = {}
    for target, cpu_s, code, when in LINE.findall((folder / "ledger").read_text()):
        told.setdefault(target, []).append((float(cpu_s), int(code), when))
    return [_row(folder, target, revision, campaigns) for target, campaigns in told.items()]


def entered(books: Sequence[Row], found: Sequence[Row]) -> list[Row]:
    """The books with a folder's rows in them, each once."""
    again = {(row.target, row.began) for row in found}
    return [row for row in books if (row.target, row.began) not in again] + list(found)


def page(books: Sequence[Row]) -> str:
    lines = [
        "# Campaigns against the wire",
        "",
        "What strangers' bytes reach, fuzzed: [`fuzz/`](../fuzz/README.md). CI gives each target a minute of Hypothesis",
        "(`make fuzz`); this is what ran outside of it, guided by coverage (atheris), summed by `python -m fuzz.ledger` over all",
        "entries of [`books.json`](../fuzz/books.json), which name their revisions.",
        "",
        "| target | campaigns | hours of a core | executions | edges | escapes | newest revision |",
        "|---|---|---|---|---|---|---|",
    ]
    for target in sorted({row.target for row in books}):
        own = [row for row in books if row.target == target]
        lines.append(
            f"| {target} | {sum(row.campaigns for row in own)} | {sum(row.cpu_s for row in own) / 3600:.2f} "
            f"| {sum(row.executions for row in own):,} | {max(row.edges for row in own) or ''} "
            f"| {sum(row.escapes for row in own)} | `{own[-1].revision}` |"
        )
    return "\n".join(lines) + "\n"


def _row(
    folder: Path, target: str, revision: str, campaigns: Sequence[tuple[float, int, str]]
) -> Row:
    log = folder / f"{target}.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    left = [one for kind in LEAVINGS for one in folder.glob(f"{target}-{kind}-*")]
    left += [one for one in folder.glob(f"{target}-timeout-*") if _is_slow(target, one)]
    ended = sum(code in (1, ESCAPED) for _, code, _ in campaigns)
    return Row(
        target=target,
        revision=revision,
        began=campaigns[0][2],
        campaigns=len(campaigns),
        cpu_s=round(sum(cpu_s for cpu_s, _, _ in campaigns), 2),
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


def _revision() -> str:
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    named = sys.argv[2] if len(sys.argv) > 2 else _revision()
    kept = [Row(**row) for row in json.loads(BOOKS.read_text())]
    now = entered(kept, rows(Path(sys.argv[1]), named))
    BOOKS.write_text(json.dumps([asdict(row) for row in now], indent=1) + "\n")
    PAGE.write_text(page(now))
