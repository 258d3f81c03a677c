"""What this worker tells studio: beacons by probability, pulses asked for, and how full it is. Bounded and cheap."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from dataclasses import dataclass

from hustings.edge.objects import Room, Rooms
from hustings.edge.upstream import Upstream
from hustings.wire.edge_report import ROOMS_MAX, EdgeReport, RoomCount

EVERY_S = 2.0
SOON_S = 0.5
RUSH = 500
"""Beacons and pulses since the last report after which the next is sent early: what p should be cannot wait."""

LAG_FULL_S = 0.5
"""A loop that is this late, on average, is full: a part may be late by half its length."""


@dataclass(frozen=True, slots=True)
class Bears:
    """What one worker holds: parked requests, and bytes per second (0: the line is not known)."""

    parked: int
    bytes_per_s: int


class Reporter:
    """Reports until cancelled. One that studio does not take is lost: the next one counts its own time alone."""

    def __init__(self, rooms: Rooms, upstream: Upstream, bears: Bears) -> None:
        self._rooms = rooms
        self._upstream = upstream
        self._bears = bears
        self._name = f"{os.getpid()}-{secrets.token_hex(8)}"

    async def run(self) -> None:
        since, worked = time.monotonic(), time.process_time()
        while True:
            lag_s = await self._wait(since)
            now, work = time.monotonic(), time.process_time()
            cpu = (work - worked) / (now - since)
            report = take(self._rooms, now - since, cpu, lag_s, self._bears)
            since, worked = now, work
            if report.rooms:
                with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError):
                    await self._upstream.tell(f"/edges/{self._name}", report.tree())

    async def _wait(self, began: float) -> float:
        """Until the next report is due; how late the loop was on average, in seconds."""
        late: list[float] = []
        while True:
            before = time.monotonic()
            await asyncio.sleep(SOON_S)
            now = time.monotonic()
            late.append(now - before - SOON_S)
            counted = sum(room.counted for room in list(self._rooms.by_key.values()))
            if now - began >= EVERY_S - SOON_S / 2 or counted >= RUSH:
                return max(0.0, sum(late) / len(late))


def take(rooms: Rooms, over_s: float, cpu: float, lag_s: float, bears: Bears) -> EdgeReport:
    """The report of the last `over_s` seconds; counting begins anew. Rooms without sound are not in it."""
    counts: dict[str, RoomCount] = {}
    sent = parked = 0
    for room in list(rooms.by_key.values()):
        parked += room.parked
        beacons, pulses, size = room.take_counts()
        sent += size
        if len(counts) < ROOMS_MAX and _sounds(room):
            counts[room.key] = RoomCount(beacons, pulses)
    line = bears.bytes_per_s
    pressure = {
        "cpu": cpu,
        "lag": lag_s / LAG_FULL_S,
        "parked": parked / bears.parked,
        "bytes": sent / over_s / line if line else 0.0,
    }
    return EdgeReport(over_s, counts, pressure)


def _sounds(room: Room) -> bool:
    served = room.objects.get("aac/live.m3u8")
    return served is not None and served.playlist is not None and not served.playlist.ended
