"""`python -m bench.faults late loop`: some of the faults of `player_faults`, in both browsers. Nothing is published."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.figures import player_faults
from tests.e2e.player_faults import BY_ID


def main(names: list[str]) -> int:
    if unknown := set(names) - set(BY_ID):
        print(f"no fault {', '.join(sorted(unknown))}; there are {', '.join(BY_ID)}")
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figure = player_faults.measure(
            Path(folder), lambda text: print(text, flush=True), [BY_ID[name] for name in names]
        )
    return int(figure.rows[-1].samples[0] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
