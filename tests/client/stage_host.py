"""A small real stage host for the stage page: docs/protocol.md by hand, one room, aiortc behind the sessions.

It answers offers with a connection that sends silence, tells events by long poll, records commands and applies the
plain ones to its view, so that a test can say "now the host is on the air" and look at the page.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from pathlib import Path
from typing import Any

from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from hustings.copy import catalogue, part, read
from hustings.pages.stage import render

ROOT = Path(__file__).resolve().parents[2]
KEY = "evening"


def now_ms() -> int:
    return int(time.time() * 1000)


def ticket(role: str, name: str) -> str:
    """The shape of a ticket; nobody here checks its signature."""
    payload = {"t": "AAAAAAAABBBBBBBBCCCCCC", "r": KEY, "o": role, "n": name, "at": 1}
    text = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"v1.test.{text}.signature"


def person(id: str, name: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "person": id, "name": name, "role": role, "muted": False, "muted_by": None, "link": "here",
        "talking": False, "level_db": -60, "kind": "browser", "treated": {"hum": False, "noise": False}, **more,
    }  # fmt: skip


class StageHost:
    """`async with StageHost() as host: ...`; `host.url` is its address, `host.show(...)` changes what pages see."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, dict[str, Any], str]] = []
        self.offers: list[str] = []
        self.left: list[str] = []
        self.refusal: tuple[int, str] | None = None  # every call
        self.session_refusal: tuple[int, str] | None = None
        self.answered: dict[str, dict[str, Any]] = {}
        self.connections: dict[str, RTCPeerConnection] = {}
        self.heard: set[asyncio.Task[None]] = set()
        self.changed = asyncio.Condition()
        self.version = 1
        self.numbers = itertools.count(1)
        self.view = self.first_view()

    @staticmethod
    def first_view() -> dict[str, Any]:
        start = now_ms() + 12 * 60_000
        room = {
            "key": KEY, "title": "What does a fair election cost?", "description": "", "picture": None,
            "picture_alt": "", "state": "open", "starts_at_ms": start, "doors_at_ms": start - 1_800_000,
            "air_at_ms": None, "on_air_since_ms": None, "ended_at_ms": None, "end_reason": None,
            "late_reason": "", "live_url": f"http://localhost:8001/{KEY}", "speakers_max": 13, "profile": "default",
            "listeners": None, "brownout": {"step": 0, "since_ms": None, "says": "", "least": 0},
        }  # fmt: skip
        you = {
            "person": "AAAAAAAA",
            "name": "Ada Quine",
            "role": "host",
            "muted": False,
            "on_stage": False,
            "admitted": True,
        }
        return {"room": room, "you": you, "people": [], "alarms": [], "features": {}}

    async def __aenter__(self) -> StageHost:
        app = web.Application()
        app.add_routes([
            web.get("/assets/{build}/{path:.*}", self.asset),
            web.post("/session/{key}", self.session),
            web.delete("/session/{key}/{id}", self.leave),
            web.get("/events/{key}", self.events),
            web.post("/command/{key}/{name}", self.command),
            web.get("/{key}", self.page),
        ])  # fmt: skip
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        await self.listen(0)
        return self

    async def listen(self, port: int) -> None:
        self.site = web.TCPSite(self.runner, "127.0.0.1", port)
        await self.site.start()
        self.port = self.runner.addresses[0][1]
        self.url = f"http://localhost:{self.port}"

    async def die(self) -> None:
        """Nobody listens, and nothing goes on: a connection that a browser keeps would be answered still."""
        await self.site.stop()
        assert self.runner.server is not None
        for kept in self.runner.server.connections:
            if kept.transport is not None:
                kept.transport.abort()
        await self.hang_up()

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        await self.runner.cleanup()

    async def hang_up(self) -> None:
        for connection in list(self.connections.values()):
            await connection.close()
        self.connections.clear()

    async def tell(self) -> None:
        async with self.changed:
            self.version += 1
            self.changed.notify_all()

    async def show(self, **parts: Any) -> None:
        """`show(room={...}, you={...}, people=[...], alarms=[...], features={...})`: merged or replaced, then told."""
        for name, value in parts.items():
            if name in ("room", "you"):
                self.view[name] |= value
            else:
                self.view[name] = value
        await self.tell()

    async def page(self, _: web.Request) -> web.Response:
        copy = catalogue("en", "stage") | part("en", "voice")
        for file in (ROOT / "src/hustings/features").glob("*/copy/en.json"):
            copy |= read(file)
        html = render(copy, "/assets/test", "http://localhost:8001", "http://localhost:8000", "en")
        return web.Response(body=html, content_type="text/html", charset="utf-8")

    async def asset(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        base = ROOT / ("src/hustings" if path.startswith("features/") else "client")
        if not (base / path).is_file():
            raise web.HTTPNotFound
        return web.FileResponse(base / path)

    def refused(self, session: bool = False) -> web.Response | None:
        refusal = self.refusal or (self.session_refusal if session else None)
        if refusal is None:
            return None
        status, code = refusal
        return web.json_response({"code": code, "message": code}, status=status)

    async def session(self, request: web.Request) -> web.Response:
        if refusal := self.refused(session=True):
            return refusal
        offer = await request.text()
        self.offers.append(offer)
        await self.hang_up()
        connection = RTCPeerConnection()
        connection.addTrack(AudioStreamTrack())  # silence, 20 ms a packet

        @connection.on("track")
        def _(track: Any) -> None:
            async def listen() -> None:
                try:
                    while True:
                        await track.recv()
                except Exception:  # the track's own end
                    return

            task = asyncio.ensure_future(listen())
            self.heard.add(task)
            task.add_done_callback(self.heard.discard)

        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        id = f"s{next(self.numbers)}"
        self.connections[id] = connection
        await self.arrive()
        return web.Response(
            status=201, text=connection.localDescription.sdp, content_type="application/sdp",
            headers={"Location": f"/session/{KEY}/{id}"},
        )  # fmt: skip

    async def arrive(self) -> None:
        you = self.view["you"]
        if not any(one["person"] == you["person"] for one in self.view["people"]):
            self.view["people"].insert(0, person(you["person"], you["name"], you["role"]))
        you["on_stage"] = True
        await self.tell()

    async def leave(self, request: web.Request) -> web.Response:
        self.left.append(request.match_info["id"])
        await self.hang_up()
        me = self.view["you"]["person"]
        self.view["people"] = [one for one in self.view["people"] if one["person"] != me]
        await self.tell()
        return web.Response()

    async def events(self, request: web.Request) -> web.Response:
        if refusal := self.refused():
            return refusal
        after = request.query.get("after")
        if after == str(self.version):
            async with self.changed:
                try:
                    await asyncio.wait_for(
                        self.changed.wait_for(lambda: after != str(self.version)), 10
                    )
                except TimeoutError:
                    return web.json_response({"cursor": after, "now_ms": now_ms(), "events": []})
        events = [{"type": "view", "view": self.view}]
        return web.json_response(
            {"cursor": str(self.version), "now_ms": now_ms(), "events": events}
        )

    async def command(self, request: web.Request) -> web.Response:
        if refusal := self.refused():
            return refusal
        key, name = request.headers["Idempotency-Key"], request.match_info["name"]
        if key in self.answered:
            return web.json_response(self.answered[key])
        body = json.loads(await request.text())
        self.commands.append((name, body, key))
        reply = await self.obey(name, body)
        self.answered[key] = reply
        return web.json_response(reply)

    async def obey(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        room = self.view["room"]
        if name == "open_doors":
            room["state"] = "open"
        elif name == "go_on_air":
            room["air_at_ms"] = now_ms() + body["in_ms"]
        elif name == "hold":
            room["air_at_ms"] = None
        elif name == "end":
            room |= {"state": "ended", "ended_at_ms": now_ms(), "air_at_ms": None}
        elif name == "late":
            room["late_reason"] = body["reason"]
        elif name == "brownout":
            room["brownout"] |= {"step": body["step"], "least": body["step"]}
        elif name == "rename":
            self.view["you"]["name"] = body["name"]
        elif name == "mute":
            self.mute(body)
        elif name == "remove":
            self.view["people"] = [
                one for one in self.view["people"] if one["person"] != body["person"]
            ]
        await self.tell()
        if name == "invite":
            return {
                "ticket": "v1.studio.e30.xx",
                "url": f"http://localhost:8002/{KEY}#t=v1.studio.eyJ0IjoiZ3Vlc3QifQ.0aPq",
            }
        return {}

    def mute(self, body: dict[str, Any]) -> None:
        me = self.view["you"]["person"]
        by = "self" if body["person"] == me else me
        if body["person"] == me:
            self.view["you"]["muted"] = body["muted"]
        for one in self.view["people"]:
            if one["person"] == body["person"]:
                one |= {"muted": body["muted"], "muted_by": by if body["muted"] else None}
