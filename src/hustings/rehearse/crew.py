"""Many model listeners in one process: `python -m hustings.rehearse.crew`, started by `app`.

Reads one JSON line, the plan; prints one JSON line a second: what its listeners saw since the last. A further line on its
standard input says what is to change: `{"hold": true}` (nobody new comes), `{"stop": true}`; its end is a stop.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import heapq
import json
import os
import random
import socket
import ssl
import sys
import threading
import time
from typing import Any

from hustings.rehearse import ramp
from hustings.rehearse.exchange import Heads, Requests
from hustings.rehearse.link import Ground, Link, raise_open_files
from hustings.rehearse.listener import Listener
from hustings.rehearse.road import Road
from hustings.rehearse.tally import Tally

TICK_S = 0.02
SWEEP_S = 0.25
TELL_S = 1.0
SPARE_FILES = 64
A_SOURCE = 20_000
"""Connections from one source address of loopback: the kernel has about 28,000 ports for each."""


class Crew:
    """Listeners of one process. `plan` as `app` writes it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.files = raise_open_files(plan["listeners"] + SPARE_FILES)
        self.most = min(
            ramp.share(plan["listeners"], plan["worker"], plan["workers"]), self.files - SPARE_FILES
        )
        dice = random.Random(plan["seed"] + plan["worker"])
        self.road = Road(plan["key"], dice.random, plan["assets"], plan["plain"])
        self.road.ahead_s = plan["ahead_s"]
        self._links: list[Link] = []
        self._resting: list[tuple[float, int, Link]] = []
        self._held = False
        self._lag_s = 0.0
        self._tape: list[tuple[int, str, str]] = []
        self._swept_s = 0.0
        self._zero_s = time.time() - time.monotonic()
        self._ground = Ground(
            loop=asyncio.get_running_loop(),
            address=(plan["ip"], plan["port"]),
            family=socket.AF_INET6 if ":" in plan["ip"] else socket.AF_INET,
            tls=_tls(plan["verify"]) if plan["tls"] else None,
            server_name=plan["name"],
            requests=Requests(plan["host"], plan["agent"]),
            heads=Heads(),
            now=self._now,
            rest=self._rest,
        )

    def _now(self) -> float:
        """Seconds since 1970 that no clock correction moves."""
        return time.monotonic() + self._zero_s

    async def run(self, orders: asyncio.Queue[dict[str, Any]]) -> None:
        told_s = self._now()
        while True:
            due_s = self._now() + TICK_S
            await asyncio.sleep(TICK_S)
            now_s = self._now()
            self._lag_s = max(self._lag_s, now_s - due_s)
            self._tick(now_s)
            if now_s - told_s >= TELL_S:
                self._tell(now_s - told_s)
                told_s = now_s
            while not orders.empty():
                order = orders.get_nowait()
                self._held = self._held or bool(order.get("hold"))
                if order.get("stop"):
                    self._tell(now_s - told_s)
                    return

    def _tick(self, now_s: float) -> None:
        plan = self.plan
        if not self._held:
            wanted = ramp.wanted(plan["listeners"], plan["ramp_s"], now_s - plan["start_s"])
            wanted = ramp.share(wanted, plan["worker"], plan["workers"])
            while len(self._links) < min(wanted, self.most):
                self._come(len(self._links))
        while self._resting and self._resting[0][0] <= now_s:
            heapq.heappop(self._resting)[2].wake()
        if now_s - self._swept_s >= SWEEP_S:
            self._swept_s = now_s
            for link in self._links:
                if link.deadline_s < now_s:
                    link.expired()

    def _come(self, number: int) -> None:
        """The next listener. Playlist readers are spread evenly among them; the first few are ears."""
        share = self.plan["playlists"]
        playlists = int((number + 1) * share) > int(number * share)
        tape = None
        if number < self.plan["ears"]:
            tape = lambda name, body: self._record(number, name, body)  # noqa: E731
        source = ""
        if self.plan["sources"]:
            source = f"127.0.0.{1 + (self.plan['worker'] * 7 + number // A_SOURCE) % 250}"
        link = Link(self._ground, Listener(self.road, playlists, tape), source)
        self._links.append(link)
        link.begin()

    def _record(self, ear: int, name: str, body: bytes) -> None:
        self._tape.append((ear, name, base64.b64encode(body).decode()))

    def _rest(self, link: Link, seconds: float) -> None:
        heapq.heappush(self._resting, (self._now() + seconds, id(link), link))

    def _tell(self, seconds: float) -> None:
        """One line for `app`, and a fresh tally."""
        road = self.road
        tally, road.tally = road.tally, Tally()
        tally.counts["bytes"], self._ground.bytes_in = self._ground.bytes_in, 0
        fresh, road.ledger.new = road.ledger.new, []
        tape, self._tape = self._tape, []
        lag_s, self._lag_s = self._lag_s, 0.0
        line = {
            "worker": self.plan["worker"],
            "seconds": seconds,
            "here": len(self._links),
            "playing": sum(link.listener.plays for link in self._links),
            "connections": self._ground.connections,
            "most": self.most,
            "files": self.files,
            "cpu_s": time.process_time(),
            "lag_s": lag_s,
            "ahead_s": road.ahead_s,
            "tally": tally.tree(),
            "new": fresh,
            "tape": tape,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _tls(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:  # a certificate of loopback is nobody's
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _listen(loop: asyncio.AbstractEventLoop, orders: asyncio.Queue[dict[str, Any]]) -> None:
    """A thread: the lines of standard input, and a stop at its end."""
    for line in sys.stdin:
        with contextlib.suppress(ValueError, RuntimeError):
            loop.call_soon_threadsafe(orders.put_nowait, json.loads(line))
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(orders.put_nowait, {"stop": True})


async def main() -> None:
    plan = json.loads(sys.stdin.readline())
    orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    threading.Thread(target=_listen, args=(asyncio.get_running_loop(), orders), daemon=True).start()
    crew = Crew(plan)
    gc.freeze()
    gc.disable()  # nothing of a listener is a cycle, and a pause here would look like the server's
    await crew.run(orders)
    os._exit(0)  # thousands of sockets need no farewell, and the thread may still read


if __name__ == "__main__":
    asyncio.run(main())
