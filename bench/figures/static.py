"""Web is dead and its database out of reach while a room is on the air: half an hour of it, and what anybody notices.

Its process is killed, the next one is stopped before it opens its port, and the database's folder is moved away. Meanwhile a
speaker with a ticket joins, and another host opens the doors of a room of his and goes on the air.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from bench import crew, kept
from bench.crowd import load
from bench.crowd.servers import Served
from bench.figures.stage import late_ms
from bench.rows import Figure
from bench.trial import Trial
from hustings.hls.profile import RATE
from hustings.rehearse.tally import Tally
from tests.e2e.harness.pulse import like_hardware
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, started

AWAY_S = 1800.0
LISTENERS = 40
TAIL_S = 8.0
"""The newest seconds of a recording are still on their way."""

LATE_WINDOW_TICKS = 6_000
Say = Callable[[str], None]


def measure(folder: Path, say: Say, trial: Trial = Trial()) -> Figure:  # noqa: B008
    away_s = trial.seconds or AWAY_S
    figure = Figure("static", "Web and its database are gone")
    figure.notes.append(
        f"For {away_s / 60:g} minutes of a room on the air: web killed and its successor stopped before it opens its port, the "
        f"database's folder moved away; {LISTENERS} listeners, half by part number, half by playlist; other work on the machine."
    )
    with started(folder / "data") as house:
        room, other = house.plan("without-web", "Without web"), house.plan("later", "Later")
        guest = house.invite(room, "Gus")
        house.open_doors(room)
        people, _ = crew.invited(house, room, 2, ["talk:0", "talk:1"])
        with crew.speaking(people) as on_stage:
            like_hardware(on_stage.process)  # whose own machine would not be this full one
            house.on_air(room)
            time.sleep(TAIL_S)
            with load.crowd(_live(house), room.key, LISTENERS, playlists=0.5) as crowd:
                crowd.gather(LISTENERS, 20)
                with gone(house, folder / "moved"):
                    _away(figure, house, (room, other), guest, crowd, away_s, say)
                came_s = time.monotonic()
                until(lambda: _knows(house, other), 60, "web knows the room", 0.1)
                back_s = time.monotonic() - came_s
    note = "that the second room is on the air, from its journal"
    figure.add("caught_up", "web, let go again, knows", "s", [back_s], note=note)
    return figure


def _live(house: House) -> Served:
    return Served(int(house.live.rpartition(":")[2]), 0, (house.pid("edge"),)).family()


@contextlib.contextmanager
def gone(house: House, moved: Path) -> Iterator[None]:
    """Web and its database, until the end of the block."""
    before = house.kill("web")
    house.came_back("web", before)
    held = house.pid("web")
    os.kill(held, signal.SIGSTOP)
    database = house.folder / "web"
    shutil.move(database, moved)
    try:
        yield
    finally:
        shutil.rmtree(database, ignore_errors=True)
        shutil.move(moved, database)
        os.kill(held, signal.SIGCONT)


def _away(
    figure: Figure,
    house: House,
    rooms: tuple[Room, Room],
    guest: str,
    crowd: load.Crowd,
    away_s: float,
    say: Say,
) -> None:
    room, other = rooms
    began_s, tally, late = time.time(), crowd.listen(away_s / 3), [_late(house)]
    refused = not _answers(house)
    with crew.ready() as gus, crew.ready() as hugo:
        joined_s = _timed(lambda: gus.enter([_person(house, room, guest, "quiet")]))
        say(f"a speaker with a ticket joins in {joined_s:.2f} s")
        air_s = _timed(lambda: _starts(house, other, hugo))
        say(f"a host is on the air in {air_s:.2f} s")
        for _ in range(2):
            tally.add(crowd.listen(away_s / 3))
            late.append(_late(house))
    refused = refused and not _answers(house)
    _rows(figure, house, room, tally, began_s)
    figure.add("late", "tick late, p99 of two minutes", "ms", late)
    figure.add("joined", "a speaker with a ticket joins meanwhile", "s", [joined_s])
    figure.add(
        "air", "a host opens the doors of another room, joins and is on the air", "s", [air_s]
    )
    note = "its port refused, before and after" if refused else "BUT IT ANSWERED"
    figure.add("away", "web was away", "min", [(time.time() - began_s) / 60], note=note)


def _rows(figure: Figure, house: House, room: Room, tally: Tally, began_s: float) -> None:
    wrong = {**tally.errors, **tally.faults}
    told = ", ".join(f"{name} {count}" for name, count in wrong.items())
    figure.add("stalls", "times a listener heard silence", "", [tally.counts["stalls"]])
    figure.add("errors", "errors and faults of listeners", "", [sum(wrong.values())], note=told)
    span = kept.clock_of(began_s), kept.clock_of(time.time() - TAIL_S)
    folder = house.folder / "rooms" / room.key
    gaps, lost = kept.mix_gaps(folder / "mix", *span), kept.track_gaps(folder, *span)
    minutes = (span[1] - span[0]) / RATE / 60
    note = "; ".join(gaps[:4]) or f"{minutes:.1f} min read, both variants"
    figure.add("mix", "gaps in the recorded mix", "", [len(gaps)], note=note)
    note, label = f"{len(lost)} speakers", "packets missing in the speakers' tracks"
    figure.add("tracks", label, "", [sum(lost.values())], note=note)


def _starts(house: House, room: Room, people: crew.Crew) -> None:
    assert house.http.get(f"{house.stage}/{room.key}").status_code == 200
    house.open_doors(room)
    people.enter([_person(house, room, room.host, "talk:2")])
    house.on_air(room)


def _person(house: House, room: Room, ticket: str, sound: str) -> dict[str, object]:
    return {
        "url": f"{house.stage}/session/{room.key}",
        "headers": {"Authorization": f"Bearer {ticket}"},
        "sound": sound,
    }


def _timed(deed: Callable[[], None]) -> float:
    began_s = time.monotonic()
    deed()
    return time.monotonic() - began_s


def _late(house: House) -> float:
    return late_ms(house, LATE_WINDOW_TICKS)


def _answers(house: House) -> bool:
    try:
        return httpx.get(f"{house.web}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _knows(house: House, room: Room) -> bool:
    try:
        answer = httpx.get(f"{house.web}/api/hustings/v1/rooms/{room.key}", timeout=2)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.json().get("state") == "on_air"
