"""The far end of a speaker's session without a browser or aiortc: checks, DTLS, SRTP, and packets made before they are due.

A hundred of them cost a fraction of a core, so one process can be a whole stage. Each packet carries its level (RFC 6464).
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hustings.audio.codec import OpusDecoder
from hustings.audio.level import rms_dbfs
from hustings.rtc import rtp
from hustings.rtc.demux import kind_of
from hustings.rtc.dtls_records import packed
from hustings.rtc.srtp import SrtpSession
from tests.rtc.checks import check
from tests.rtc.dtls_client import Client
from tests.rtc.offers import OFFER

LEVEL_ID = 1
TICK_S = 0.02
PARTS = 10
"""A tick's people are sent for in so many parts, as people are not in step with each other."""
CHECK_EVERY = 100  # ticks


class FarEnd:
    """One session, connected. `answer_for`: the SDP answer to an offer."""

    def __init__(self, answer_for: Callable[[str], str], direction: str = "sendrecv") -> None:
        self.client = Client()
        self.packets: list[bytes] = []
        self.received = 0
        offer = OFFER.replace(":".join(["AB"] * 32), self.client.fingerprint()[1])
        answer = answer_for(offer.replace("sendrecv", direction))
        self.ufrag, password = (
            re.findall(rf"a=ice-{name}:(\S+)", answer)[0] for name in ("ufrag", "pwd")
        )
        self._check = check(ours=self.ufrag, password=password, nominates=True)
        host, port = re.findall(r"a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host", answer)[0]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.socket.settimeout(5)
        self.check()
        assert self.socket.recv(2_000)[:2] == b"\x01\x01"
        self._shake()

    def check(self) -> None:
        self.socket.send(self._check)

    def _shake(self) -> None:
        out = packed(self.client.receive())
        while out:
            for datagram in out:
                self.socket.send(datagram)
            out = []
            while not out and not self.client.is_done:
                out = packed(self.client.receive(self.socket.recv(2_000)))
        self.socket.setblocking(False)

    def prepare(self, said: Sequence[tuple[bytes, int]], packets: int) -> None:
        """So many packets, of (Opus packet, level in -dBov) in a loop."""
        srtp = SrtpSession(self.client.mirrored())
        self.packets = []
        for n in range(packets):
            payload, level = said[n % len(said)]
            head = rtp.HEADER.pack(0x90, 111, n & 0xFFFF, 960 * n, 7)
            extension = bytes((0xBE, 0xDE, 0, 1, LEVEL_ID << 4, level, 0, 0))
            self.packets.append(srtp.protect(head + extension + payload))

    def listen(self) -> None:
        """Takes what came."""
        try:
            while True:
                self.received += kind_of(self.socket.recv(2_000)) == "rtp"
        except BlockingIOError:
            return


def levelled(payloads: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Each packet with the level that it has."""
    decoder = OpusDecoder()
    sounds = [decoder.decode(one) for one in payloads]
    return [
        (one, int(np.clip(-rms_dbfs(sound), 0, 127)))
        for one, sound in zip(payloads, sounds, strict=True)
    ]


def talk(ends: Sequence[FarEnd], ticks: int, goes_on: Callable[[], bool] = lambda: True) -> None:
    """All of them send at the pace of the clock, and take what comes."""
    zero = time.monotonic()
    for tick in range(ticks):
        for part in range(PARTS):
            due = zero + (tick + part / PARTS) * TICK_S
            time.sleep(max(0.0, due - time.monotonic()))
            for one in ends[part::PARTS]:
                one.socket.send(one.packets[tick])
                one.listen()
                if tick % CHECK_EVERY == 0:
                    one.check()
        if not goes_on():
            return


@contextlib.contextmanager
def talking(ends: Sequence[FarEnd], ticks: int, core: int) -> Iterator[None]:
    """`talk` in a thread on that core, until the end of the block."""
    on = threading.Event()
    on.set()

    def run() -> None:
        os.sched_setaffinity(0, {core})
        talk(ends, ticks, on.is_set)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        on.clear()
        thread.join()
        for one in ends:
            one.socket.close()
