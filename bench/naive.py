"""The peer of the stage figure: a mixer as one writes it on aiortc in an afternoon. `python -m bench.naive PORT`.

Each peer's sound is decoded by aiortc, the mix without himself is encoded by aiortc for each. Nothing is recorded and
nothing is streamed, so it does less than a studio.
"""

from __future__ import annotations

import asyncio
import sys
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

FRAME = 960
FRAME_S = 0.02


class Mix(MediaStreamTrack):
    """Everybody but one."""

    kind = "audio"

    def __init__(self, latest: dict[int, Any], self_id: int) -> None:
        super().__init__()
        self._latest = latest
        self._self_id = self_id
        self._frame = 0
        self._zero_s = 0.0

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        self._zero_s = self._zero_s or loop.time()
        await asyncio.sleep(max(0.0, self._zero_s + self._frame * FRAME_S - loop.time()))
        mixed = np.zeros((1, FRAME * 2), np.int32)
        for who, sound in self._latest.items():
            if who != self._self_id and sound.shape == mixed.shape:
                mixed += sound
        out = np.clip(mixed, -32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(out, format="s16", layout="stereo")
        frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
        frame.pts = self._frame * FRAME
        self._frame += 1
        return frame


async def offer(request: web.Request) -> web.Response:
    app = request.app
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    app["peers"].append(peer)
    self_id = len(app["peers"])
    latest: dict[int, Any] = app["latest"]

    @peer.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        async def listen() -> None:
            while True:
                frame: Any = await track.recv()
                latest[self_id] = frame.to_ndarray()

        app["tasks"].append(asyncio.create_task(listen()))

    sdp = await request.text()
    await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    peer.addTrack(Mix(latest, self_id))
    await peer.setLocalDescription(await peer.createAnswer())
    return web.Response(status=201, text=peer.localDescription.sdp)


async def main(port: int) -> None:
    app = web.Application()
    app["peers"], app["latest"], app["tasks"] = [], {}, []
    app.router.add_post("/offer", offer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("up", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
