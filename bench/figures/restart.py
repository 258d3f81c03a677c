"""What a dead studio costs those who talk: `kill -9` of the worker, again and again, with three on the stage.

Measured to the journal's `back` of the last of them: his packets are in the mix again. Nobody may join anew.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from bench import crew
from bench.rows import Figure
from tests.e2e.house import House, Room, started

TALKING, KILLS = 3, 100
OTHERS_CORE = 1
BETWEEN_S = 1.2
PATIENCE_S = 10.0
LOOK_S = 0.002


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    figure = Figure("restart", "The studio is killed")
    with started(folder / "data") as house:
        room = house.plan("bench-kills", "The studio is killed")
        house.command(room, "open_doors")
        people, _ = crew.invited(house, room, TALKING, [f"talk:{n}" for n in range(TALKING)])
        with crew.speaking(people, OTHERS_CORE) as on_stage:
            house.on_air(room)
            back_s = []
            for number in range(KILLS):
                time.sleep(BETWEEN_S)
                back_s.append(_killed(house, room))
                if number % 20 == 19:
                    say(f"{number + 1} of {KILLS}")
            before = on_stage.received()
            time.sleep(1)
            heard = [now - then for now, then in zip(on_stage.received(), before, strict=True)]
        joined = sum(event["type"] == "joined" for event in _journal(house, room, 0))
    note = (
        f"{joined - TALKING} joined anew; at the end each still hears {min(heard)} packets a second"
    )
    figure.add("kill.back", "worker killed: all back", "s", back_s, note=note)
    figure.add("kill.anew", "worker killed: joined anew", "people", [joined - TALKING])
    return figure


def _killed(house: House, room: Room) -> float:
    """Seconds until all who talk are back."""
    seen = len(_journal(house, room, 0))
    killed_s = time.monotonic()
    os.kill(house.pid("studio"), signal.SIGKILL)
    while time.monotonic() < killed_s + PATIENCE_S:
        back = [one for one in _journal(house, room, seen) if one["type"] == "back"]
        if len(back) >= TALKING:
            return time.monotonic() - killed_s
        time.sleep(LOOK_S)
    raise TimeoutError("not all came back")


def _journal(house: House, room: Room, after: int) -> list[dict[str, object]]:
    raw = (house.folder / "rooms" / room.key / "journal.jsonl").read_bytes()
    lines = raw[: raw.rfind(b"\n") + 1].splitlines()
    return [json.loads(line) for line in lines[after:]]
