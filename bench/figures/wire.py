"""The speakers' wire alone: what a hundred who only listen cost, and what a flood of strangers does to three who talk.

Speakers are real sessions (checks, DTLS, SRTP) on loopback; a stranger sends as fast as a core can, what looks most like ours:
checks with a wrong password for a ufrag that is right, hellos, RTP.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
FLOOD_S = 60
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
        told = _talk(ours, speakers, 3, SECONDS)
    note = f"{IDLE * SECONDS * 50} packets sent, {told.lost} lost"
    figure.add("idle.100", f"{IDLE} speakers, coded silence", "% of a core", [told.cpu], note=note)
    return figure


def measure_flood(folder: Path, say: Callable[[str], None]) -> Figure:
    """A minute of the most that a core can throw."""
    figure = Figure("flood", "Strangers flood the speakers' port")
    with _on(TALKING) as (ours, speakers):
        say(f"{TALKING} talk, strangers flood for {FLOOD_S} s")
        thrown = [
            check(ours=speakers[0].ufrag, password="wrong"),
            speakers[1].client.flight[0],
            b"\x80\x6f" + bytes(150),
        ]
        words = [str(ours.port), str(FLOOD_S), *(one.hex() for one in thrown)]
        ours.ask(True)
        with subprocess.Popen(
            [sys.executable, "-c", FLOOD, *words], stdout=subprocess.PIPE, text=True
        ) as flood:
            machine.pin(flood.pid, OTHERS_CORE)
            with _in_time():
                told = _talk(ours, speakers, 160, FLOOD_S)
            assert flood.stdout is not None
            count = int(flood.stdout.readline())
    note = f"{count / FLOOD_S:,.0f} datagrams a second from strangers, for {FLOOD_S} s"
    sent = f"of {TALKING * FLOOD_S * 50}"
    figure.add("strangers", "datagrams from strangers", "a second", [count / FLOOD_S], note=note)
    figure.add("lost", f"{TALKING} talk: packets lost", "packets", [told.lost], note=sent)
    note = f"{sent}; our own speakers were {told.late_ms:.0f} ms late at the worst"
    figure.add("dry", f"{TALKING} talk: ticks the mix had nothing", "ticks", [told.dry], note=note)
    figure.add("down", f"{TALKING} talk: sessions lost", "sessions", [told.down])
    figure.add("cpu", f"{TALKING} talk: our end", "% of a core", [told.cpu])
    return figure


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """Our speakers must not wait for the flood: off its core, and first in line where that is allowed (sched(7))."""
    cores = os.sched_getaffinity(0)
    if OUR_CORE in cores:
        os.sched_setaffinity(0, {OUR_CORE})
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, cores)


@dataclass(frozen=True)
class Told:
    """`cpu` in percent of a core. `late_ms`: how late our own speakers were at the worst, which is nobody else's fault."""

    cpu: float
    lost: int
    dry: int
    down: int
    late_ms: float


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


def _talk(ours: OurEnd, speakers: list[Speaker], size: int, seconds: int) -> Told:
    """All send at the pace of the clock."""
    for speaker in speakers:
        speaker.prepare(seconds * 50, size)
    before = ours.ask(None)
    zero = time.monotonic()
    late_s = 0.0
    for tick in range(seconds * 50):
        due = zero + tick * 0.02
        time.sleep(max(0.0, due - time.monotonic()))
        late_s = max(late_s, time.monotonic() - due)
        for speaker in speakers:
            speaker.socket.send(speaker.packets[tick])
            if tick % CHECK_EVERY == 0:
                speaker.check()
    took_s = time.monotonic() - zero
    time.sleep(0.1)
    after = ours.ask(None)
    return Told(
        cpu=100 * (after["cpu_s"] - before["cpu_s"]) / took_s,
        lost=len(speakers) * seconds * 50 - sum(after["received"]),
        dry=after["dry"] - before["dry"],
        down=after["down"] - before["down"],
        late_ms=late_s * 1000,
    )
