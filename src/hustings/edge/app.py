"""Which address is what: the live host as one RSGI application. Every answer is finite and comes from memory.

`Cookie` and every other thing that could tell two listeners apart is never read. A room that is on never gets an error
that a player dies of; see "Public addresses" in the design and `hls.reload`.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Protocol

from hustings.edge.answer import OPEN, Answer, Headers, part_of, takes_gzip
from hustings.edge.files import File, Files
from hustings.edge.follow import Follower
from hustings.edge.objects import Room, Rooms, Served
from hustings.hls.reload import decide, decide_part, parse_query
from hustings.wire.errors import CODES

PATIENCE_S = 2.0
"""How long a request waits for a snapshot that is on its way, in seconds."""

ENDED_KEPT_MS = 3_600_000
"""How long after its end a room's playlists stay, in milliseconds; then they lead to the replay."""

BRIEF = "public, max-age=1"
_SATISFIED = {"cache-control": "public, max-age=24"}
"""A reload that was waited for is named by its part: caches may keep it for six target durations."""

_FOREVER = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"
_PAGE = "public, max-age=5, stale-if-error=3600"
_PREFLIGHT: Headers = [
    ("access-control-allow-methods", "GET, HEAD, POST"),
    ("access-control-allow-headers", "Range, Content-Type"),
    ("access-control-max-age", "86400"),
    ("cache-control", "public, max-age=86400"),
]
_PLAYLISTS = ("live.m3u8", "plain.m3u8", "index.m3u8")


class Scope(Protocol):
    """What Granian tells of a request (RSGI 1.x)."""

    proto: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> Any: ...


class Sender(Protocol):
    """What Granian takes as an answer (RSGI 1.x)."""

    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_file(self, status: int, headers: Headers, file: str) -> None: ...
    def response_file_range(
        self, status: int, headers: Headers, file: str, start: int, end: int
    ) -> None: ...


class Edge:
    """One worker. `web_url` is where `/` leads; `not_found` is the page for what is not there."""

    def __init__(
        self, rooms: Rooms, follower: Follower, files: Files, web_url: str, not_found: bytes
    ) -> None:
        self.rooms = rooms
        self.beacons = 0
        self._follower = follower
        self._files = files
        self._web_url = web_url
        self._not_found = not_found
        self._task: asyncio.Task[None] | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._task = loop.create_task(self._follower.run())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._task is not None:
            self._task.cancel()

    async def __rsgi__(self, scope: Scope, to: Sender) -> None:
        if scope.proto != "http":
            return
        method, path = scope.method, scope.path
        if method in ("GET", "HEAD"):
            await self._get(scope, to, path)
        elif method == "OPTIONS":
            to.response_empty(204, [*_PREFLIGHT, *OPEN])
        elif method == "POST" and _is_beacon(path):
            self.beacons += 1
            to.response_empty(204, [("cache-control", "no-store"), *OPEN])
        else:
            _refuse(to, "method_not_allowed", extra=[("allow", "GET, HEAD, OPTIONS")])

    async def _get(self, scope: Scope, to: Sender, path: str) -> None:
        first, _, rest = path[1:].partition("/")
        if first == "live":
            key, _, name = rest.partition("/")
            await self._live(scope, to, key, name)
        elif first == "assets":
            await self._published(scope, to, path[1:], _FOREVER)
        elif first == "replay":
            await self._published(scope, to, path[1:], BRIEF if path.endswith("m3u8") else _HOUR)
        elif path == "/":
            to.response_empty(
                307, [("location", self._web_url + "/"), ("cache-control", _HOUR), *OPEN]
            )
        elif path == "/healthz":
            self._health(to)
        elif not rest and first:
            await self._published(scope, to, f"pages/{first}.html", _PAGE)
        else:
            self._nowhere(to)

    # --- a room's objects

    async def _live(self, scope: Scope, to: Sender, key: str, name: str) -> None:
        room = self.rooms.by_key.get(key)
        if room is None or not room.ready.is_set():
            room = await self.rooms.find(key, PATIENCE_S)
        served = room.objects.get(name) if room is not None else None
        playlist = name.rpartition("/")[2] in _PLAYLISTS
        if room is not None and served is not None and served.last is not None:
            if not self._past(room, key):
                await self._media_playlist(scope, to, room, name, served)
                return
        elif served is not None and not (playlist and room is not None and self._past(room, key)):
            _send(scope, to, served.answer)
            return
        elif room is not None and not playlist:
            await self._missing_sound(scope, to, room, name)
            return
        if playlist and self._files.exists(f"replay/{key}/index.m3u8"):
            where = f"/replay/{key}/index.m3u8"
            to.response_empty(
                307, [("location", where), ("cache-control", "public, max-age=60"), *OPEN]
            )
        else:
            _refuse(to, "room_unknown" if room is None else "doors_closed", status=404)

    def _past(self, room: Room, key: str) -> bool:
        """Whether a room is over for so long that its playlists lead to the replay, if there is one."""
        ended = room.ended_at_ms
        if ended is None or time.time() * 1000 - ended < ENDED_KEPT_MS:
            return False
        return self._files.exists(f"replay/{key}/index.m3u8")

    async def _media_playlist(
        self, scope: Scope, to: Sender, room: Room, name: str, served: Served
    ) -> None:
        """A blocking reload (rfc8216bis §6.2.5.2), or just the playlist."""
        if not scope.query_string or not name.endswith("/live.m3u8"):
            _send(scope, to, served.answer)
            return
        assert served.last is not None and served.profile is not None
        what = decide(parse_query(scope.query_string), *served.last, served.profile, served.ended)
        if what.kind == "odd":
            odd = {"cache-control": BRIEF, "hustings-error": what.code}
            odd["access-control-expose-headers"] = "Hustings-Error"
            _send(scope, to, served.answer.with_headers(odd))
            return
        if what.kind == "wait":
            wait = room.wait_for(name, what.msn, what.part)
            if wait is not None:
                await wait.over()
                served = room.objects.get(name, served)
            there = served.last is not None and served.last >= (what.msn, what.part)
            changes = _SATISFIED if there else {"cache-control": BRIEF}
            _send(scope, to, served.answer.with_headers(changes))
            return
        _send(scope, to, served.answer)

    async def _missing_sound(self, scope: Scope, to: Sender, room: Room, name: str) -> None:
        """A part that is not there: parked if it comes soon, else 404 for a second."""
        variant, _, file = name.partition("/")
        playlist = room.objects.get(f"{variant}/live.m3u8")
        if playlist is None or playlist.profile is None:
            _refuse(to, "doors_closed", status=404)
            return
        if decide_part(file, playlist.last, playlist.profile, playlist.ended) == "wait":
            wait = room.wait_for(name)
            if wait is not None:
                await wait.over()
            if served := room.objects.get(name):
                _send(scope, to, served.answer)
                return
        _refuse(to, "part_unknown")

    # --- files, and the rest

    async def _published(self, scope: Scope, to: Sender, path: str, cache_control: str) -> None:
        file = await self._files.get(path, cache_control)
        if file is None:
            self._nowhere(to)
        elif scope.headers.get("if-none-match") == file.etag:
            to.response_empty(304, [("etag", file.etag), ("cache-control", cache_control), *OPEN])
        elif file.answer is not None:
            _send(scope, to, file.answer, file.etag)
        else:
            _send_from_disk(scope, to, file, cache_control)

    def _health(self, to: Sender) -> None:
        body = {
            "ok": True,
            "rooms": len(self.rooms.by_key),
            "following": self.rooms.directory.ready.is_set(),
            "beacons": self.beacons,
        }
        headers = [("content-type", "application/json"), ("cache-control", "no-store"), *OPEN]
        to.response_bytes(200, headers, json.dumps(body).encode())

    def _nowhere(self, to: Sender) -> None:
        headers = [("content-type", "text/html; charset=utf-8"), ("cache-control", BRIEF), *OPEN]
        to.response_bytes(404, headers, self._not_found)


def _is_beacon(path: str) -> bool:
    steps = path.split("/")
    return len(steps) == 4 and steps[1] == "live" and steps[3] == "beacon"


def _send(scope: Scope, to: Sender, answer: Answer, etag: str | None = None) -> None:
    """A ready answer: gzipped where the client takes it, else whole, else the range that it asks for."""
    zipped = answer.zipped if takes_gzip(scope.headers.get("accept-encoding")) else None
    if zipped is not None and answer.zipped_headers is not None:
        to.response_bytes(200, answer.zipped_headers, zipped)
        return
    span = _span(scope, len(answer.body), etag)
    if span is True:
        to.response_bytes(200, answer.headers, answer.body)
    elif span is False:
        _refuse_range(to, len(answer.body))
    else:
        start, end = span
        where = ("content-range", f"bytes {start}-{end - 1}/{len(answer.body)}")
        to.response_bytes(206, [*answer.headers, where], answer.body[start:end])


def _send_from_disk(scope: Scope, to: Sender, file: File, cache_control: str) -> None:
    """A file too large to keep: the server streams it, with the kernel's backpressure."""
    headers = [
        ("content-type", file.content_type),
        ("cache-control", cache_control),
        ("etag", file.etag),
        ("accept-ranges", "bytes"),
        *OPEN,
    ]
    span = _span(scope, file.size, file.etag)
    if span is True:
        to.response_file(200, headers, file.path)
    elif span is False:
        _refuse_range(to, file.size)
    else:
        start, end = span
        where = ("content-range", f"bytes {start}-{end - 1}/{file.size}")
        to.response_file_range(206, [*headers, where], file.path, start, end)


def _span(scope: Scope, size: int, etag: str | None) -> tuple[int, int] | bool:
    """The range asked for. With an `If-Range` that does not name this object, all of it (RFC 9110 §13.1.5)."""
    fields = scope.headers
    wanted = fields.get("range")
    if wanted is None:
        return True
    condition = fields.get("if-range")
    if condition is not None and condition != etag:
        return True
    return part_of(wanted, size)


def _refuse_range(to: Sender, size: int) -> None:
    _refuse(to, "range_unsatisfiable", extra=[("content-range", f"bytes */{size}")])


def _refuse(to: Sender, code: str, *, status: int = 0, extra: Headers | None = None) -> None:
    """An error as `docs/protocol.md` says it, kept by caches for a second at most."""
    usual, sentence = CODES[code]
    headers = [
        ("content-type", "application/json"),
        ("cache-control", BRIEF),
        *(extra or []),
        *OPEN,
    ]
    body = json.dumps({"code": code, "message": sentence}).encode()
    to.response_bytes(status or usual, headers, body)
