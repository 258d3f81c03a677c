"""Our wire and aiortc's at the same work: each takes in what people send and sends each a ready packet every 20 ms; nothing is
decoded or coded. `python -m bench.wire_peers ours|aiortc PORT`: offers by HTTP, then two numbers for each line of standard
input: packets that came, processor seconds so far. Ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from fractions import Fraction
from typing import Any, Protocol

import av
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import check
from hustings.studio.switchboard import Call, Switchboard

SAID = bytes([0xF8]) * 160
"""As long as an Opus packet of 64 kbit/s."""
TICK_S = 0.02


class End(Protocol):
    received: int

    async def answer(self, offer: str) -> str: ...


class Ours:
    def __init__(self) -> None:
        self.received = 0
        self._board = Switchboard(["127.0.0.1"])
        self._board.open(0)
        self._calls: list[Call] = []
        self._task = asyncio.create_task(self._send())

    async def answer(self, offer: str) -> str:
        about = {"session": str(len(self._calls))}
        checked = check(offer.encode(), "session")
        call = self._board.call(checked, about, self._count, lambda up: None)
        self._calls.append(call)
        return call.answer

    def _count(self, packet: RtpPacket) -> None:
        self.received += 1

    async def _send(self) -> None:
        zero, tick = time.monotonic(), 0
        while True:
            for call in self._calls:
                call.send(SAID)
            tick += 1
            await asyncio.sleep(max(0.0, zero + tick * TICK_S - time.monotonic()))


class Ready(MediaStreamTrack):
    """Ready packets at the pace of the clock: aiortc sends an `av.Packet` as it is."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frame = 0
        self._zero = time.monotonic()

    async def recv(self) -> av.Packet[Any]:
        await asyncio.sleep(max(0.0, self._zero + self._frame * TICK_S - time.monotonic()))
        packet = av.Packet(SAID)
        packet.pts, packet.time_base = self._frame * 960, Fraction(1, 48_000)
        self._frame += 1
        return packet


class Theirs:
    """What is counted is parsed RTP, before aiortc's jitter buffer and decoder."""

    def __init__(self) -> None:
        self.received = 0
        self._peers: list[RTCPeerConnection] = []

    async def answer(self, offer: str) -> str:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        peer.addTrack(Ready())
        receiver: Any = peer.getReceivers()[0]
        receiver._handle_rtp_packet = self._count
        await peer.setLocalDescription(await peer.createAnswer())
        return peer.localDescription.sdp

    async def _count(self, packet: object, arrival_time_ms: int) -> None:
        self.received += 1


async def main(kind: str, port: int) -> None:
    end: End = Ours() if kind == "ours" else Theirs()

    async def offer(request: web.Request) -> web.Response:
        return web.Response(status=201, text=await end.answer(await request.text()))

    app = web.Application()
    app.router.add_post("/offer", offer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    loop = asyncio.get_running_loop()
    print("up", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps([end.received, time.process_time()]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
