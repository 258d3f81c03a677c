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
    # Decoders are loaded before the limits, and meet nothing from outside until they are set.
    if wanted["kind"] == "image":
        from hustings.work.making import pictures  # noqa: PLC0415

        make: Any = pictures.make
    else:
        from hustings.work.making import sounds  # noqa: PLC0415

        make = sounds.make
    confine(wanted["memory_bytes"], wanted["cpu_s"])
    try:
        said = asdict(make(Path(wanted["raw"]), Path(wanted["folder"]), wanted["most"]))
    except Fault as fault:
        said = {"fault": fault.code}
    except MemoryError:
        said = {"fault": "media_too_hard"}
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
