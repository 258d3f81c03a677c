"""People on a stage without browsers: ready Opus packets over real ICE, DTLS and SRTP, what comes back counted.

A process of its own (`python -m bench.speakers`), so that its cost is not the studio's. Says `{"ready": true}` when all is
loaded, then reads one JSON object from standard input:
`{"people": [{"url", "headers", "sound": "talk:0"|"noise"|"quiet"|"pilot"}]}`; prints `{"up": n}` when all are connected
and `{"received": [...], "gaps_s": [...], "delays_ms": [...]}` for every further line that it reads: packets that each has had
from the stage; since the line before, the longest that each waited for one; and how late the last of them had each chirp of a
pilot (from the packet that left to the one that came).
Ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from bench import pilot
from hustings.audio.codec import OpusDecoder, OpusEncoder
from hustings.demo.sound import FRAME_S, FRAME_SAMPLES, read_packets
from hustings.rtc.rtp import parse

VOICES = Path(__file__).resolve().parent.parent / "tests/e2e/voices"
BITRATE = 64_000
NOISE_FRAMES = 500
PILOT = pilot.train(40, seed=3)
LATE_MAX_S = 1.0
HEARD_LEAST = 150


def packets(sound: str) -> list[bytes]:
    """What a person says in a loop, as 20 ms packets. A muted browser sends coded silence, and so does `quiet`."""
    if sound.startswith("talk:"):
        files = sorted(VOICES.glob("*.opus"))
        # The last packet of a file is shorter than 20 ms.
        return list(read_packets(files[int(sound[5:]) % len(files)])[:-1])
    encoder = OpusEncoder(1, BITRATE, "voip")
    silence = np.zeros((FRAME_SAMPLES, 1), np.float32)
    if sound == "pilot":
        whole = PILOT.samples[: PILOT.samples.size // FRAME_SAMPLES * FRAME_SAMPLES]
        return [encoder.encode(frame) for frame in whole.reshape(-1, FRAME_SAMPLES, 1)]
    if sound == "quiet":
        return [encoder.encode(silence) for _ in range(50)]
    random = np.random.default_rng(7)
    noise = random.normal(0, 0.05, (NOISE_FRAMES, *silence.shape)).astype(np.float32)
    return [encoder.encode(frame) for frame in noise]


class Mouth(MediaStreamTrack):
    """The packets at the pace of the clock; aiortc sends an `av.Packet` as it is."""

    kind = "audio"

    def __init__(self, said: list[bytes]) -> None:
        super().__init__()
        self._said = said
        self._frame = 0
        self.zero_s = 0.0

    @property
    def loop_s(self) -> float:
        return len(self._said) * FRAME_S

    async def recv(self) -> av.Packet[Any]:
        loop = asyncio.get_running_loop()
        self.zero_s = self.zero_s or loop.time()
        await asyncio.sleep(max(0.0, self.zero_s + self._frame * FRAME_S - loop.time()))
        packet = av.Packet(self._said[self._frame % len(self._said)])
        packet.pts, packet.time_base = self._frame * FRAME_SAMPLES, Fraction(1, 48_000)
        self._frame += 1
        return packet


@dataclass
class Person:
    """`heard`: (when, RTP) of each packet that came, kept by one who is an ear."""

    peer: RTCPeerConnection
    mouth: Mouth
    received: int = 0
    last_s: float = 0.0
    gap_s: float = 0.0
    heard: list[tuple[float, bytes]] | None = None

    async def join(self, http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
        """Errors: `RuntimeError` with the server's own words."""
        await self.peer.setLocalDescription(await self.peer.createOffer())
        sent = {**headers, "Content-Type": "application/sdp"}
        offer = self.peer.localDescription.sdp.encode()
        async with http.post(url, data=offer, headers=sent) as answer:
            sdp = await answer.text()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status} {sdp}")
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
        transport: Any = self.peer.getTransceivers()[0].receiver.transport
        transport._handle_rtp_data = self._hear  # nothing is decoded here
        while self.peer.connectionState != "connected":
            if self.peer.connectionState in ("failed", "closed"):
                raise RuntimeError("a speaker's wire failed")
            await asyncio.sleep(0.02)

    async def _hear(self, raw: bytes, arrival_time_ms: int) -> None:
        self.received += 1
        now_s = asyncio.get_running_loop().time()
        self._wait_until(now_s)
        self.last_s = now_s
        if self.heard is not None:
            self.heard.append((now_s, raw))

    def longest_wait_s(self) -> float:
        """Without a packet from the stage, since this was asked last; a wait that goes on counts too."""
        self._wait_until(asyncio.get_running_loop().time())
        longest, self.gap_s = self.gap_s, 0.0
        return longest

    def _wait_until(self, now_s: float) -> None:
        if self.last_s:
            self.gap_s = max(self.gap_s, now_s - self.last_s)


def delays_ms(mouth: Mouth, heard: list[tuple[float, bytes]]) -> list[float]:
    """How late each chirp of the pilot came, of those that came within these packets."""
    if len(heard) < HEARD_LEAST:
        return []
    decoder = OpusDecoder()
    sound = [decoder.decode(parse(raw).payload)[:FRAME_SAMPLES] for _, raw in heard]
    found_s = pilot.find(np.concatenate(sound))
    came_s = [heard[int(at / FRAME_S)][0] + at % FRAME_S for at in found_s]
    first_s, last_s = heard[0][0], heard[-1][0] - LATE_MAX_S
    loops = range(int((last_s - mouth.zero_s) / mouth.loop_s) + 1)
    said_s = [mouth.zero_s + n * mouth.loop_s + start for n in loops for start in PILOT.starts_s]
    said_s = [at for at in said_s if first_s <= at <= last_s]  # what could be heard whole
    late = pilot.delays(np.array(said_s), np.array(came_s), LATE_MAX_S)
    return [one * 1000 for one in late if one is not None]


async def main() -> None:
    loop = asyncio.get_running_loop()
    print(json.dumps({"ready": True}), flush=True)
    plan = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    people: list[Person] = []
    async with aiohttp.ClientSession() as http:
        for wanted in plan["people"]:
            mouth = Mouth(packets(wanted["sound"]))
            person = Person(RTCPeerConnection(RTCConfiguration(iceServers=[])), mouth)
            person.peer.addTransceiver(mouth, direction="sendrecv")
            await asyncio.wait_for(person.join(http, wanted["url"], wanted["headers"]), 20)
            people.append(person)
        piloted = plan["people"][0]["sound"] == "pilot"
        ear = people[-1]
        ear.heard = [] if piloted else None
        print(json.dumps({"up": len(people)}), flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            told: dict[str, list[Any]] = {"received": [one.received for one in people]}
            told["gaps_s"] = [one.longest_wait_s() for one in people]
            heard, ear.heard = ear.heard, [] if piloted else None
            told["delays_ms"] = delays_ms(people[0].mouth, heard) if heard else []
            print(json.dumps(told), flush=True)
        await asyncio.gather(*(one.peer.close() for one in people))


if __name__ == "__main__":
    asyncio.run(main())
