"""Peers of aiortc's and a room of lists: what sessions over real sockets are tested with."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from hustings.rtc.rtp import RtpPacket
from hustings.studio.sessions import Sessions
from hustings.studio.switchboard import Switchboard

OPUS = b"\xf8\xff\xfe"


class Voice(MediaStreamTrack):
    """Ready Opus packets, each with its number in it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.go = asyncio.Event()
        self.go.set()

    async def recv(self) -> Any:
        await self.go.wait()
        await asyncio.sleep(0.02)
        packet = av.Packet(OPUS + self.number.to_bytes(4, "big"))
        packet.pts, packet.time_base = self.number * 960, Fraction(1, 48_000)
        self.number += 1
        return packet


class Peer:
    """A browser's part: one connection, its voice, and what it heard."""

    def __init__(self, direction: str = "sendrecv") -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.voice = Voice()
        self.connection.addTransceiver(
            self.voice if direction != "recvonly" else "audio", direction=direction
        )

    async def join(self, sessions: Sessions, person: str, mode: str = "session") -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        offer = self.connection.localDescription.sdp.encode()
        session, answer = await sessions.open(person, offer, mode)  # type: ignore[arg-type]
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return session

    async def heard(self) -> int:
        report = await self.connection.getReceivers()[0].getStats()
        return sum(row.packetsReceived for row in report.values() if row.type == "inbound-rtp")


class Room:
    """What sessions tell a room, and a way to wait for it. `port` is that of its wire."""

    def __init__(self) -> None:
        self.packets: list[tuple[str, RtpPacket]] = []
        self.links: list[tuple[str, bool]] = []
        self.board = Switchboard()
        self.port = self.board.open(0)
        self.sessions = Sessions(
            self.board,
            "room",
            lambda *packet: self.packets.append(packet),
            lambda *link: self.links.append(link),
        )
        self.peers: list[Peer] = []

    def peer(self, direction: str = "sendrecv") -> Peer:
        self.peers.append(Peer(direction))
        return self.peers[-1]

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(15):
            while not condition():
                await asyncio.sleep(0.005)

    async def shut(self) -> None:
        await self.sessions.shut()
        await self.board.shut()
        for peer in self.peers:
            await peer.connection.close()
