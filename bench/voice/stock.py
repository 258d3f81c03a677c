"""The peer's end of the road, in a process of its own (`python -m bench.voice.stock`): aiortc, and a mix as one writes it.

Each track's frames are put in a queue as aiortc gives them out; every 20 ms the mix takes the next, or silence when there is
none. It starts when two are there. Words as in `bench.voice.ours`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from numpy.typing import NDArray

TICK_S = 0.02
TICK = 960
START = 2


class Heard:
    """One connection and its mix."""

    def __init__(self) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.queue: deque[NDArray[np.float32]] = deque()
        self.sounds: list[NDArray[np.float32]] = []
        self.times_s: list[float] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.missing = 0
        self._started = False
        self.peer.on(
            "track", lambda track: self.tasks.append(asyncio.create_task(self._listen(track)))
        )

    async def answer(self, offer: str) -> str:
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return str(self.peer.localDescription.sdp)

    async def _listen(self, track: Any) -> None:
        while True:
            frame = await track.recv()
            sound = frame.to_ndarray().reshape(-1, len(frame.layout.channels)).mean(axis=1) / 32768
            self.queue.append(sound.astype(np.float32))

    def tick(self, now_s: float) -> None:
        self._started = self._started or len(self.queue) >= START
        if self._started and self.queue:
            self.sounds.append(self.queue.popleft())
        else:
            self.missing += self._started
            self.sounds.append(np.zeros(TICK, np.float32))
        self.times_s.append(now_s)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.peer.close()


async def _run(heard: dict[str, Heard]) -> None:
    loop = asyncio.get_running_loop()
    zero_s, ticks = loop.time(), 0
    while True:
        ticks += 1
        await asyncio.sleep(max(0.0, zero_s + ticks * TICK_S - loop.time()))
        for one in heard.values():
            one.tick(loop.time())


async def main() -> None:
    loop = asyncio.get_running_loop()
    heard: dict[str, Heard] = {}
    ticking = asyncio.create_task(_run(heard))
    _say("up")
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        word, *rest = json.loads(line)
        if word == "call":
            name, offer = rest
            heard[name] = Heard()
            _say(await heard[name].answer(offer))
            continue
        told = {
            name: {"missing": one.missing, "ticks": len(one.sounds)} for name, one in heard.items()
        }
        for name, one in heard.items():
            np.savez(
                Path(rest[0]) / f"{name}.npz",
                sound=np.concatenate(one.sounds),
                times_s=np.array(one.times_s),
            )
            await one.close()
        heard.clear()
        _say(told)
    ticking.cancel()


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
