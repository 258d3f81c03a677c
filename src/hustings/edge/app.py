"""Which address is what: the live host as one function of a request. Every answer is finite and comes from memory.

`Cookie` and every other thing that could tell two listeners apart is never read. A room that is on never gets an error
that a player dies of; see "Public addresses" in the design and `hls.reload`.

`Edge` is called in Granian's thread (`granian_wire`) and answers there what is ready, or parks the request; what needs a
wait or the disk goes on as a task of the event loop. It reads what the loop writes, one dictionary look-up at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from hustings.edge.answer import BRIEF, OPEN, Headers, refuse, refuse_range, send, span_of
from hustings.edge.files import File, Files
from hustings.edge.granian_wire import Request
from hustings.edge.objects import Room, Rooms, Served
from hustings.edge.parking import Part, Scope, Sender

PATIENCE_S = 2.0
"""How long a request waits for a snapshot that is on its way, in seconds."""

ENDED_KEPT_MS = 3_600_000
"""How long after its end a room's playlists stay, in milliseconds; then they lead to the replay."""

PLAIN_FROM_STEP = 2
"""The step of a brownout from which a playlist asked for without `_HLS_msn` has no parts."""

RADIO_UNTIL_STEP = 1
SWEEP_S = 0.5
TASKS_MAX = 4_096
"""Requests that wait for the disk or for a snapshot at once in one worker."""

FOREVER = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"
_PAGE = "public, max-age=5, stale-if-error=3600"
_PREFLIGHT: Headers = [
    ("access-control-allow-methods", "GET, HEAD, POST"),
    ("access-control-allow-headers", "Range, Content-Type"),
    ("access-control-max-age", "86400"),
    ("cache-control", "public, max-age=86400"),
    *OPEN,
]
_COUNTED: Headers = [("cache-control", "no-store"), *OPEN]
_PLAYLISTS = ("live.m3u8", "plain.m3u8", "index.m3u8")
_log = logging.getLogger("hustings.edge")


class Edge:
    """One worker. `works` run beside it (the feed, the reports); `web_url` is where `/` leads, `radio_url` where
    `live.mp3` does ("": nowhere); `not_found` is the page for what is not there."""

    def __init__(
        self,
        rooms: Rooms,
        works: Sequence[Callable[[], Coroutine[Any, Any, None]]],
        files: Files,
        web_url: str,
        radio_url: str,
        not_found: bytes,
    ) -> None:
        self.rooms = rooms
        self._works = works
        self._files = files
        self._home: Headers = [("location", web_url + "/"), ("cache-control", _HOUR), *OPEN]
        self._radio_url = radio_url
        self._not_found = not_found
        self._nowhere: Headers = [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", BRIEF),
            *OPEN,
        ]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks = {loop.create_task(work()) for work in (*self._works, self._sweep)}

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()

    def __call__(self, request: Request) -> None:
        """Answers a request, parks it, or takes it to the loop. Never raises: Granian's thread lives on."""
        to = request.proto
        try:
            self._take(request.scope, to)
        except Exception:
            _log.exception("edge could not answer")
            refuse(to, "unexpected")

    def _take(self, scope: Scope, to: Sender) -> None:
        method = scope.method
        if method == "GET" or method == "HEAD":
            self._get(scope, to)
        elif method == "OPTIONS":
            to.response_empty(204, _PREFLIGHT)
        elif method == "POST" and (room := self._beacon_of(scope.path)) is not None:
            room.count(scope.query_string)
            to.response_empty(204, _COUNTED)
        elif method == "POST" and scope.path.endswith("/beacon"):
            to.response_empty(204, _COUNTED)
        else:
            refuse(to, "method_not_allowed", extra=(("allow", "GET, HEAD, OPTIONS"),))

    def _get(self, scope: Scope, to: Sender) -> None:
        path = scope.path
        steps = path.split("/", 3)
        first = steps[1] if len(steps) > 1 else ""
        if first == "live" and len(steps) > 2:
            self._live(scope, to, steps[2], steps[3] if len(steps) > 3 else "")
        elif first == "assets" or first == "media":
            self._published(scope, to, path[1:], FOREVER)
        elif first == "replay":
            self._published(scope, to, path[1:], BRIEF if path.endswith("m3u8") else _HOUR)
        elif path == "/":
            to.response_empty(307, self._home)
        elif path == "/healthz":
            self._health(to)
        elif len(steps) == 2 and first:
            self._published(scope, to, f"pages/{first}.html", _PAGE)
        else:
            self._absent(to)

    # --- a room's objects

    def _live(self, scope: Scope, to: Sender, key: str, name: str) -> None:
        room = self.rooms.by_key.get(key)
        if room is None or not room.live:
            if room is None and self.rooms.settled:
                self._gone(to, None, key, name)
            else:
                self._later(self._live_soon(scope, to, key, name), to)
            return
        self._object(scope, to, room, name)

    async def _live_soon(self, scope: Scope, to: Sender, key: str, name: str) -> None:
        room = await self.rooms.find(key, PATIENCE_S)
        if room is None:
            self._gone(to, None, key, name)
        else:
            self._object(scope, to, room, name)

    def _object(self, scope: Scope, to: Sender, room: Room, name: str) -> None:
        served = room.objects.get(name)
        if served is None:
            if name == "live.mp3":
                self._radio(to, room)
            elif name.rpartition("/")[2] in _PLAYLISTS:
                self._gone(to, room, room.key, name)
            else:
                self._missing_sound(scope, to, room, name)
        elif name.endswith("m3u8") and self._past(room):
            self._gone(to, room, room.key, name)
        elif served.playlist is None:
            room.sent += len(served.answer.body)
            if name == "pulse.json":
                room.pulses += 1
            send(scope, to, served.answer)
        else:
            room.sent += len(served.answer.body)
            self._media_playlist(scope, to, room, name, served)

    def _radio(self, to: Sender, room: Room) -> None:
        """Radios have a port of their own; in a brownout, and after the end, what is there for every other player."""
        where = f"/live/{room.key}/index.m3u8"
        if room.pulse.brownout < RADIO_UNTIL_STEP and room.pulse.ended_at_ms is None:
            where = f"{self._radio_url}/live/{room.key}/live.mp3"
        if self._radio_url:
            to.response_empty(307, [("location", where), ("cache-control", BRIEF), *OPEN])
        else:
            refuse(to, "not_found")

    def _past(self, room: Room) -> bool:
        """Whether a room is over for so long that its playlists lead to the replay, if there is one."""
        ended = room.pulse.ended_at_ms
        if ended is None or time.time() * 1000 - ended < ENDED_KEPT_MS:
            return False
        return self._files.exists(f"replay/{room.key}/index.m3u8")

    def _gone(self, to: Sender, room: Room | None, key: str, name: str) -> None:
        playlist = name.rpartition("/")[2] in _PLAYLISTS
        if playlist and self._files.exists(f"replay/{key}/index.m3u8"):
            where = ("location", f"/replay/{key}/index.m3u8")
            to.response_empty(307, [where, ("cache-control", "public, max-age=60"), *OPEN])
        else:
            refuse(to, "room_unknown" if room is None else "doors_closed", status=404)

    def _media_playlist(
        self, scope: Scope, to: Sender, room: Room, name: str, served: Served
    ) -> None:
        """A blocking reload (rfc8216bis §6.2.5.2), or just the playlist; the plain one in a brownout."""
        playlist, query = served.playlist, scope.query_string
        assert playlist is not None
        if "_HLS_" not in query or not name.endswith("/live.m3u8"):
            if room.pulse.brownout >= PLAIN_FROM_STEP and name.endswith("/live.m3u8"):
                served = room.objects.get(name[: -len("live.m3u8")] + "plain.m3u8", served)
            send(scope, to, served.answer)
            return
        what = playlist.decide(query)
        if what.kind == "wait":
            room.park(Part(name, what.msn, what.part), scope, to, time.monotonic())
        elif what.kind == "odd":
            send(scope, to, playlist.odd[what.code])
        else:
            send(scope, to, served.answer)

    def _missing_sound(self, scope: Scope, to: Sender, room: Room, name: str) -> None:
        """A part that is not there: parked if it comes soon, else 404 for a second."""
        variant, _, file = name.partition("/")
        served = room.objects.get(f"{variant}/live.m3u8")
        if served is None or served.playlist is None:
            refuse(to, "doors_closed", status=404)
        elif served.playlist.waits_for(file):
            room.park(Part(name), scope, to, time.monotonic())
        elif (found := room.objects.get(name)) is not None:
            send(scope, to, found.answer)  # it came between two looks
        else:
            refuse(to, "part_unknown")

    def _beacon_of(self, path: str) -> Room | None:
        steps = path.split("/")
        if len(steps) == 4 and steps[1] == "live" and steps[3] == "beacon":
            return self.rooms.by_key.get(steps[2])
        return None

    # --- files, and the rest

    def _published(self, scope: Scope, to: Sender, path: str, cache_control: str) -> None:
        file = self._files.fresh(path, time.monotonic())
        if file is None and len(self._tasks) >= TASKS_MAX:
            file = self._files.kept(path)
        if file is not None:
            self._file(scope, to, file, cache_control)
        else:
            self._later(self._published_soon(scope, to, path, cache_control), to)

    async def _published_soon(
        self, scope: Scope, to: Sender, path: str, cache_control: str
    ) -> None:
        file = await self._files.get(path, cache_control)
        if file is None:
            self._absent(to)
        else:
            self._file(scope, to, file, cache_control)

    def _file(self, scope: Scope, to: Sender, file: File, cache_control: str) -> None:
        if scope.headers.get("if-none-match") == file.etag:
            to.response_empty(304, [("etag", file.etag), ("cache-control", cache_control), *OPEN])
        elif file.answer is not None:
            send(scope, to, file.answer, file.etag)
        else:
            _send_from_disk(scope, to, file, cache_control)

    def _health(self, to: Sender) -> None:
        body = {
            "ok": True,
            "rooms": len(self.rooms.by_key),
            "following": self.rooms.settled,
            "parked": sum(room.parked for room in list(self.rooms.by_key.values())),
        }
        headers = [("content-type", "application/json"), ("cache-control", "no-store"), *OPEN]
        to.response_bytes(200, headers, json.dumps(body).encode())

    def _absent(self, to: Sender) -> None:
        to.response_bytes(404, self._nowhere, self._not_found)

    # --- the event loop's side

    def _later(self, work: Coroutine[Any, Any, None], to: Sender) -> None:
        """Goes on as a task; past `TASKS_MAX` of them the client is asked to come again."""
        assert self._loop is not None
        if len(self._tasks) >= TASKS_MAX:
            work.close()
            refuse(to, "busy", extra=(("retry-after", "1"),))
        else:
            self._loop.call_soon_threadsafe(self._start, work, to)

    def _start(self, work: Coroutine[Any, Any, None], to: Sender) -> None:
        task = asyncio.get_running_loop().create_task(self._finish(work, to))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, work: Coroutine[Any, Any, None], to: Sender) -> None:
        try:
            await work
        except Exception:
            _log.exception("edge could not answer")
            refuse(to, "unexpected")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.rooms.expire(time.monotonic())


def _send_from_disk(scope: Scope, to: Sender, file: File, cache_control: str) -> None:
    """A file too large to keep: the server streams it, with the kernel's backpressure."""
    headers = [
        ("content-type", file.content_type),
        ("cache-control", cache_control),
        ("etag", file.etag),
        ("accept-ranges", "bytes"),
        *OPEN,
    ]
    span = span_of(scope, file.size, file.etag)
    if span is True:
        to.response_file(200, headers, file.path)
    elif span is False:
        refuse_range(to, file.size)
    else:
        start, end = span
        where = ("content-range", f"bytes {start}-{end - 1}/{file.size}")
        to.response_file_range(206, [*headers, where], file.path, start, end)
