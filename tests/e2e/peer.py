"""A speaker without a browser: aiortc as a client, in a thread of its own. Cheaper than a browser where one adds nothing.

Independent of the server's use of aiortc, and of the demo's: offers, answers and headers are written here from RFC 9725.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar
from urllib.parse import urljoin

import aiohttp
import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from numpy.typing import NDArray

RATE_HZ = 48_000
FRAME = 960
Sound = NDArray[np.float32]
T = TypeVar("T")


class Refused(AssertionError):
    """The server said no. `status` and `code` are its answer's."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(f"{status} {text}")


SILENCE = b"\xf8\xff\xfe"  # 20 ms of coded silence (RFC 6716)


def encoded(samples: Sound) -> list[bytes]:
    """Opus packets of 20 ms (mono, 64 kbit/s), made before they are due: the pace must not depend on it."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE_HZ, "mono", "s16"  # type: ignore[attr-defined]
    encoder.bit_rate, encoder.options = 64_000, {"application": "voip"}
    encoder.time_base = Fraction(1, RATE_HZ)
    packets: list[bytes] = []
    for number in range(-(-samples.size // FRAME)):
        pcm = np.zeros((1, FRAME), np.int16)
        piece = samples[number * FRAME : (number + 1) * FRAME]
        pcm[0, : piece.size] = (np.clip(piece, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, number * FRAME
        packets += [bytes(packet) for packet in encoder.encode(frame)]  # type: ignore[attr-defined]
    return packets + [bytes(packet) for packet in encoder.encode(None)]  # type: ignore[attr-defined]


class Mouth(MediaStreamTrack):
    """Silence at the pace of the clock, and whatever is said into it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frame = 0
        self._zero_s = 0.0
        self._said: deque[bytes] = deque()

    def say(self, samples: Sound) -> None:
        """Appends samples (48 kHz, mono, full scale 1.0) to what is to be said."""
        self._said.extend(encoded(samples))

    @property
    def silent(self) -> bool:
        return not self._said

    async def recv(self) -> Any:
        loop = asyncio.get_running_loop()
        self._zero_s = self._zero_s or loop.time()
        await asyncio.sleep(max(0.0, self._zero_s + self._frame * 0.02 - loop.time()))
        packet = av.Packet(self._said.popleft() if self._said else SILENCE)
        packet.pts, packet.time_base = self._frame * FRAME, Fraction(1, RATE_HZ)
        self._frame += 1
        return packet


@dataclass
class Peer:
    """One person's session. `heard` is his own ear, decoded; `arrivals` are the moments of its frames."""

    loop: asyncio.AbstractEventLoop
    url: str
    token: str
    device: str = ""
    mouth: Mouth | None = None
    hears: bool = True
    session: str = ""
    pc: RTCPeerConnection | None = None
    arrivals: list[float] = field(default_factory=list)
    _heard: list[Sound] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def join(self, deadline_s: float = 15.0) -> float:
        """Seconds from the call to the wire's being up. Errors: `Refused`."""
        began_s = time.monotonic()
        self._run(self._join(deadline_s), deadline_s + 5)
        return time.monotonic() - began_s

    def say(self, samples: Sound) -> float:
        assert self.mouth is not None
        self.mouth.say(samples)
        return time.monotonic()

    def heard(self) -> Sound:
        return np.concatenate([*self._heard, np.zeros(0, np.float32)])

    @property
    def state(self) -> str:
        return self.pc.connectionState if self.pc else "new"

    def leave(self) -> None:
        """Says goodbye, as RFC 9725 section 4.2 has it, and closes the wire."""
        self._run(self._leave(), 10)

    def drop(self) -> None:
        """Vanishes: nothing is said to anybody."""
        self._run(self._close(), 10)

    def _run(self, what: Coroutine[Any, Any, T], deadline_s: float) -> T:
        waiting: Future[T] = asyncio.run_coroutine_threadsafe(what, self.loop)
        return waiting.result(deadline_s)

    @property
    def _headers(self) -> dict[str, str]:
        named = {"Hustings-Device": self.device} if self.device else {}
        return {"Authorization": f"Bearer {self.token}", **named}

    async def _join(self, deadline_s: float) -> None:
        await self._close()
        pc = self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        up = asyncio.Event()
        pc.on("connectionstatechange", lambda: pc.connectionState == "connected" and up.set())
        pc.on("track", self._listen)
        if self.mouth is None:
            pc.addTransceiver("audio", direction="recvonly")
        else:
            direction = "sendrecv" if self.hears else "sendonly"
            pc.addTransceiver(self.mouth, direction=direction)
        await pc.setLocalDescription(await pc.createOffer())
        async with aiohttp.ClientSession() as http:
            sent = http.post(
                self.url,
                data=pc.localDescription.sdp.encode(),
                headers={**self._headers, "Content-Type": "application/sdp"},
            )
            async with sent as answer:
                text = await answer.text()
                if answer.status != 201:
                    await pc.close()
                    raise Refused(answer.status, text)
                assert answer.content_type == "application/sdp"
                self.session = urljoin(self.url, answer.headers["Location"])
        await pc.setRemoteDescription(RTCSessionDescription(sdp=text, type="answer"))
        await asyncio.wait_for(up.wait(), deadline_s)

    def _listen(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(self._hear(track)))

    async def _hear(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame: Any = await track.recv()
            except Exception:  # aiortc ends a track with an error of its own
                return
            samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
            self._heard.append(samples.mean(axis=1).astype(np.float32) / 32768)
            self.arrivals.append(time.monotonic())

    async def _leave(self) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.delete(self.session, headers=self._headers) as answer,
        ):
            assert answer.status == 200, await answer.text()
        await self._close()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        pc, self.pc = self.pc, None
        if pc is not None:
            await pc.close()


@dataclass
class Cast:
    """Makes peers; all of them live in one thread's event loop."""

    loop: asyncio.AbstractEventLoop
    peers: list[Peer] = field(default_factory=list)

    def speaker(
        self, stage: str, key: str, token: str, device: str = "", hears: bool = True
    ) -> Peer:
        """On the stage page's own road, `POST /session/{key}`."""
        return self._made(Peer(self.loop, f"{stage}/session/{key}", token, device, Mouth(), hears))

    def whip(self, stage: str, key: str, token: str) -> Peer:
        return self._made(Peer(self.loop, f"{stage}/whip/{key}", token, "", Mouth(), False))

    def whep(self, stage: str, key: str, token: str) -> Peer:
        return self._made(Peer(self.loop, f"{stage}/whep/{key}", token))

    def _made(self, peer: Peer) -> Peer:
        self.peers.append(peer)
        return peer


@contextmanager
def cast() -> Iterator[Cast]:
    """The thread, ended with all its peers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="peers")
    thread.start()
    made = Cast(loop)
    try:
        yield made
    finally:
        for peer in made.peers:
            peer.drop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
