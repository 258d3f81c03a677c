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
RUSH_TIMES = 1.25
"""Beacons and pulses since the last report after which the next is sent early: what p should be cannot wait. But only where
they are more than what is known by so much: a crowd that stays costs studio no more than one listener."""

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
        per_s = 0.0
        while True:
            lag_s = await self._wait(since, per_s)
            now, work = time.monotonic(), time.process_time()
            cpu = (work - worked) / (now - since)
            per_s = self._counted() / (now - since)
            report = take(self._rooms, now - since, cpu, lag_s, self._bears)
            since, worked = now, work
            if report.rooms:
                with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError):
                    await self._upstream.tell(f"/edges/{self._name}", report.tree())

    def _counted(self) -> int:
        return sum(room.counted for room in list(self._rooms.by_key.values()))

    async def _wait(self, began: float, per_s: float) -> float:
        """Until the next report is due, which depends on what was counted a second before the last; how late the loop was on
        average, in seconds."""
        late: list[float] = []
        while True:
            before = time.monotonic()
            await asyncio.sleep(SOON_S)
            now = time.monotonic()
            late.append(now - before - SOON_S)
            if is_due(now - began, self._counted(), per_s):
                return max(0.0, sum(late) / len(late))


def is_due(over_s: float, counted: int, per_s: float) -> bool:
    """Whether a report is to be sent `over_s` seconds after the last one, which had `per_s` beacons and pulses a second."""
    rush = max(RUSH, RUSH_TIMES * per_s * over_s)
    return over_s >= EVERY_S - SOON_S / 2 or counted >= rush


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
