"""Everybody at once: as many listeners as the load core can drive come within ten seconds, while two speakers talk.

The whole server is on one core, with studio ahead of edge by its priority, as on a machine that has only that; the listeners and
the two speakers have the other. Then the live host is kept full, and a host with a ticket comes and goes on the air.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import crew, machine
from bench.crowd import load
from bench.crowd.servers import CORE, LOAD_CORE, Served
from bench.figures.stage import TICKS_A_SECOND, late_ms
from bench.rows import Figure
from hustings.rehearse import source
from hustings.rehearse.tally import Tally
from tests.e2e.harness.pulse import stop
from tests.e2e.house import House, Room, descendants_of, started

LISTENERS = 8000
RAMP_S, HOLD_S, ALONE_S = 10.0, 15.0, 12.0
STARTS = 3
Say = Callable[[str], None]


def measure(folder: Path, say: Say) -> Figure:
    figure = Figure("flash", "Everybody at once")
    figure.notes.append(
        f"{LISTENERS:,} listeners within {RAMP_S:g} s (page, assets, playlist, sound, pulse; no TLS), two speakers over "
        "ICE, DTLS and SRTP, one of them a pilot; all of the server on one core. Mouth to ear is from a packet that leaves "
        "to the one that comes back with the same chirp: no browser is in it."
    )
    with started(folder / "data", STUDIO__AAC_BITRATE="48000") as house:
        for pid in [house.process.pid, *descendants_of(house.process.pid)]:
            machine.pin(pid, CORE)
        room = house.plan("flash", "Everybody at once")
        house.open_doors(room)
        people, _ = crew.invited(house, room, 2, ["pilot", "talk:1"])
        with crew.speaking(people, LOAD_CORE) as on_stage:
            house.on_air(room)
            time.sleep(8)
            _crowd(figure, house, room, on_stage, say)
            _starts(figure, house, room, say)
    return figure


def _live(house: House) -> Served:
    return Served(int(house.live.rpartition(":")[2]), 0, (house.pid("edge"),)).family()


def _crowd(figure: Figure, house: House, room: Room, on_stage: crew.Crew, say: Say) -> None:
    say("one listener")
    with load.crowd(_live(house), room.key, 1, assets=True) as one:
        one.gather(1, 5)
        alone = _watched(house, on_stage, lambda: one.listen(ALONE_S))
    say(f"{LISTENERS:,} listeners")
    with load.crowd(_live(house), room.key, LISTENERS, assets=True, ramp_s=RAMP_S) as many:
        crowd = _watched(house, on_stage, lambda: many.listen(RAMP_S + HOLD_S))
        note = f"{many.playing:,} of {LISTENERS:,} have sound"
    tally = crowd.tally
    wrong = tally.errors.total() + tally.faults.total()
    words = {**tally.errors, **tally.faults}
    figure.add("played", "listeners who have sound", "listeners", [many.playing])
    figure.add(
        "errors",
        "errors and faults",
        "",
        [wrong],
        note=", ".join(f"{k} {n}" for k, n in words.items()),
    )
    figure.add("stalls", "times somebody heard silence", "", [tally.counts["stalls"]])
    for name, label in (
        ("sound", "click to the first sound"),
        ("join", "whole join, page and all"),
    ):
        row = tally.times[name]
        for percent in (50, 99):
            figure.add(
                f"{name}.p{percent}",
                f"{label}, p{percent}",
                "ms",
                [row.percentile(percent) or 0.0],
                note=note,
            )
    figure.add("studio.one", "studio, with one listener", "% of a core", [alone.cores * 100])
    figure.add("studio.crowd", "studio, with the crowd", "% of a core", [crowd.cores * 100])
    figure.add(
        "studio.times",
        "studio's processor, with the crowd, of that with one",
        "×",
        [crowd.cores / alone.cores],
    )
    figure.add("wakes.one", "studio wakes, with one listener", "a second", [alone.wakes])
    figure.add("wakes.crowd", "studio wakes, with the crowd", "a second", [crowd.wakes])
    figure.add(
        "followers",
        "studio is read by, more than with one",
        "connections",
        [crowd.followers - alone.followers],
    )
    figure.add("late.one", "tick late, p99, with one listener", "ms", [alone.late_ms])
    figure.add("late.crowd", "tick late, p99, with the crowd", "ms", [crowd.late_ms])
    figure.add("ears", "packets that each speaker had, of 50 a second", "%", [crowd.heard * 100])

    mouth = figure.add("mouth.one", "speaker → speaker, with one listener", "ms", alone.mouth_ms)
    ear = figure.add("mouth.crowd", "speaker → speaker, with the crowd", "ms", crowd.mouth_ms)
    if mouth.samples and ear.samples:
        added = ear.stat("p95") - mouth.stat("p95")
        figure.add("mouth.added", "p95 of it, with the crowd: more than with one", "ms", [added])


@dataclass(frozen=True)
class Watch:
    """What studio did meanwhile. `heard`: the share of its packets that the worst-off speaker had; `mouth_ms`: how late
    one speaker had each chirp of the other."""

    tally: Tally
    cores: float
    wakes: float
    followers: int
    late_ms: float
    heard: float
    mouth_ms: tuple[float, ...]


def _watched(house: House, on_stage: crew.Crew, listen: Callable[[], Tally]) -> Watch:
    studio = house.pid("studio")
    (heard, _), before, began_s = on_stage.told(), source.work(studio), time.monotonic()
    tally = listen()
    seconds = time.monotonic() - began_s
    after, (more, mouth_ms) = source.work(studio), on_stage.told()
    ticks = seconds * TICKS_A_SECOND
    return Watch(
        tally=tally,
        cores=(after.cpu_s - before.cpu_s) / seconds,
        wakes=(after.wakes - before.wakes) / seconds,
        followers=source.followers(house.folder / "run/studio.sock"),
        late_ms=late_ms(house, round(ticks)),
        heard=min(b - a for a, b in zip(heard, more, strict=True)) / ticks,
        mouth_ms=tuple(mouth_ms),
    )


def _starts(figure: Figure, house: House, room: Room, say: Say) -> None:
    """From the first byte of the stage page to the air, each time a host of another room, while wrk keeps the live host full."""
    took: list[float] = []
    rooms = [house.plan(f"flash-{number}", "A start") for number in range(STARTS)]
    path = f"/live/{room.key}/aac/live.m3u8"
    with _full(_live(house), path), contextlib.ExitStack() as stack:
        for number, one in enumerate(rooms):
            say(f"a host comes ({number + 1} of {STARTS})")
            guest = stack.enter_context(crew.ready(LOAD_CORE))
            before, began_s = _live(house).cpu_s(), time.monotonic()
            assert house.http.get(f"{house.stage}/{one.key}").status_code == 200
            house.open_doors(one)
            people, _ = crew.invited(house, one, 1, ["talk:0"])
            guest.enter(people)
            house.on_air(one)
            took.append(time.monotonic() - began_s)
            full = (_live(house).cpu_s() - before) / took[-1]
    note = f"edge had {full:.0%} of the core meanwhile"
    figure.add("start", "a host comes and is on the air, the live host full", "s", took, note=note)


@contextlib.contextmanager
def _full(served: Served, path: str) -> Iterator[None]:
    url = f"http://127.0.0.1:{served.port}{path}"
    command = [
        "taskset",
        "-c",
        str(LOAD_CORE),
        "nice",
        "-n",
        "5",
        "wrk",
        "-t1",
        "-c256",
        "-d60s",
        url,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield
    finally:
        stop(process)
