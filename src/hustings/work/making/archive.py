"""`python -m hustings.work.making.archive`: reads one archive of posts.

Standard input is a line of JSON, what time it is and what the process may take, and then the archive; standard output a
line for each post, then how many were passed over.
"""

from __future__ import annotations

import json
import sys
from dataclasses import astuple

from hustings.social import archives
from hustings.wire.errors import Refused
from hustings.work.making.limits import confine


def main() -> None:
    wanted = json.loads(sys.stdin.buffer.readline())
    confine(wanted["memory_bytes"], wanted["cpu_s"])
    try:
        claimed, passed = archives.read(sys.stdin.buffer.read(), wanted["now_ms"])
    except Refused as refused:
        print(json.dumps({"fault": refused.code}))
        return
    for one in claimed:
        print(json.dumps(astuple(one)))
    print(json.dumps({"passed": passed}))


if __name__ == "__main__":
    main()
