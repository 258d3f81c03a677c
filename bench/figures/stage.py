"""What a full stage costs the studio: CPU and late ticks with 2 and with 13 on stage, and a naive mixer as the peer.

Speakers are real sessions over ICE, DTLS and SRTP with ready packets, in a process on the other core; the studio has its own.
Three talk all the time, the others are muted and go on sending, as browsers do; all of them hear.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from bench import crew, machine
from bench.rows import Figure
from tests.e2e.harness.pulse import stop
from tests.e2e.house import House, free_ports, started

TALKING = 3
WINDOWS, WINDOW_S = 6, 10.0
WARM_S = 5.0
STUDIO_CORE, OTHERS_CORE = 0, 1
TICKS_A_SECOND = 50
PEER_WINDOWS = 3


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("stage", "A full stage")
    with started(folder / "data") as house:
        machine.pin(house.pid("studio"), STUDIO_CORE)
        for count in (2, 13):
            _ours(figure, house, count, say)
    _naive(figure, 13, say)
    return figure


def _ours(figure: Figure, house: House, count: int, say: Callable[[str], None]) -> None:
    studio = house.pid("studio")
    room = house.plan(f"bench-{count}", "A full stage")
    house.command(room, "open_doors")
    talking = min(count, TALKING)
    people, tickets = crew.invited(house, room, count, [f"talk:{n}" for n in range(talking)])
    say(f"{count} come on stage, {talking} of them talk")
    with crew.speaking(people, OTHERS_CORE) as on_stage:
        for ticket in tickets[talking:]:
            house.command(
                room, "mute", {"person": _person(house, room, ticket), "muted": True}, ticket
            )
        house.on_air(room)
        time.sleep(WARM_S)
        before = on_stage.received()
        cpu, late = [], []
        for window in range(WINDOWS):
            cpu += machine.cpu_percents(studio, 1, WINDOW_S)
            late.append(late_ms(house, round(WINDOW_S * TICKS_A_SECOND)))
            say(f"{count} on stage: {cpu[-1]:.0f} % ({window + 1} of {WINDOWS})")
        heard = [now - then for now, then in zip(on_stage.received(), before, strict=True)]
    whole = min(heard) / (WINDOWS * WINDOW_S * TICKS_A_SECOND)
    note = f"each heard at least {whole:.0%} of the packets of a minute"
    figure.add(
        f"cpu.{count}", f"studio, {count} on stage, {talking} talk", "% of a core", cpu, note=note
    )
    figure.add(f"late.{count}", f"tick late, p99 of 10 s, {count} on stage", "ms", late)
    house.command(room, "end")


def _person(house: House, room: object, ticket: str) -> str:
    return str(house.view(room, ticket)["you"]["person"])  # type: ignore[arg-type]


def late_ms(house: House, ticks: int) -> float:
    """p99 of how late the last so many ticks began, as the studio itself tells."""
    wire = httpx.HTTPTransport(uds=str(house.folder / "run/studio.sock"))
    with httpx.Client(transport=wire) as http:
        told = http.get("http://studio/healthz", params={"ticks": ticks}).json()
    return float(told["tick_late_ms_p99"])


def _naive(figure: Figure, count: int, say: Callable[[str], None]) -> None:
    """aiortc as its examples have it: each peer decoded, mixed without himself and encoded for himself."""
    with naive() as (url, pid):
        machine.pin(pid, STUDIO_CORE)
        sounds = [f"talk:{n}" for n in range(TALKING)] + ["quiet"] * (count - TALKING)
        people = [{"url": url, "headers": {}, "sound": sound} for sound in sounds]
        say(f"the peer: {count} on a naive mixer")
        with crew.speaking(people, OTHERS_CORE) as on_stage:
            time.sleep(WARM_S)
            before = on_stage.received()
            cpu = machine.cpu_percents(pid, PEER_WINDOWS, WINDOW_S)
            heard = [now - then for now, then in zip(on_stage.received(), before, strict=True)]
    whole = min(heard) / (PEER_WINDOWS * WINDOW_S * TICKS_A_SECOND)
    figure.add(
        f"cpu.{count}.naive",
        f"naive aiortc mixer, {count} on stage, {TALKING} talk",
        "% of a core",
        cpu,
        peer=True,
        note=f"no recording, no program, no listeners; each heard at least {whole:.0%} of the packets",
    )


@contextlib.contextmanager
def naive() -> Iterator[tuple[str, int]]:
    """The peer's address and pid."""
    [port] = free_ports(1)
    command = [sys.executable, "-m", "bench.naive", str(port)]
    process = subprocess.Popen(command, cwd=machine.ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}/offer", process.pid
    finally:
        stop(process)
