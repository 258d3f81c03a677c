"""Our end of the speakers' wire, alone: a switchboard without rooms, in a process of its own (`python -m bench.wire_end`).

Prints its UDP port; then for each line of standard input an answer: an SDP offer as JSON text gets its SDP answer, `null` gets
`{"received": [packets of each call, in the order of their offers], "cpu_s": …}`. Ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from functools import partial

from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import check
from hustings.studio.switchboard import Switchboard


async def main() -> None:
    board = Switchboard(["127.0.0.1"])
    _say(board.open(0))
    received: list[int] = []

    def count(number: int, packet: RtpPacket) -> None:
        received[number] += 1

    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        offer = json.loads(line)
        if offer is None:
            _say({"received": received, "cpu_s": time.process_time()})
            continue
        number = len(received)
        received.append(0)
        about = {"session": str(number)}
        call = board.call(
            check(offer.encode(), "whip"), about, partial(count, number), lambda up: None
        )
        _say(call.answer)
    await board.shut()


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
