"""A road between a browser and the live host that can be told to be bad: any status, resets, torn bodies, stalls, old copies,
closed ports, another time. It runs in a thread of its own; what it does is set by whoever holds it.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

SEGMENT = 184_320
SEGMENT_MS = 3840
_KINDS = (("playlist", ".m3u8"), ("init", ".mp4"), ("part", ".m4s"), ("pulse", "pulse.json"))
_CARRIED = ("content-type", "cache-control", "hustings-error", "etag", "location", "retry-after")


@dataclass(frozen=True)
class Got:
    """What the live host said. `kind`: playlist, init, part, pulse or other."""

    kind: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes

    def answer(self, body: bytes | None = None) -> web.Response:
        return web.Response(
            status=self.status, headers=self.headers, body=self.body if body is None else body
        )


Fault = Callable[["Road", web.Request, Got], Awaitable[web.StreamResponse | None]]
"""Answers in place of the live host; None leaves the answer as it is."""


@dataclass
class Road:
    """`fault` is asked about each answer to a request of the named `kinds`; `shift` moves the room's time by so many segments."""

    target: str
    port: int = 0
    fault: Fault | None = None
    kinds: frozenset[str] = frozenset()
    shift: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    kept: dict[str, Got] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _runner: web.AppRunner | None = None
    _site: web.TCPSite | None = None
    _http: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    # from the test's thread

    def bad(self, fault: Fault | None, *kinds: str) -> None:
        """From now on; `bad(None)` is a good road again."""
        self.kinds, self.fault = frozenset(kinds), fault

    def shut(self) -> None:
        """The port is closed, and every connection ends with a reset."""
        self._run(self._shut())

    def open(self) -> None:
        self._run(self._open())

    def _run(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(20)

    # in the road's own thread

    async def _begin(self) -> None:
        self._http = aiohttp.ClientSession(auto_decompress=True)
        app = web.Application(client_max_size=100_000)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._open()

    async def _open(self) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "localhost", self.port, reuse_address=True)
        await self._site.start()
        server = self._site._server
        assert isinstance(server, asyncio.Server)
        self.port = int(server.sockets[0].getsockname()[1])

    async def _shut(self) -> None:
        assert self._runner is not None and self._site is not None
        await self._site.stop()
        for connection in list(getattr(self._runner.server, "connections", ())):
            if connection.transport is not None:
                connection.transport.abort()

    async def _end(self) -> None:
        assert self._runner is not None and self._http is not None
        await self._shut()
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:  # what says nothing for ever
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self._runner.cleanup()
        await self._http.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        kind = next((kind for kind, end in _KINDS if request.path.endswith(end)), "other")
        self.asked.append((kind, request.path_qs))
        got = await self._ask(kind, request)
        if self.fault is not None and kind in self.kinds:
            answer = await self.fault(self, request, got)
            if answer is not None:
                return answer
        if got.status == 200:
            self.kept[request.path] = got
        return got.answer()

    async def _ask(self, kind: str, request: web.Request) -> Got:
        assert self._http is not None
        where = self.target + moved(request.path_qs, self.shift)
        headers = {"Cookie": "never=read"}
        try:
            async with self._http.request(
                request.method, where, headers=headers, allow_redirects=False
            ) as answer:
                body = await answer.read()
                carried = {
                    name: answer.headers[name] for name in _CARRIED if name in answer.headers
                }
                status = answer.status
        except aiohttp.ClientError:  # the live host is away: so is this road
            drop(request)
            return Got(kind, request.path, 502, {}, b"")
        if self.shift and status == 200:
            body = shifted(kind, body, self.shift)
        carried["access-control-allow-origin"] = "*"
        return Got(kind, request.path, status, carried, body)


@contextmanager
def road(target: str) -> Iterator[Road]:
    """A good road to `target` until the end of the block."""
    one = Road(target)
    thread = threading.Thread(target=one._loop.run_forever, daemon=True)
    thread.start()
    try:
        one._run(one._begin())
        yield one
    finally:
        with suppress(Exception):
            one._run(one._end())
        one._loop.call_soon_threadsafe(one._loop.stop)
        thread.join(5)
        one._loop.close()


# another time: a room whose clock is so many segments behind the true one


def moved(path: str, shift: int) -> str:
    """The address upstream of what a page asks for."""
    if not shift:
        return path
    path = re.sub(r"/s(\d+)(?=\.)", lambda found: f"/s{int(found[1]) + shift}", path)
    return re.sub(r"_HLS_msn=(\d+)", lambda found: f"_HLS_msn={int(found[1]) + shift}", path)


def shifted(kind: str, body: bytes, shift: int) -> bytes:
    if kind == "part":
        return _shifted_part(body, shift)
    if kind == "playlist":
        return _shifted_playlist(body.decode(), shift).encode()
    if kind == "pulse":
        return json.dumps(_shifted_times(json.loads(body), shift)).encode()
    return body


def _shifted_part(body: bytes, shift: int) -> bytes:
    """Every `tfdt` (version 1, ISO/IEC 14496-12 §8.8.12) by so many segments."""
    out = bytearray(body)
    at = out.find(b"tfdt")
    while at >= 0:
        (clock,) = struct.unpack_from(">Q", out, at + 8)
        struct.pack_into(">Q", out, at + 8, clock - shift * SEGMENT)
        at = out.find(b"tfdt", at + 4)
    return bytes(out)


def _shifted_playlist(text: str, shift: int) -> str:
    def number(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2]) - shift}"

    def moment(found: re.Match[str]) -> str:
        when = datetime.fromisoformat(found[2].replace("Z", "+00:00"))
        when -= timedelta(milliseconds=shift * SEGMENT_MS)
        return found[1] + when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    text = re.sub(r"(\bs)(\d+)(?=\.)", number, text)
    text = re.sub(r"(MEDIA-SEQUENCE:|LAST-MSN=)(\d+)", number, text)
    return re.sub(r"(DATE-TIME:)(\S+)", moment, text)


def _shifted_times(tree: Any, shift: int) -> Any:
    if isinstance(tree, dict):
        return {
            name: value - shift * SEGMENT_MS
            if name.endswith("_ms") and isinstance(value, int)
            else _shifted_times(value, shift)
            for name, value in tree.items()
        }
    if isinstance(tree, list):
        return [_shifted_times(one, shift) for one in tree]
    return tree


# faults


def drop(request: web.Request) -> None:
    """The connection ends with a reset, whatever was to come."""
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
        if sock is not None:
            with suppress(OSError):
                sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER of 0 s: RST, not FIN
        request.transport.abort()


def says(status: int, body: bytes = b"no", **headers: str) -> Fault:
    """A status for everything; header names with `_` for `-`."""
    words = {name.replace("_", "-"): text for name, text in headers.items()}

    async def fault(road: Road, request: web.Request, got: Got) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=words)

    return fault


def leads(to: Callable[[web.Request], str]) -> Fault:
    """A redirect."""

    async def fault(road: Road, request: web.Request, got: Got) -> web.StreamResponse:
        headers = {"location": to(request), "access-control-allow-origin": "*"}
        return web.Response(status=302, headers=headers)

    return fault


async def resets(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
    drop(request)
    return web.Response(status=502)


async def says_nothing(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
    await asyncio.sleep(3600)
    return None


def late(seconds: float) -> Fault:
    async def fault(road: Road, request: web.Request, got: Got) -> None:
        await asyncio.sleep(seconds)

    return fault


def torn(told: bool) -> Fault:
    """Two thirds of the body, and the end of the connection; `told`: under the whole body's length."""

    async def fault(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
        if got.status != 200:
            return None
        piece = got.body[: len(got.body) * 2 // 3]
        if not told:
            return web.Response(headers=got.headers, body=piece)
        answer = web.StreamResponse(headers=got.headers)
        answer.content_length = len(got.body)
        await answer.prepare(request)
        await answer.write(piece)
        if request.transport is not None:
            request.transport.close()
        return answer

    return fault


def trickles(bytes_a_second: int) -> Fault:
    async def fault(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
        if got.status != 200:
            return None
        answer = web.StreamResponse(headers=got.headers)
        answer.content_length = len(got.body)
        await answer.prepare(request)
        for at in range(0, len(got.body), bytes_a_second // 10):
            await answer.write(got.body[at : at + bytes_a_second // 10])
            await asyncio.sleep(0.1)
        return answer

    return fault


async def noise(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
    """As many bytes, none of them of a box."""
    return web.Response(headers=got.headers, body=random.Random(1).randbytes(len(got.body) or 9000))


async def undecodable(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
    """Whole boxes with the right time, and no sound that a decoder knows."""
    at = got.body.find(b"mdat")
    if got.status != 200 or at < 0:
        return None
    filled = b"\xff" * (len(got.body) - at - 4)
    return got.answer(got.body[: at + 4] + filled)


async def of_before(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
    """The bytes of another part under this part's name."""
    before = [one for path, one in road.kept.items() if one.kind == "part" and path != got.path]
    return got.answer(before[-1].body) if before else None


def one_missing(status: int) -> Fault:
    """The part that is asked for first is never there."""
    lost: list[str] = []

    async def fault(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
        lost[:] = lost or [request.path]
        return web.Response(status=status) if request.path == lost[0] else None

    return fault


async def an_old_copy(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
    """What was kept when the fault began, or what comes now, for ever."""
    name = f"old {request.path}"
    road.kept.setdefault(name, got)
    return road.kept[name].answer()


def of_minutes_ago(segments: int) -> Fault:
    """A cache that went on with a playlist of long ago; its sound is gone."""

    async def fault(road: Road, request: web.Request, got: Got) -> web.StreamResponse | None:
        return got.answer(shifted("playlist", got.body, segments))

    return fault
