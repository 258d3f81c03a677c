"""Our end of the speakers' wire, alone: a switchboard without rooms, in a process of its own (`python -m bench.wire_end`).

Prints its UDP port; then for each line of standard input an answer: an SDP offer as JSON text gets its SDP answer, `true` makes
every call be listened to as a room does it, tick for tick; `null` gets `{"received": [packets of each call, in the order of their
offers], "dry": ticks, "down": times, "cpu_s": …}`. Ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from hustings.audio.clock import RATE, TICK
from hustings.audio.jitter_buffer import JitterBuffer
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import check
from hustings.studio.priority import keep_time
from hustings.studio.switchboard import Switchboard

TICK_S = TICK / RATE


class Ear:
    """One call. `dry`: ticks between its first and its last sound for which the mix would have had nothing of it."""

    def __init__(self) -> None:
        self.received = 0
        self.downs = 0
        self.dry = 0
        self.buffer: JitterBuffer | None = None
        self._has_begun = False
        self._dry_now = 0

    def take(self, packet: RtpPacket) -> None:
        self.received += 1
        if self.buffer is not None:
            arrival = round(time.monotonic() * RATE)
            self.buffer.push(packet.sequence, packet.timestamp, packet.payload, arrival)

    def turn(self, is_up: bool) -> None:
        self.downs += not is_up

    def tick(self) -> None:
        """As the mix pulls."""
        if self.buffer is None:
            return
        if all(step.kind in ("packet", "held") for step in self.buffer.pull().steps):
            self.dry += self._dry_now if self._has_begun else 0
            self._has_begun, self._dry_now = True, 0
        else:
            self._dry_now += 1


async def listen(ears: list[Ear]) -> None:
    """For ever."""
    for ear in ears:
        ear.buffer = JitterBuffer()
    due = time.monotonic()
    while True:
        due += TICK_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        for ear in ears:
            ear.tick()


async def main() -> None:
    board = Switchboard(["127.0.0.1"])
    _say(board.open(0))
    ears: list[Ear] = []
    listening: asyncio.Task[None] | None = None
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        if asked is None:
            _say(
                {
                    "received": [ear.received for ear in ears],
                    "dry": sum(ear.dry for ear in ears),
                    "down": sum(ear.downs for ear in ears),
                    "cpu_s": time.process_time(),
                }
            )
        elif asked is True:
            keep_time()
            listening = asyncio.create_task(listen(ears))
            _say(True)
        else:
            ear = Ear()
            about = {"session": str(len(ears))}
            ears.append(ear)
            _say(board.call(check(asked.encode(), "whip"), about, ear.take, ear.turn).answer)
    if listening is not None:
        listening.cancel()
    await board.shut()


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
