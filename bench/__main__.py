"""`python -m bench [name ...] [--crowd | --harm | --voice | --square] [--publish]`: measures, prints each figure beside its mark.

Ends with 1 when a mark is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import machine, marks, picture
from bench.figures import ALL, CROWD, EVERYDAY, FILLED, HARM, SQUARE, VOICE
from bench.priority import FirstInLine
from bench.rows import Figure, Row
from bench.square.kept import KINDS
from bench.square.kept import PLACE as KEPT
from bench.trial import Trial

OUT = Path(__file__).with_name("out")
Measure = Callable[[Path, Callable[[str], None]], Figure]


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(ALL)}")
    parser.add_argument("--crowd", action="store_true", help=f"all of {', '.join(CROWD)}")
    parser.add_argument("--harm", action="store_true", help=f"all of {', '.join(HARM)}")
    parser.add_argument("--seconds", type=float, default=0.0, help="of each round of those")
    parser.add_argument("--rounds", type=int, default=0, help="of those")
    parser.add_argument(
        "--only", default="", metavar="row,row", help="of those; of the square a database"
    )
    parser.add_argument("--voice", action="store_true", help=f"all of {', '.join(VOICE)}")
    parser.add_argument("--square", action="store_true", help=f"all of {', '.join(SQUARE)}")
    parser.add_argument("--kept", type=Path, default=KEPT, help="where their databases are")
    parser.add_argument("--publish", action="store_true", help="docs/bench.md from the last run")
    asked = parser.parse_args(words)
    unknown = set(asked.names) - set(ALL)
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    sets = ((asked.crowd, CROWD), (asked.harm, HARM), (asked.voice, VOICE), (asked.square, SQUARE))
    names = asked.names or next((list(each) for wanted, each in sets if wanted), list(EVERYDAY))
    edition = picture.edition_of(names)
    if asked.publish and not asked.names:
        picture.publish(OUT, marks.load(), edition)
        return 0
    OUT.mkdir(exist_ok=True)
    budget = marks.load()
    with FirstInLine() as line:
        missed = sum(_measured(name, _figure(name, asked), budget, line.granted) for name in names)
    picture.draw(OUT, OUT / edition.picture.name, budget, edition)
    if asked.publish:
        picture.publish(OUT, budget, edition)
    print(f"\n{missed} marks missed" if missed else "\nevery mark kept")
    return 1 if missed else 0


def _figure(name: str, asked: argparse.Namespace) -> Measure:
    only = tuple(filter(None, asked.only.split(",")))
    if name in FILLED:
        return partial(FILLED[name], place=asked.kept, kinds=only or KINDS)
    if name not in HARM:
        return ALL[name]
    path = OUT / f"{name}.json"
    before = json.loads(path.read_text()) if only and path.exists() else None
    page = picture.HARMED.page.read_text() if only else ""
    return partial(HARM[name], trial=Trial(asked.seconds, asked.rounds, only, before, page))


def _measured(name: str, measure: Measure, budget: list[marks.Mark], first: bool) -> int:
    """Measures one figure, writes and prints it; how many of its marks are missed. A figure that fails misses them all."""
    about, began_s = machine.about(), time.monotonic()
    print(f"\n{name}  (load {about['load_before'][0]:g})", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            figure = measure(Path(folder), _progress(began_s))
    except (RuntimeError, OSError, AssertionError, TimeoutError) as error:
        print(f"  failed: {type(error).__name__}: {error}", flush=True)
        figure = Figure(name, name, notes=[f"failed: {error}"])
    seconds = time.monotonic() - began_s
    tree = {
        "figure": name,
        "title": figure.title,
        **about,
        "first_in_line": first,
        "seconds": round(seconds, 1),
        "notes": figure.notes,
        "rows": [row.tree() for row in figure.rows],
        "lines": figure.lines,
        "columns": figure.columns,
        "runs": figure.runs,
    }
    if figure.rows:
        path = OUT / f"{name}.json"
        path.write_text(json.dumps(tree, indent=1, ensure_ascii=False) + "\n")
    for row in figure.rows:
        print(f"  {_line(row)}")
    for note in figure.notes:
        print(f"  ({note})")
    verdicts = marks.judge(budget, figure)
    for verdict in verdicts:
        print(f"  {verdict}")
    print(f"  {seconds:.0f} s", flush=True)
    return sum(not verdict.kept for verdict in verdicts) or int(not figure.rows)


def _progress(began_s: float) -> Callable[[str], None]:
    def say(text: str) -> None:
        print(f"  {time.monotonic() - began_s:4.0f} s  {text}", flush=True)

    return say


def _line(row: Row) -> str:
    if not row.samples:
        return f"{row.label:52} nothing"
    told = f"{row.stat('median'):8.1f} {row.unit}"
    if len(row.samples) > 1:
        told += f"   p5 {row.stat('p5'):.1f}   p95 {row.stat('p95'):.1f}   n {len(row.samples)}"
    note = f"   ({row.note})" if row.note else ""
    return f"{row.label:52} {told}{'   peer' if row.peer else ''}{note}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
