"""Starts `bench.speakers` in a process of its own and talks with it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench import machine
from tests.e2e.harness.pulse import stop
from tests.e2e.house import House, Room


@dataclass(frozen=True)
class Crew:
    process: subprocess.Popen[bytes]

    def enter(self, people: Sequence[dict[str, Any]]) -> None:
        """All of them come on the stage; returns when they are there. Errors: `RuntimeError`."""
        _ask(self.process, {"people": list(people)})

    def received(self) -> list[int]:
        """Packets that each person has had from the stage so far."""
        return self.told()[0]

    def gaps_s(self) -> list[float]:
        """The longest that each person waited for a packet from the stage since the question before, whichever it was."""
        return list(_ask(self.process, {})["gaps_s"])

    def told(self) -> tuple[list[int], list[float]]:
        """That, and how late the last person had each chirp of the first one's pilot since the question before."""
        answer = _ask(self.process, {})
        return list(answer["received"]), list(answer["delays_ms"])


@contextlib.contextmanager
def speaking(people: Sequence[dict[str, Any]], core: int | None = None) -> Iterator[Crew]:
    """Everybody on the stage until the end of the block. Errors: `RuntimeError` when one could not join."""
    with ready(core) as crew:
        crew.enter(people)
        yield crew


@contextlib.contextmanager
def ready(core: int | None = None) -> Iterator[Crew]:
    """A process of people who are not on the stage yet, all of it loaded, until the end of the block. Errors: `RuntimeError`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.speakers"],
        cwd=machine.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        if core is not None:
            machine.pin(process.pid, core)
        _line(process)
        yield Crew(process)
    finally:
        stop(process)


def _ask(process: subprocess.Popen[bytes], tree: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(json.dumps(tree).encode() + b"\n")
    process.stdin.flush()
    return _line(process)


def _line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the speakers' process ended; its words are above")
    return dict(json.loads(line))


def invited(
    house: House, room: Room, count: int, sounds: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The host and `count - 1` guests with their sounds (`quiet` after those named), and their tickets."""
    tickets = [room.host] + [house.invite(room, f"Guest {n}") for n in range(1, count)]
    people = [
        {
            "url": f"{house.stage}/session/{room.key}",
            "headers": {"Authorization": f"Bearer {ticket}"},
            "sound": sounds[place] if place < len(sounds) else "quiet",
        }
        for place, ticket in enumerate(tickets)
    ]
    return people, tickets
