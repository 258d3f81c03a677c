"""A browser whose network lets no UDP through, by hand: checks, DTLS and SRTP in frames on a TCP connection to a real door's
port of voices, behind it a real switchboard."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

from hustings.door.voices import VoicePort
from hustings.rtc import rtp
from hustings.rtc.demux import kind_of
from hustings.rtc.dtls_records import packed
from hustings.rtc.framing import Frames, framed
from hustings.rtc.srtp import SrtpSession
from hustings.studio.keeping import Keeper
from hustings.studio.sessions import Sessions
from hustings.studio.switchboard import Switchboard
from tests.rtc.checks import check
from tests.rtc.dtls_client import Client
from tests.rtc.offers import OFFER
from tests.studio.calling import Room


class Stage(Room):
    """A room on the wire, and door's port beside it. `tcp` is that port."""

    def __init__(self, folder: Path, keeper: Keeper | None = None) -> None:
        super().__init__()
        self.folder, self.keeper, self.udp = folder, keeper, self.port
        self.board._keeper = keeper
        assert self.board._relay is not None
        self.board._relay.open(self.relay)
        self.door = VoicePort(self.relay)
        self.tcp = 0

    @property
    def relay(self) -> Path:
        return self.folder / "voices.sock"

    async def open(self) -> Stage:
        self.tcp = await self.door.open(0)
        self.board._tcp_port = self.tcp
        return self

    async def stop(self) -> None:
        """Studio ends; door does not."""
        await self.sessions.let_go()
        await self.board.shut()

    def again(self, takes_up: bool = True) -> None:
        """The next studio."""
        self.packets.clear()
        self.links.clear()
        self.board = Switchboard(["127.0.0.1"], self.keeper, self.tcp)
        self.board.open(self.udp, self.relay)
        self.sessions = Sessions(
            self.board,
            "room",
            lambda *packet: self.packets.append(packet),
            lambda *link: self.links.append(link),
        )
        if takes_up:
            self.sessions.take_up()
        self.board.end_unclaimed()

    async def shut(self) -> None:
        self.door.close()
        await super().shut()
        await asyncio.sleep(0)


class Browser:
    """`heard` are the packets of its ear; `ways` the roads on which datagrams came, newest last."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.client = Client()
        self.srtp: SrtpSession | None = None
        self.heard: list[rtp.RtpPacket] = []
        self.ways: list[str] = []
        self.number = 0
        self.roads: list[Road] = []

    async def offer(self, person: str) -> str:
        """The session's answer, its credentials read."""
        text = OFFER.replace(":".join(["AB"] * 32), self.client.fingerprint()[1])
        _, answer = await self.stage.sessions.open(person, text.encode(), "session")
        self.ufrag, self.password = (
            re.findall(rf"a=ice-{name}:(\S+)", answer)[0] for name in ("ufrag", "pwd")
        )
        return answer

    async def road(self, way: str) -> Road:
        made = Road(self, way)
        self.roads.append(made)
        await made.open()
        return made

    def check(self, nominates: bool = True) -> bytes:
        return check(self.ufrag, "abcd", self.password, nominates)

    async def shake(self, road: Road) -> None:
        """The DTLS handshake."""
        road.send(*packed(self.client.receive()))
        async with asyncio.timeout(10):
            while self.srtp is None:
                await asyncio.sleep(0.005)

    async def join(self, person: str) -> Road:
        await self.offer(person)
        road = await self.road("tcp")
        road.send(self.check())
        await self.stage.until(lambda: self.ways)
        await self.shake(road)
        return road

    def receive(self, way: str, datagram: bytes) -> None:
        self.ways.append(way)
        kind = kind_of(datagram)
        if kind == "dtls" and self.srtp is None:
            self.roads[-1].send(*packed(self.client.receive(datagram)))
            if self.client.is_done:
                self.srtp = SrtpSession(self.client.mirrored())
        elif kind == "rtp" and self.srtp is not None:
            self.heard.append(rtp.parse(self.srtp.unprotect(datagram)))

    def say(self, road: Road, packets: int = 1) -> None:
        assert self.srtp is not None
        for _ in range(packets):
            self.number += 1
            plain = rtp.build(111, self.number, 960 * self.number, 9, b"voice")
            road.send(self.srtp.protect(plain))

    def leave(self) -> None:
        for road in self.roads:
            road.close()


class Road(asyncio.DatagramProtocol, asyncio.Protocol):
    """One way from the browser to the stage."""

    def __init__(self, browser: Browser, way: str) -> None:
        self._browser, self._way = browser, way
        self._frames = Frames()
        self.is_over = asyncio.Event()

    async def open(self) -> None:
        loop, stage = asyncio.get_running_loop(), self._browser.stage
        if self._way == "tcp":
            self.transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", stage.tcp)
        else:
            self.transport, _ = await loop.create_datagram_endpoint(
                lambda: self, remote_addr=("127.0.0.1", stage.udp)
            )

    def send(self, *datagrams: bytes) -> None:
        for one in datagrams:
            if self._way == "tcp":
                self.transport.write(framed(one))
            else:
                self.transport.sendto(one)

    def data_received(self, data: bytes) -> None:
        for one in self._frames.feed(data):
            self._browser.receive(self._way, one)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._browser.receive(self._way, data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.is_over.set()

    def close(self) -> None:
        self.transport.close()


def stranger(port: int) -> socket.socket:
    """A bare connection."""
    made = socket.create_connection(("127.0.0.1", port), 5)
    made.setblocking(False)
    return made
