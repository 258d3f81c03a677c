"""What a studio that dies, or that is upgraded, costs those who talk: again and again, with three on the stage.

A kill is `kill -9` of the worker, measured to the journal's `back` of the last of them: his packets are in the mix again. An
upgrade is what `systemctl reload` does: every process becomes the program on the disk. Silence is the longest that any of the
three waited for a packet from the stage. Nobody may join anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import crew
from bench.rows import Figure
from hustings.serve.supervisor import UPGRADE
from tests.e2e.house import House, Room, started

TALKING, KILLS, UPGRADES = 3, 100, 100
OTHERS_CORE = 1
BETWEEN_S = 1.2
PATIENCE_S = 60.0
LOOK_S = 0.002


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    """Kills."""
    figure = Figure("restart", "The studio is killed")
    told = _again(folder, _killed, KILLS, 20, say)
    figure.add("kill.back", "worker killed: all back", "s", told.back_s)
    label = "worker killed: longest silence in an ear"
    figure.add("kill.silence", label, "s", told.silent_s, note=told.note)
    figure.add("kill.anew", "worker killed: joined anew", "people", [told.anew])
    return figure


def measure_upgrades(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("upgrade", "The server is upgraded")
    told = _again(folder, _upgraded, UPGRADES, 20, say)
    figure.add("took", "upgraded: until all who talk are in the new program", "s", told.back_s)
    figure.add("silence", "upgraded: longest silence in an ear", "s", told.silent_s, note=told.note)
    figure.add("anew", "upgraded: joined anew", "people", [told.anew])
    return figure


@dataclass(frozen=True)
class Told:
    """Until all were back and the longest silence in an ear, each time; how many joined anew in all."""

    back_s: list[float]
    silent_s: list[float]
    anew: int
    note: str


def _again(
    folder: Path,
    done: Callable[[House, Room], float],
    times: int,
    say_every: int,
    say: Callable[[str], None],
) -> Told:
    """`done` to the server so often; it gives the seconds until all who talk are back."""
    with _on_the_air(folder) as (house, room, on_stage):
        back_s, silent_s = [], []
        for number in range(1, times + 1):
            time.sleep(BETWEEN_S)
            on_stage.gaps_s()
            back_s.append(done(house, room))
            silent_s.append(max(on_stage.gaps_s()))
            if number % say_every == 0:
                say(f"{number} of {times}")
        anew = _joined(house, room) - TALKING
        heard = _heard(on_stage)
    note = f"at the end each still hears {heard} packets a second"
    return Told(back_s, silent_s, anew, note)


@contextlib.contextmanager
def _on_the_air(folder: Path) -> Iterator[tuple[House, Room, crew.Crew]]:
    """Three who talk."""
    with started(folder / "data") as house:
        room = house.plan("bench-kills", "The studio is killed")
        house.open_doors(room)
        people, _ = crew.invited(house, room, TALKING, [f"talk:{n}" for n in range(TALKING)])
        with crew.speaking(people, OTHERS_CORE) as on_stage:
            house.on_air(room)
            yield house, room, on_stage


def _heard(on_stage: crew.Crew) -> int:
    """Packets that came to each in a second, at the least."""
    before = on_stage.received()
    time.sleep(1)
    return min(now - then for now, then in zip(on_stage.received(), before, strict=True))


def _killed(house: House, room: Room) -> float:
    """Seconds until all who talk are back."""
    seen = len(_journal(house, room))
    os.kill(house.pid("studio"), signal.SIGKILL)
    return _all_back(house, room, seen)


def _upgraded(house: House, room: Room) -> float:
    """As long as it takes, programs loaded and all."""
    seen, was_up = len(_journal(house, room)), house.log.count("Hustings is up")
    house.process.send_signal(UPGRADE)
    took_s = _all_back(house, room, seen)
    _until(lambda: house.log.count("Hustings is up") > was_up, "everything up again")
    return took_s


def _all_back(house: House, room: Room, seen: int) -> float:
    began_s = time.monotonic()

    def are_back() -> bool:
        events = _journal(house, room)[seen:]
        return sum(event["type"] == "back" for event in events) >= TALKING

    _until(are_back, "all of them back")
    return time.monotonic() - began_s


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not in time: {what}")
        time.sleep(LOOK_S)


def _joined(house: House, room: Room) -> int:
    return sum(event["type"] == "joined" for event in _journal(house, room))


def _journal(house: House, room: Room) -> list[dict[str, object]]:
    raw = (house.folder / "rooms" / room.key / "journal.jsonl").read_bytes()
    return [json.loads(line) for line in raw[: raw.rfind(b"\n") + 1].splitlines()]
