"""`python -m hustings.work.making.one`: makes one picture or sound, as its standard input says, and says what it made."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hustings.work.making.fault import Fault
from hustings.work.making.limits import confine


def main() -> None:
    wanted = json.load(sys.stdin)
    try:
        said = _made(wanted)
    except Fault as fault:
        said = {"fault": fault.code}
    except MemoryError:
        said = {"fault": "media_too_hard"}
    json.dump(said, sys.stdout)


def _made(wanted: dict[str, Any]) -> dict[str, Any]:
    """Decoders are loaded before the limits, and meet nothing from outside until those are set.

    Errors: `Fault`, `MemoryError`.
    """
    raw, folder, most = Path(wanted["raw"]), Path(wanted["folder"]), wanted["most"]
    kind = wanted["kind"]
    if kind == "audio":
        from hustings.work.making import sounds  # noqa: PLC0415

        confine(wanted["memory_bytes"], wanted["cpu_s"])
        return asdict(sounds.make(raw, folder, most, wanted["format"]))
    from hustings.work.making import pictures  # noqa: PLC0415

    confine(wanted["memory_bytes"], wanted["cpu_s"])
    if kind == "avatar":
        return asdict(pictures.fit(raw, folder, most, (400, 400), may_move=True))
    if kind == "header":
        return asdict(pictures.fit(raw, folder, most, (1_500, 500), may_move=False))
    if kind == "room":
        return asdict(pictures.flat(raw, folder, most))
    return asdict(pictures.make(raw, folder, most))


if __name__ == "__main__":
    main()
