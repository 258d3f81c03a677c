"""`python -m fuzz TARGET [libFuzzer options]`: a coverage-guided campaign with atheris."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hustings.rtc"]):
    from fuzz.seeds import SEEDS
    from fuzz.targets import TARGETS


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"python -m fuzz {{{','.join(TARGETS)}}} [-max_total_time=60 and the like]")
    name, options = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS[name]()):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, folder], TARGETS[name])
        atheris.Fuzz()


main()
