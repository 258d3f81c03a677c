"""The speakers' wire alone: what a hundred who only listen cost, and what a flood of strangers does to three who talk.

Speakers are real sessions (checks, DTLS, SRTP) on loopback; a stranger sends as fast as a core can, what looks most like ours:
checks with a wrong password for a ufrag that is right, hellos, RTP.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import machine
from bench.rows import Figure
from hustings.rtc import rtp
from hustings.rtc.dtls_records import packed
from hustings.rtc.srtp import SrtpKeys, SrtpSession
from tests.rtc.checks import check
from tests.rtc.dtls_client import Client
from tests.rtc.offers import OFFER

IDLE, TALKING = 100, 3
SECONDS = 10
OUR_CORE, OTHERS_CORE = 0, 1
CHECK_EVERY = 100  # ticks
FLOOD = """
import socket, sys, time
thrown = [bytes.fromhex(one) for one in sys.argv[3:]]
to, end, count = ("127.0.0.1", int(sys.argv[1])), time.monotonic() + float(sys.argv[2]), 0
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
    while time.monotonic() < end:
        for one in thrown * 20:
            stranger.sendto(one, to)
            count += 1
print(count)
"""


class OurEnd:
    """The process under test."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.wire_end"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        machine.pin(self.process.pid, OUR_CORE)
        self.port = int(self._read())

    def _read(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, what: object) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return self._read()

    def end(self) -> None:
        self.process.communicate("", timeout=20)


class Speaker:
    """One session's far end, with all that it will send made before it is due."""

    def __init__(self, ours: OurEnd) -> None:
        self.client = Client()
        offer = OFFER.replace(":".join(["AB"] * 32), self.client.fingerprint()[1])
        answer = ours.ask(offer.replace("sendrecv", "sendonly"))
        self.ufrag, password = (
            re.findall(rf"a=ice-{name}:(\S+)", answer)[0] for name in ("ufrag", "pwd")
        )
        self._check = check(ours=self.ufrag, password=password, nominates=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", ours.port))
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

    def prepare(self, packets: int, size: int) -> None:
        keys = self.client.keys()
        srtp = SrtpSession(
            SrtpKeys(
                keys.profile, keys.remote_key, keys.remote_salt, keys.local_key, keys.local_salt
            )
        )
        plain = (rtp.build(111, n, 960 * n, 7, bytes([0xF8]) * size) for n in range(packets))
        self.packets = [srtp.protect(one) for one in plain]


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("wire", "The speakers' wire alone")
    with _on(IDLE) as (ours, speakers):
        say(f"{IDLE} are on the wire, and silent")
        cpu, lost = _talk(ours, speakers, 3)
    note = f"{IDLE * SECONDS * 50} packets sent, {lost} lost"
    figure.add("idle.100", f"{IDLE} speakers, coded silence", "% of a core", [cpu], note=note)
    with _on(TALKING) as (ours, speakers):
        say(f"{TALKING} talk, strangers flood")
        thrown = [
            check(ours=speakers[0].ufrag, password="wrong"),
            speakers[1].client.flight[0],
            b"\x80\x6f" + bytes(150),
        ]
        words = [str(ours.port), str(SECONDS), *(one.hex() for one in thrown)]
        with subprocess.Popen(
            [sys.executable, "-c", FLOOD, *words], stdout=subprocess.PIPE, text=True
        ) as flood:
            machine.pin(flood.pid, OTHERS_CORE)
            cpu, lost = _talk(ours, speakers, 160)
            assert flood.stdout is not None
            count = int(flood.stdout.readline())
    note = f"{count / SECONDS:,.0f} datagrams a second from strangers"
    figure.add("flood.lost", f"flood, {TALKING} talk: packets lost", "packets", [lost], note=note)
    figure.add("flood.cpu", f"flood, {TALKING} talk: our end", "% of a core", [cpu])
    return figure


@contextlib.contextmanager
def _on(count: int) -> Iterator[tuple[OurEnd, list[Speaker]]]:
    ours = OurEnd()
    speakers = [Speaker(ours) for _ in range(count)]
    try:
        yield ours, speakers
    finally:
        for speaker in speakers:
            speaker.socket.close()
        ours.end()


def _talk(ours: OurEnd, speakers: list[Speaker], size: int) -> tuple[float, int]:
    """(percent of a core, packets lost) while all send at the pace of the clock."""
    for speaker in speakers:
        speaker.prepare(SECONDS * 50, size)
    before = ours.ask(None)["cpu_s"]
    zero = time.monotonic()
    for tick in range(SECONDS * 50):
        time.sleep(max(0.0, zero + tick * 0.02 - time.monotonic()))
        for speaker in speakers:
            speaker.socket.send(speaker.packets[tick])
            if tick % CHECK_EVERY == 0:
                speaker.check()
    seconds = time.monotonic() - zero
    time.sleep(0.1)
    after = ours.ask(None)
    lost = len(speakers) * SECONDS * 50 - sum(after["received"])
    return 100 * (after["cpu_s"] - before) / seconds, lost
