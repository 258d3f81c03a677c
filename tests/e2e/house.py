"""A real server for a test: `hustings serve` on ports and a data folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.harness.names import Names
from tests.e2e.harness.waiting import until
from tests.ports import free_ports

START_S = 60.0


@dataclass
class Room:
    """A planned room and its host's ticket."""

    key: str
    host: str
    title: str = ""


@dataclass
class House:
    """Start it with `started`. Errors of every call that goes wrong: `AssertionError` with the server's own words."""

    folder: Path
    env: dict[str, str]
    web: str
    live: str
    stage: str
    process: subprocess.Popen[bytes]
    started_s: float
    rooms: Names = field(default_factory=Names)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20.0))

    @property
    def streaming(self) -> str:
        """Where apps hear of new posts."""
        return f"http://localhost:{self.env['HUSTINGS_WEB__STREAMING_PORT']}"

    @property
    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text(errors="replace")

    # people

    def plan(self, key: str, title: str = "A room", **more: Any) -> Room:
        """A test that is tried again finds its address taken by its first try, and gets another: see `Room.key`."""
        key = self.rooms.free(key)
        wanted = {"key": key, "title": title, "starts_at_ms": int(time.time() * 1000) + 7_200_000}
        until(self._web_listens, 20, "web")  # the test before may have replaced it
        answer = self.http.post(
            f"{self.web}/api/hustings/v1/rooms", json={**wanted, "host_name": "Hanna", **more}
        )
        assert answer.status_code == 201, answer.text
        return Room(key, str(answer.json()["host_ticket"]), title)

    def _web_listens(self) -> bool:
        try:
            return self.http.get(f"{self.web}/healthz").is_success
        except httpx.ConnectError:
            return False

    def command(self, room: Room, command: str, body: object = None, token: str = "") -> Any:
        """As the host, unless `token` names another; the answer must be 200."""
        answer = self.asked(room, command, body, token)
        assert answer.status_code == 200, f"{command}: {answer.text}"
        return answer.json()

    def asked(self, room: Room, command: str, body: object = None, token: str = "") -> Any:
        return self.http.post(
            f"{self.stage}/command/{room.key}/{command}",
            json=body or {},
            headers={"Authorization": f"Bearer {token or room.host}"},
        )

    def invite(self, room: Room, name: str, role: str = "speaker") -> str:
        """A ticket, signed by studio."""
        return str(self.command(room, "invite", {"role": role, "name": name})["ticket"])

    def view(self, room: Room, token: str = "") -> dict[str, Any]:
        """What the holder of the ticket (the host) sees now."""
        answer = self.http.get(
            f"{self.stage}/events/{room.key}",
            headers={"Authorization": f"Bearer {token or room.host}"},
        )
        assert answer.status_code == 200, answer.text
        return next(dict(e["view"]) for e in answer.json()["events"] if e["type"] == "view")

    def state(self, room: Room) -> str:
        return str(self.view(room)["room"]["state"])

    def open_doors(self, room: Room) -> None:
        """And waits until listeners are let in: edge hears of it a moment after the host."""
        self.command(room, "open_doors")
        until(lambda: self._listed(room).is_success, 15, "the room's first list")

    def on_air(self, room: Room, in_ms: int = 0) -> None:
        """Opens the doors if they are shut, goes on the air, and waits until it is."""
        if self.state(room) == "planned":
            self.open_doors(room)
        self.command(room, "go_on_air", {"in_ms": in_ms})
        until(lambda: self.state(room) == "on_air", 15, "the room on the air")

    def link_of(self, room: Room, name: str) -> str:
        """`here`, `reconnecting`, `away`; "" for somebody who is not on the stage."""
        found = [one for one in self.view(room)["people"] if one["name"] == name]
        return str(found[0]["link"]) if found else ""

    def playlist(self, room: Room, variant: str = "aac") -> str:
        answer = self._listed(room, variant)
        assert answer.status_code == 200, answer.text
        return answer.text

    def _listed(self, room: Room, variant: str = "aac") -> httpx.Response:
        return self.http.get(f"{self.live}/live/{room.key}/{variant}/live.m3u8")

    # processes

    def pid(self, name: str) -> int:
        """The process of that row of `serve`; 0 while there is none. Studio's is the one that works, not its spare."""
        pid = self._child(name)
        return next(iter(children_of(pid)), 0) if name == "studio" else pid

    @property
    def spare(self) -> int:
        """The process behind studio's."""
        return self._child("studio")

    def _child(self, name: str) -> int:
        with contextlib.suppress(OSError, ValueError, KeyError):
            return int(json.loads((self.folder / "run" / f"{name}.pid").read_text())["pid"])
        return 0

    def workers(self) -> list[int]:
        """The edge's processes that answer listeners (those that listen, not a helper of the language)."""
        found = children_of(self.pid("edge"))
        return [pid for pid in found if b"resource_tracker" not in command_line(pid)]

    def kill(self, name: str) -> int:
        """SIGKILL; the pid that it had."""
        pid = self.pid(name)
        assert pid, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    def came_back(self, name: str, before: int, deadline_s: float = 30.0) -> None:
        until(lambda: self.pid(name) not in (0, before), deadline_s, f"another {name}", 0.01)

    def stop(self) -> int:
        """SIGTERM; the exit code. Nothing of it may be left."""
        family = descendants_of(self.process.pid)
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(5)
        self.http.close()
        left = [pid for pid in family if alive(pid)]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert not left, f"still there after the stop: {left}"
        return code


@contextlib.contextmanager
def started(folder: Path, *, demo: bool = False, **settings: str) -> Iterator[House]:
    """`hustings serve` until the end of the block. `settings` are `SECTION__NAME="text"`."""
    house = start(folder, demo=demo, **settings)
    try:
        until(lambda: "Hustings is up" in house.log, START_S, lambda: f"the start:\n{house.log}")
        yield house
    finally:
        if not house.http.is_closed:
            house.stop()


def start(folder: Path, *, demo: bool = False, **settings: str) -> House:
    """The same without waiting."""
    web, live, stage, radio, voices, streaming = free_ports(6)
    env = {name: text for name, text in os.environ.items() if not name.startswith("HUSTINGS_")}
    env |= {
        "HUSTINGS_WEB__PORT": str(web),
        "HUSTINGS_WEB__STREAMING_PORT": str(streaming),
        "HUSTINGS_LIVE__PORT": str(live),
        "HUSTINGS_STAGE__PORT": str(stage),
        "HUSTINGS_STUDIO__UDP_PORT": str(free_ports(1, socket.SOCK_DGRAM)[0]),
        "HUSTINGS_STAGE__VOICE_PORT": str(voices),
        "HUSTINGS_RADIO__PORT": str(radio),
        "HUSTINGS_RECORDING__DISK_FREE_MIN": "1000000",
        "PYTHONUNBUFFERED": "1",
        **{f"HUSTINGS_{name}": text for name, text in settings.items()},
    }
    command = [sys.executable, "-m", "hustings", "serve", "--data", str(folder)]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            command + (["--demo"] if demo else []),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    urls = [f"http://localhost:{port}" for port in (web, live, stage)]
    return House(folder, env, *urls, process, time.monotonic())


def command_line(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def children_of(pid: int) -> list[int]:
    """Of all its threads."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(one) for one in path.read_text().split()]
    return found


def descendants_of(pid: int) -> list[int]:
    found = children_of(pid)
    return found + [one for child in found for one in descendants_of(child)]


def state_of(pid: int) -> str:
    """A letter (proc(5)): T stands still, Z and X are dead; X if there is none."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "X"


def alive(pid: int) -> bool:
    return state_of(pid) not in "ZX"
