"""The speakers' wire alone: what a hundred who are silent cost, what one costs beside aiortc, and what a flood of strangers does
to three who talk.

Speakers are real sessions (checks, DTLS, SRTP) on loopback; a stranger sends as fast as a core can, what looks most like ours:
checks with a wrong password for a ufrag that is right, hellos, RTP.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import crew, machine
from bench.far_end import CHECK_EVERY, FarEnd
from bench.rows import Figure
from tests.e2e.harness.pulse import stop
from tests.ports import free_ports
from tests.rtc.checks import check

IDLE, TALKING = 100, 3
SECONDS = 30
ROUND_S = 3
FLOOD_S = 60
OUR_CORE, OTHERS_CORE = 0, 1
PEERS = 20
PEER_S = 10.0
KINDS = {"ours": "one speaker, both ways: our wire", "aiortc": "one speaker, both ways: aiortc"}
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


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("wire", "The speakers' wire alone")
    with _on(IDLE) as (ours, speakers):
        say(f"{IDLE} are on the wire, and silent")
        told = _talk(ours, speakers, 3, SECONDS)
    note = f"{IDLE * SECONDS * 50} packets sent, {told.lost} lost"
    figure.add("idle.100", f"{IDLE} speakers, coded silence", "% of a core", told.cpu, note=note)
    _beside(figure, say)
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
    figure.add("cpu", f"{TALKING} talk: our end", "% of a core", told.cpu)
    return figure


def _beside(figure: Figure, say: Callable[[str], None]) -> None:
    """The same people, the same packets: what one of them costs on our wire and on aiortc's."""
    found = {}
    for kind in KINDS:
        say(f"{PEERS} speakers, both ways: {kind}")
        cpu, share = _one_end(kind)
        found[kind] = cpu / PEERS
        figure.add(
            f"speaker.{kind}",
            KINDS[kind],
            "% of a core",
            [found[kind]],
            peer=kind != "ours",
            note=f"of {PEERS} at once; {share:.0%} of what was due came in",
        )
    times = found["ours"] / found["aiortc"]
    figure.add("speaker.by_aiortc", "one speaker: ours by aiortc's", "×", [times])


def _one_end(kind: str) -> tuple[float, float]:
    """(percent of a core, share of the packets that came)."""
    [port] = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.wire_peers", kind, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def told() -> tuple[int, float]:
        process.stdin.write("\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
        received, cpu_s = json.loads(process.stdout.readline())  # type: ignore[union-attr]
        return received, cpu_s

    try:
        process.stdout.readline()
        machine.pin(process.pid, OUR_CORE)
        people = [
            {"url": f"http://127.0.0.1:{port}/offer", "headers": {}, "sound": "noise"}
        ] * PEERS
        with crew.speaking(people, OTHERS_CORE):
            time.sleep(2)
            (received, cpu_s), since = told(), time.monotonic()
            time.sleep(PEER_S)
            (after, after_s), seconds = told(), time.monotonic() - since
    finally:
        stop(process)
    due = PEERS * seconds * 50
    return 100 * (after_s - cpu_s) / seconds, (after - received) / due


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
    """`cpu` in percent of a core, one for each `ROUND_S`. `late_ms`: how late our own speakers were at the worst, which is
    nobody else's fault."""

    cpu: list[float]
    lost: int
    dry: int
    down: int
    late_ms: float


@contextlib.contextmanager
def _on(count: int) -> Iterator[tuple[OurEnd, list[FarEnd]]]:
    ours = OurEnd()
    speakers = [FarEnd(ours.ask, "sendonly") for _ in range(count)]
    try:
        yield ours, speakers
    finally:
        for speaker in speakers:
            speaker.socket.close()
        ours.end()


def _talk(ours: OurEnd, speakers: list[FarEnd], size: int, seconds: int) -> Told:
    """All send at the pace of the clock."""
    for speaker in speakers:
        speaker.prepare([(bytes([0xF8]) * size, 127)], seconds * 50)
    before = ours.ask(None)
    zero = time.monotonic()
    late_s, spent = 0.0, [(zero, before["cpu_s"])]
    for tick in range(seconds * 50):
        due = zero + tick * 0.02
        time.sleep(max(0.0, due - time.monotonic()))
        late_s = max(late_s, time.monotonic() - due)
        if tick and tick % (ROUND_S * 50) == 0:
            spent.append((time.monotonic(), ours.ask(None)["cpu_s"]))
        for speaker in speakers:
            speaker.socket.send(speaker.packets[tick])
            if tick % CHECK_EVERY == 0:
                speaker.check()
    time.sleep(0.1)
    after = ours.ask(None)
    spent.append((time.monotonic(), after["cpu_s"]))
    return Told(
        cpu=[100 * (now - then) / (at - since) for (since, then), (at, now) in pairwise(spent)],
        lost=len(speakers) * seconds * 50 - sum(after["received"]),
        dry=after["dry"] - before["dry"],
        down=after["down"] - before["down"],
        late_ms=late_s * 1000,
    )
