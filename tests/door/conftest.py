"""A real door on a loopback port, in front of a studio that notes what it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hustings.door.app import Limits, build
from hustings.door.files import Files
from hustings.door.serve import OPEN_MAX, OPEN_PER_PLACE_MAX
from hustings.door.sockets import Sockets
from hustings.door.studio import StudioSocket
from hustings.patience import Connections, listen
from hustings.wire.limits import Buckets
from hustings.wire.ticket import Signer, Ticket, Verifier

KEY = Ed25519PrivateKey.generate()
KNOCKS = 6
OFFERS, WRONG = 60, 40


def ticket(room: str = "demo", role: str = "speaker", signer: Signer | None = None) -> str:
    return (signer or Signer("web-1", KEY)).sign(Ticket("t" * 22, room, role, "Änn", 5))


@dataclass
class Inside:
    """Studio's side: what came in, and what it answers."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(
            {
                "method": request.method,
                "path": request.path_qs,
                "claims": json.loads(request.headers.get("Hustings-Claims", "null")),
                "device": request.headers.get("Hustings-Device"),
                "address": request.headers.get("Hustings-Address"),
                "once": request.headers.get("Idempotency-Key"),
                "match": request.headers.get("If-Match"),
                "body": await request.read(),
            }
        )
        return web.Response(status=self.status, body=self.answer, headers=self.headers)


@dataclass
class Outside:
    """A client of door, the studio behind it, and the files it serves."""

    http: aiohttp.ClientSession
    studio: Inside
    published: Path
    socket: Path
    runners: list[web.AppRunner]
    connections: Connections

    async def stop_studio(self) -> None:
        await self.runners[0].cleanup()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Outside]:
    inside = Inside()
    studio_app = web.Application(client_max_size=2**21)
    studio_app.router.add_route("*", "/{rest:.*}", inside.take)
    studio = web.AppRunner(studio_app)
    await studio.setup()
    socket = tmp_path / "studio.sock"
    await web.UnixSite(studio, str(socket)).start()
    published = tmp_path / "published"
    (published / "assets" / "abc" / "stage").mkdir(parents=True)
    client = StudioSocket(socket)
    verifier = Verifier({"web-1": KEY.public_key()})
    app = build(
        lambda: verifier,
        client,
        Files(published),
        Limits(Buckets(KNOCKS), offers=Buckets(OFFERS), wrong=Buckets(WRONG)),
        "X-Real-IP",
        Sockets(tmp_path / "voices.sock", ["http://localhost:8001"]),
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    connections = Connections(OPEN_MAX, OPEN_PER_PLACE_MAX)
    listening = await listen(runner.server, connections, "127.0.0.1", 0, None)
    port = listening.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        yield Outside(http, inside, published, socket, [studio, runner], connections)
    listening.close()
    await runner.cleanup()
    await client.close()
    await studio.cleanup()
    await asyncio.sleep(0)
