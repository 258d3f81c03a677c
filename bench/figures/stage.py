"""What a full stage costs the studio: processor, late ticks at 2, 13, 100 people; Janus AudioBridge and a naive mixer as peers.

Speakers are real sessions over ICE, DTLS and SRTP with ready packets, on the other core; the studio has its own. Some talk all
the time. Of 13 the others are muted and go on sending, as browsers do; of 100 they are not muted but silent, and say so (RFC
6464). All of them hear.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np

from bench import crew, machine
from bench.far_end import FarEnd, levelled, talking
from bench.rows import Figure
from bench.speakers import packets
from hustings.audio.clock import RATE
from hustings.audio.codec import OpusDecoder
from hustings.audio.watch import VoiceWatch
from tests.e2e.harness.pulse import stop
from tests.e2e.house import House, Room, started
from tests.ports import free_ports

THIRTEEN, TALKING = 13, 3
HUNDRED, HUNDRED_TALK = 100, 5
WINDOWS, WINDOW_S = 3, 8.0
WARM_S = 5.0
STUDIO_CORE, OTHERS_CORE = 0, 1
TICKS_A_SECOND = 50
PEER_WINDOWS = 3
LOOKS = 200


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("stage", "A full stage")
    many = {"STUDIO__SPEAKERS_MAX": str(HUNDRED), "STAGE__OFFERS_PER_MINUTE": "100000"}
    with started(folder / "data", **many) as house:
        machine.pin(house.pid("studio"), STUDIO_CORE)
        for count, talk in ((2, 2), (THIRTEEN, TALKING), (THIRTEEN, THIRTEEN)):
            _ours(figure, house, count, talk, say)
        _hundred(figure, house, say)
    _looks(figure)
    _peers(figure, folder, say)
    return figure


def _looks(figure: Figure) -> None:
    """What a tick pays that looks at a second of one voice (`studio/voices.py`)."""
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(packet) for packet in packets("talk:0")])
    seconds = [sound[at : at + RATE] for at in range(0, len(sound) - RATE + 1, RATE)]
    watch, took_ms = VoiceWatch(), []
    for look in range(LOOKS):
        began_s = time.perf_counter()
        watch.second(seconds[look % len(seconds)])
        took_ms.append((time.perf_counter() - began_s) * 1000)
    figure.add("watch.second", "voice watch, a second of one voice", "ms", took_ms)


def _ours(figure: Figure, house: House, count: int, talk: int, say: Callable[[str], None]) -> None:
    name = f"{count}.all" if talk == count > TALKING else str(count)
    room = house.plan(f"bench-{name.replace('.', '-')}", "A full stage")
    house.open_doors(room)
    people, tickets = crew.invited(house, room, count, [f"talk:{n}" for n in range(talk)])
    say(f"{count} come on stage, {talk} of them talk")
    with crew.speaking(people, OTHERS_CORE) as on_stage:
        for ticket in tickets[talk:]:
            house.command(
                room, "mute", {"person": _person(house, room, ticket), "muted": True}, ticket
            )
        house.on_air(room)
        _watch(figure, house, (name, count, talk), on_stage.received, say)
    house.command(room, "end")


def _watch(
    figure: Figure,
    house: House,
    who: tuple[str, int, int],
    received: Callable[[], list[int]],
    say: Callable[[str], None],
) -> None:
    """The studio while they are on stage. `who`: the rows' name, how many there are, how many talk."""
    name, count, talk = who
    studio = house.pid("studio")
    time.sleep(WARM_S)
    before = received()
    cpu, late = [], []
    for window in range(WINDOWS):
        cpu += machine.cpu_percents(studio, 1, WINDOW_S)
        late.append(late_ms(house, round(WINDOW_S * TICKS_A_SECOND)))
        say(f"{count} on stage: {cpu[-1]:.0f} % ({window + 1} of {WINDOWS})")
    heard = [now - then for now, then in zip(received(), before, strict=True)]
    whole = min(heard) / (WINDOWS * WINDOW_S * TICKS_A_SECOND)
    on_stage = f"{count} on stage, {talk} talk"
    note = f"each heard at least {whole:.0%} of the packets"
    figure.add(f"cpu.{name}", f"studio, {on_stage}", "% of a core", cpu, note=note)
    figure.add(f"late.{name}", f"tick late, p99 of {WINDOW_S:.0f} s, {on_stage}", "ms", late)


def _hundred(figure: Figure, house: House, say: Callable[[str], None]) -> None:
    room = house.plan("bench-100", "A very full stage")
    house.open_doors(room)
    say(f"{HUNDRED} come on stage, {HUNDRED_TALK} of them talk")
    tickets = [room.host] + [house.invite(room, f"Guest {n}") for n in range(1, HUNDRED)]
    ticks = round((WARM_S + (WINDOWS + 1) * WINDOW_S) * TICKS_A_SECOND)
    voices = [levelled(packets(f"talk:{n}")) for n in range(HUNDRED_TALK)]
    quiet = levelled(packets("quiet"))
    ends = []
    for n, ticket in enumerate(tickets):
        ends.append(FarEnd(lambda offer, ticket=ticket: _offered(house, room, ticket, offer)))  # type: ignore[misc]
        ends[-1].prepare(voices[n] if n < HUNDRED_TALK else quiet, ticks)
        if n % 10 == 0:
            for one in ends:
                one.check()
    with talking(ends, ticks, OTHERS_CORE):
        house.on_air(room)
        who = (str(HUNDRED), HUNDRED, HUNDRED_TALK)
        _watch(figure, house, who, lambda: [one.received for one in ends], say)
    house.command(room, "end")


def _offered(house: House, room: Room, ticket: str, offer: str) -> str:
    sent = {"Authorization": f"Bearer {ticket}", "Content-Type": "application/sdp"}
    answer = house.http.post(f"{house.stage}/session/{room.key}", content=offer, headers=sent)
    assert answer.status_code == 201, answer.text
    return answer.text


def _person(house: House, room: object, ticket: str) -> str:
    return str(house.view(room, ticket)["you"]["person"])  # type: ignore[arg-type]


def late_ms(house: House, ticks: int) -> float:
    """p99 of how late the last so many ticks began, as the studio itself tells."""
    wire = httpx.HTTPTransport(uds=str(house.folder / "run/studio.sock"))
    with httpx.Client(transport=wire) as http:
        told = http.get("http://studio/healthz", params={"ticks": ticks}).json()
    return float(told["tick_late_ms_p99"])


def _peers(figure: Figure, folder: Path, say: Callable[[str], None]) -> None:
    """The same thirteen elsewhere: AudioBridge, and aiortc as its examples have it. Both decode each and encode for each."""
    rows = (
        ("janus", "Janus AudioBridge", bridge(folder)),
        ("naive", "naive aiortc mixer", naive()),
    )
    for name, label, standing in rows:
        try:
            with standing as (url, pid):
                _peer(figure, name, label, (url, pid), say)
        except (OSError, RuntimeError) as error:
            figure.notes.append(f"{label}: {error}")


def _peer(
    figure: Figure, name: str, label: str, far: tuple[str, int], say: Callable[[str], None]
) -> None:
    url, pid = far
    machine.pin(pid, STUDIO_CORE)
    sounds = [f"talk:{n}" for n in range(TALKING)] + ["quiet"] * (THIRTEEN - TALKING)
    people = [{"url": url, "headers": {}, "sound": sound} for sound in sounds]
    say(f"a peer: {THIRTEEN} on {label}")
    with crew.speaking(people, OTHERS_CORE) as on_stage:
        time.sleep(WARM_S)
        before = on_stage.received()
        cpu = machine.cpu_percents(pid, PEER_WINDOWS, WINDOW_S)
        heard = [now - then for now, then in zip(on_stage.received(), before, strict=True)]
    whole = min(heard) / (PEER_WINDOWS * WINDOW_S * TICKS_A_SECOND)
    figure.add(
        f"cpu.{THIRTEEN}.{name}",
        f"{label}, {THIRTEEN} on stage, {TALKING} talk",
        "% of a core",
        cpu,
        peer=True,
        note=f"no recording, no program, no listeners; each heard at least {whole:.0%} of the packets",
    )


@contextlib.contextmanager
def bridge(folder: Path) -> Iterator[tuple[str, int]]:
    """Where AudioBridge takes offers, and its pid. Errors: `OSError` where it cannot be had."""
    [port] = free_ports(1)
    command = [sys.executable, "-m", "bench.bridge", str(port), str(folder / "janus")]
    process = subprocess.Popen(
        command, cwd=machine.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pid = process.stdout.readline()
        if not pid:
            raise OSError("not to be had here; the reason is above")
        yield f"http://127.0.0.1:{port}/offer", int(pid)
    finally:
        process.stdin.close()
        process.wait(20)


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
