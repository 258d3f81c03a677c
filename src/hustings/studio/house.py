"""All rooms of this studio: handed over, opened at their hour, found by key, kept for an hour, destroyed.

Rooms that are planned, alive or ended within a day are taken up when the process starts; older ones when somebody asks
for them.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hustings.audio.clock import RATE, clock_from_unix_ns
from hustings.rooms.commands import check_plan
from hustings.rooms.crowd import Report
from hustings.rooms.journal import Draft, Event, from_line
from hustings.rooms.roles import Refusal
from hustings.rooms.room import ENDED, ON_AIR, PLANNED, REPLAY, Plan, plan_facts
from hustings.studio.asking import Asking
from hustings.studio.feed import Feed
from hustings.studio.ground import Ground
from hustings.studio.journal_file import JOURNAL, JournalFile, last_event, next_term
from hustings.studio.live_room import FEED_KEPT_MS, LiveRoom
from hustings.studio.publishing import JSON, directory
from hustings.studio.recording import destroy_sealed
from hustings.wire.edge_report import EdgeReport

LOG = logging.getLogger("hustings.studio")
LOOK_S = 0.25
SEALED_LOOK_S = 600.0
TAKEN_UP_MS = 86_400_000
PLANNED_MAX = 10_000
DIRECTORY = "_"
ASIDE = ".gone-"


@dataclass(frozen=True, slots=True)
class Guest:
    """A room and those who ask things of it."""

    live: LiveRoom
    asking: Asking


@dataclass(frozen=True, slots=True)
class Opened:
    """What the disk knows of a room, and the term that was taken for it."""

    journal: JournalFile
    events: Sequence[Event]
    term: int


class House:
    """The rooms. `start` before anything else; `run` until cancelled; `shut` at the end."""

    def __init__(self, ground: Ground) -> None:
        self.ground = replace(ground, changed=self._write_directory, gone=self._destroy_soon)
        self._rooms: dict[str, Guest] = {}
        self._feed: Feed | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- life

    def start(self) -> None:
        """Takes up what is on disk. Errors: `OSError` when the folder of rooms cannot be written."""
        rooms_dir = self.ground.settings.rooms_dir
        self._feed = Feed(next_term(rooms_dir / DIRECTORY, 0))
        for folder in sorted(rooms_dir.iterdir()):
            if folder.name.startswith(ASIDE):
                shutil.rmtree(folder, ignore_errors=True)
            elif folder.name != DIRECTORY and (folder / JOURNAL).exists():
                try:
                    if self._is_recent(last_event(folder / JOURNAL)):
                        self._take_up(folder.name)
                except Exception:
                    # One broken room must not keep the others from starting.
                    LOG.exception("the room in %s cannot be taken up", folder.name)
        self._write_directory()

    async def run(self) -> None:
        """Doors open at their hour, feeds end an hour after their room, sealed talk is destroyed."""
        sealed_due = 0.0
        loop = asyncio.get_running_loop()
        while True:
            self.look()
            if loop.time() >= sealed_due:
                sealed_due = loop.time() + SEALED_LOOK_S
                await asyncio.to_thread(self.destroy_sealed)
            await asyncio.sleep(LOOK_S)

    async def shut(self) -> None:
        for guest in self._rooms.values():
            await guest.live.shut()
        if self._feed is not None:
            self._feed.shut()
        await asyncio.to_thread(self.ground.disk.close)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def look(self) -> None:
        """What is due by the wall clock."""
        now_ms = self.ground.times.unix_ms()
        self.ground.edges.look(self.ground.times.monotonic_ns() / 1e9)
        for guest in list(self._rooms.values()):
            try:
                self._look_at(guest.live, now_ms)
            except Exception:
                # One room's trouble must not keep the other doors shut.
                LOG.exception("a room could not be looked after")

    def _look_at(self, live: LiveRoom, now_ms: int) -> None:
        room = live.room
        assert room.plan is not None
        if room.state == PLANNED and now_ms >= room.plan.doors_at_ms and self._has_place():
            live.open_doors()
        over = room.state in (ENDED, REPLAY) and now_ms >= room.ended_ms + FEED_KEPT_MS
        if over and not live.feed.over:
            live.feed.end()
            self._write_directory()
            if not self.ground.settings.recording.on:
                shutil.rmtree(live.room_dir / "mix", ignore_errors=True)

    # --- rooms

    async def ready(self, key: str, new: bool = False) -> None:
        """Brings what the disk knows of a room (or, if it is `new`, its folder) into memory. In a thread: while one room
        is looked for, others are on the air. Errors: `OSError`."""
        if key in self._rooms or len(self._rooms) >= PLANNED_MAX:
            return
        opened = await asyncio.to_thread(self._open, key, new)
        if opened is not None and key not in self._rooms:
            self._enter(key, opened)

    def find(self, key: str) -> Guest:
        """A room, taken up again if it is an old one. Errors: `Refusal("room_unknown")`."""
        guest = self._rooms.get(key) or self._take_up(key)
        if guest.live.room.plan is None:
            raise Refusal("room_unknown")
        return guest

    def __iter__(self) -> Iterator[LiveRoom]:
        return (guest.live for guest in self._rooms.values())

    async def plan(self, plan: Plan) -> bool:
        """`hand_over`, with the disk's part of it in a thread. Errors: `Refusal`, `OSError`."""
        check_plan(plan)
        await self.ready(plan.key, new=True)
        return self.hand_over(plan)

    def hand_over(self, plan: Plan) -> bool:
        """A room is planned, or its plan changed; whether it is new. Errors: `Refusal`."""
        check_plan(plan)
        try:
            live = self.find(plan.key).live
        except Refusal:
            self._plan(plan)
            return True
        assert live.room.plan is not None
        if live.room.plan.plan != plan.plan:
            raise Refusal("room_taken")
        if live.room.plan == plan:
            return False
        if live.room.state in (ON_AIR, ENDED, REPLAY):
            raise Refusal("wrong_state", state=live.room.state)
        if live.room.state != PLANNED and live.room.plan.profile != plan.profile:
            raise Refusal("wrong_state", state=live.room.state)
        live.append([Draft("changed", {"plan_facts": plan_facts(plan)})])
        return False

    def withdraw(self, key: str) -> None:
        """A room that was planned and never opened goes. Errors: `Refusal`."""
        live = self.find(key).live
        if live.room.state != PLANNED:
            raise Refusal("wrong_state", state=live.room.state)
        self._destroy_soon(key)

    def feed(self, key: str) -> Feed:
        """Errors: `Refusal("room_unknown")`."""
        if key == DIRECTORY and self._feed is not None:
            return self._feed
        feed = self.find(key).live.feed
        if feed.over:
            raise Refusal("room_unknown")
        return feed

    def facts(self, key: str) -> dict[str, Any]:
        """What anybody may know of a room. Errors: `Refusal("room_unknown")`."""
        room = self.find(key).live.room
        assert room.plan is not None
        return {
            **plan_facts(room.plan),
            "state": room.state,
            "term": room.term,
            "on_air_since_ms": room.on_air_ms or None,
            "ended_at_ms": room.ended_ms or None,
            "end_reason": room.end_reason or None,
            "late_reason": room.late_reason,
            "people": len(room.stage.present()),
        }

    def destroy_sealed(self) -> None:
        """What was said off the air, `sealed_hours` after it was said. Runs in a thread: files only."""
        settings = self.ground.settings
        hours = settings.recording.sealed_hours
        before = clock_from_unix_ns(self.ground.times.unix_ns()) - hours * 3600 * RATE
        for journal in settings.rooms_dir.glob(f"*/{JOURNAL}"):
            try:
                destroy_sealed(journal.parent, before, _keepers(journal.read_bytes()))
            except OSError as error:
                LOG.warning("sealed talk could not be destroyed: %s", error)

    def note_edge(self, edge: str, report: EdgeReport) -> None:
        """What an edge worker counted and how full it is; rooms that are not here are passed over."""
        now_s = self.ground.times.monotonic_ns() / 1e9
        if not self.ground.edges.note(edge, report.pressure, now_s):
            return
        for key, row in report.rooms.items():
            guest = self._rooms.get(key)
            if guest is not None and guest.live.room.alive:
                counted = Report(now_s, report.over_s, row.beacons, row.pulses)
                guest.live.crowd.note(edge, counted)

    # --- inside

    def _has_place(self) -> bool:
        alive = sum(guest.live.room.alive for guest in self._rooms.values())
        return alive < self.ground.settings.studio.rooms_max

    def _plan(self, plan: Plan) -> None:
        guest = self._rooms.get(plan.key)
        if guest is None:
            if len(self._rooms) >= PLANNED_MAX:
                raise Refusal("rooms_full")
            guest = self._take_up(plan.key, new=True)
        guest.live.append([Draft("planned", {"plan_facts": plan_facts(plan)})])

    def _take_up(self, key: str, new: bool = False) -> Guest:
        opened = self._open(key, new)
        if opened is None:
            raise Refusal("room_unknown")
        return self._enter(key, opened)

    def _open(self, key: str, new: bool) -> Opened | None:
        """From disk; None for a room that is not there. Errors: `OSError`."""
        folder = self.ground.settings.rooms_dir / key
        if not new and not (folder / JOURNAL).exists():
            return None
        folder.mkdir(parents=True, exist_ok=True)
        journal = JournalFile(folder / JOURNAL)
        events = journal.open()
        return Opened(journal, events, next_term(folder, events[-1].term if events else 0))

    def _enter(self, key: str, opened: Opened) -> Guest:
        live = LiveRoom(self.ground, key, opened.term, opened.journal, opened.events)
        guest = self._rooms[key] = Guest(live, Asking(live))
        if live.room.state in (ENDED, REPLAY) and not live.feed_is_due:
            live.feed.end()
        live.start()
        return guest

    def _is_recent(self, last: Event | None) -> bool:
        if last is None:
            return False
        over = last.type in ("ended", "replay_ready") or last.type.startswith("recording.")
        return not over or self.ground.times.unix_ms() - last.at_ms < TAKEN_UP_MS

    def _write_directory(self) -> None:
        if self._feed is not None:
            rows = [
                (live.key, live.room.state, live.term)
                for live in self
                if live.room.plan is not None and not live.feed.over
            ]
            self._feed.put("rooms.json", JSON, directory(rows))

    def _destroy_soon(self, key: str) -> None:
        """The room is gone at once, for everybody: its folders are put aside before its feed ends, so that nothing of it
        is found again and the key is free. What lies aside is destroyed as soon as nothing writes to it."""
        settings = self.ground.settings
        guest = self._rooms.pop(key)
        aside = settings.rooms_dir / f"{ASIDE}{self.ground.fresh()}"
        aside.mkdir()
        for folder, name in (
            (settings.rooms_dir / key, "room"),
            (settings.published_dir / "replay" / key, "replay"),
        ):
            if folder.exists():
                shutil.move(folder, aside / name)
        (settings.published_dir / "pages" / f"{key}.html").unlink(missing_ok=True)
        guest.live.feed.end()
        self._write_directory()
        task = asyncio.get_running_loop().create_task(self._destroy(guest.live, aside))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _destroy(self, live: LiveRoom, aside: Path) -> None:
        await live.wires.shut()
        await live.shut()
        await asyncio.to_thread(shutil.rmtree, aside, True)


def plan_of(key: str, tree: Mapping[str, Any]) -> Plan:
    """A plan from a request's JSON. Errors: `Refusal("bad_request")`, with the field."""
    kinds = {"starts_at_ms": int, "doors_before_s": int, "listed": bool}
    facts = {
        "picture": "",
        "picture_alt": "",
        "description": "",
        "host_name": "",
        **tree,
        "key": key,
    }
    for name in Plan.__dataclass_fields__:
        if type(facts.get(name)) is not kinds.get(name, str):
            raise Refusal("bad_request", field=name)
    return Plan(**{name: facts[name] for name in Plan.__dataclass_fields__})


def _keepers(journal: bytes) -> set[str]:
    """Those who asked that what they said off the air be kept (`recording.kept`)."""
    keepers: set[str] = set()
    for line in journal.split(b"\n"):
        if b"recording.kept" not in line:
            continue
        try:
            body = from_line(line).body
        except ValueError:
            continue
        if body.get("keep"):
            keepers.add(str(body.get("person")))
        else:
            keepers.discard(str(body.get("person")))
    return keepers
