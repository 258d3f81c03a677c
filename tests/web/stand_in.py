"""A small studio on a real Unix socket: it keeps plans, says no when told to, and sends the frames that a test writes."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from aiohttp import web

from hustings.wire.feed import END, JOURNAL, LIVE, SNAPSHOT, Frame, encode


class StudioStandIn:
    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.plans: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, str]] = []
        self.refusals: dict[tuple[str, str], tuple[int, str]] = {}
        self.lines: dict[str, list[Frame]] = defaultdict(list)
        self.over: set[str] = set()
        self.asked_from: list[tuple[str, str]] = []
        self.unlisted: set[str] = set()
        self.cuts: list[tuple[str, dict[str, Any]]] = []
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_put("/rooms/{key}", self._put)
        app.router.add_get("/rooms/{key}", self._get)
        app.router.add_delete("/rooms/{key}", self._delete)
        app.router.add_post("/rooms/{key}/cut", self._cut)
        app.router.add_get("/feed/{key}", self._feed)
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            self.socket.unlink(missing_ok=True)

    async def tell(self, key: str, *events: dict[str, Any], term: int = 1) -> None:
        """Journal lines into a room's feed."""
        for event in events:
            at = len(self.lines[key]) + 1
            body = json.dumps({"clock": 0, "term": term, **event}).encode()
            self.lines[key].append(Frame(at, term, JOURNAL, {}, body))
        await self._wake()

    async def end(self, key: str) -> None:
        """The room is destroyed."""
        self.plans.pop(key, None)
        self.over.add(key)
        await self._wake()

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _no(self, request: web.Request) -> web.Response | None:
        key = request.match_info["key"]
        self.calls.append((request.method, key))
        found = self.refusals.get((request.method, key)) or self.refusals.get((request.method, "*"))
        if found is None:
            return None
        return web.json_response({"code": found[1], "message": ""}, status=found[0])

    async def _put(self, request: web.Request) -> web.Response:
        if (no := self._no(request)) is not None:
            return no
        key, plan = request.match_info["key"], await request.json()
        known = self.plans.get(key)
        if known is not None and known["plan"] != plan["plan"]:
            return web.json_response({"code": "room_taken", "message": ""}, status=409)
        self.plans[key] = plan
        number = len(self.lines[key]) + 1
        kind = "planned" if known is None else "changed"
        if known != plan:
            await self.tell(key, {"n": number, "at_ms": 1, "type": kind, "plan_facts": plan})
        return web.json_response({}, status=201 if known is None else 200)

    async def _get(self, request: web.Request) -> web.Response:
        if (no := self._no(request)) is not None:
            return no
        if request.match_info["key"] not in self.plans:
            return web.json_response({"code": "room_unknown", "message": ""}, status=404)
        return web.json_response({})

    async def _delete(self, request: web.Request) -> web.Response:
        if (no := self._no(request)) is not None:
            return no
        if self.plans.pop(request.match_info["key"], None) is None:
            return web.json_response({"code": "room_unknown", "message": ""}, status=404)
        await self._wake()
        return web.json_response({})

    async def _cut(self, request: web.Request) -> web.Response:
        if (no := self._no(request)) is not None:
            return no
        if request.match_info["key"] not in self.plans:
            return web.json_response({"code": "room_unknown", "message": ""}, status=404)
        self.cuts.append((request.match_info["key"], await request.json()))
        return web.json_response({})

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        self.asked_from.append((key, request.query.get("from", "")))
        if key != "_" and key not in self.plans and key not in self.over:
            return web.json_response({"code": "room_unknown", "message": ""}, status=404)
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            await (self._directory(answer) if key == "_" else self._room(answer, key))
        except (ConnectionError, asyncio.CancelledError):
            pass
        return answer

    async def _directory(self, answer: web.StreamResponse) -> None:
        sent = b""
        seq = 0
        while True:
            keys = sorted(self.plans.keys() - self.unlisted)
            tree = {"rooms": [{"key": key, "state": "planned", "term": 1} for key in keys]}
            if (body := json.dumps(tree).encode()) != sent:
                first, sent, seq = not sent, body, seq + 3
                rooms = encode(Frame(seq + 1, 1, "rooms.json", {}, body))
                head = encode(Frame(seq, 1, SNAPSHOT)) if first else b""
                tail = encode(Frame(seq + 2, 1, LIVE)) if first else b""
                await answer.write(head + rooms + tail)
            await self._wait(answer)

    async def _room(self, answer: web.StreamResponse, key: str) -> None:
        sent = 0
        await answer.write(encode(Frame(0, 1, SNAPSHOT)))
        while True:
            frames = self.lines[key][sent:]
            sent += len(frames)
            await answer.write(b"".join(encode(frame) for frame in frames))
            if key in self.over:
                await answer.write(encode(Frame(sent + 1, 1, END)))
                return
            await self._wait(answer)

    async def _wait(self, answer: web.StreamResponse) -> None:
        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait(), 0.5)
            except TimeoutError:
                await answer.write(encode(Frame(0, 1, ":beat")))
