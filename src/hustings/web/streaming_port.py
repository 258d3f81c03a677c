"""Streams on a port of their own. It is web's application that answers, as on web's first port; but a WebSocket holds 16 KiB
of memory here, and 128 KiB in Granian, which reads into a buffer of that size for each.

What is asked comes by aiohttp and goes on by ASGI 3 (https://asgi.readthedocs.io/en/latest/specs/www.html). Nothing but
`/api/v1/streaming` is here, and no body is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web
from starlette.types import ASGIApp, Message, Scope

from hustings.patience import Connections, heed, listen, tls_of
from hustings.settings import Settings
from hustings.wire.errors import Refused

ROOT = "/api/v1/streaming"
MESSAGE_MAX = 8_192
"""Bytes of what a client says; past it the connection is closed (1009)."""
PING_S = 30.0
"""A client that has not answered half of this later is gone."""
CLOSE_S, STOP_WAIT_S = 1.0, 1.0
OPEN_MAX, OPEN_PER_PLACE_MAX = 3_000, 512
_SPOKEN = {"version": "3.0", "spec_version": "2.4"}


@contextlib.asynccontextmanager
async def opened(application: ASGIApp, settings: Settings) -> AsyncIterator[None]:
    """Listens until the end of the block, where there is such a port. Errors: `OSError`."""
    if not settings.web.streaming_port:
        yield
        return
    behind = bool(settings.web.forwarded_header)
    async with listening(
        application,
        settings.web.bind,
        settings.web.streaming_port,
        Connections(OPEN_MAX, None if behind else OPEN_PER_PLACE_MAX),
        tls_of(settings.tls),
    ):
        yield


@contextlib.asynccontextmanager
async def listening(
    application: ASGIApp,
    bind: str,
    port: int,
    connections: Connections,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[asyncio.Server]:
    """The same without settings. Errors: `OSError`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _answer(application, request)

    whole = web.Application(middlewares=[heed])
    whole.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(
        whole,
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,  # who goes away has left, and is not found out by the next message
        shutdown_timeout=STOP_WAIT_S,
    )
    await runner.setup()
    assert runner.server is not None
    try:
        listener = await listen(runner.server, connections, bind, port, tls)
        try:
            yield listener
        finally:
            listener.close()
    finally:
        await runner.cleanup()


async def _answer(application: ASGIApp, request: web.Request) -> web.StreamResponse:
    path = request.path
    if path != ROOT and not path.startswith(f"{ROOT}/"):
        refused = Refused("not_found")
        return web.Response(
            status=refused.status, body=refused.body(), content_type="application/json"
        )
    is_socket = web.WebSocketResponse().can_prepare(request).ok
    exchange = _Socket(request) if is_socket else _Finite(request)
    await application(_scope(request, is_socket), exchange.receive, exchange.send)
    return await exchange.ended()


def _scope(request: web.Request, is_socket: bool) -> Scope:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    more: dict[str, Any] = {"type": "http", "method": request.method, "scheme": request.scheme}
    if is_socket:
        more = {
            "type": "websocket",
            "scheme": "wss" if request.secure else "ws",
            "subprotocols": [one.strip() for one in offered.split(",") if one.strip()],
            "extensions": {"websocket.http.response": {}},
        }
    return {
        **more,
        "asgi": _SPOKEN,
        "http_version": f"{request.version.major}.{request.version.minor}",
        "path": request.path,
        "raw_path": request.rel_url.raw_path.encode(),
        "query_string": request.rel_url.raw_query_string.encode(),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": (peer[0], peer[1]) if peer else None,
        "server": None,
    }


class _Finite:
    """An answer, also one that goes on as long as it is listened to."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response: web.StreamResponse | None = None
        self._asked = False

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()  # until this task is cancelled, as it is when the client goes
        raise AssertionError

    async def send(self, message: Message) -> None:
        """Errors: `OSError`, when the client is gone."""
        if message["type"].endswith("response.start"):
            headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
            self._response = web.StreamResponse(status=message["status"], headers=headers)
            await self._response.prepare(self._request)
            return
        assert self._response is not None
        if message.get("body"):
            await self._response.write(message["body"])

    async def ended(self) -> web.StreamResponse:
        if self._response is None:
            return web.Response(status=500)
        return self._response


class _Socket:
    """A WebSocket; an answer instead, where the application takes none."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._far: web.WebSocketResponse | None = None
        self._instead = _Finite(request)
        self._begun = False

    async def receive(self) -> Message:
        if not self._begun:
            self._begun = True
            return {"type": "websocket.connect"}
        assert self._far is not None
        came = await self._far.receive()
        if came.type is WSMsgType.TEXT:
            return {"type": "websocket.receive", "text": came.data}
        if came.type is WSMsgType.BINARY:
            return {"type": "websocket.receive", "bytes": came.data}
        return {"type": "websocket.disconnect", "code": self._far.close_code or 1006}

    async def send(self, message: Message) -> None:
        """Errors: `OSError`, when the client is gone."""
        match message["type"]:
            case "websocket.accept":
                chosen = message.get("subprotocol")
                self._far = web.WebSocketResponse(
                    heartbeat=PING_S,
                    timeout=CLOSE_S,
                    compress=False,
                    max_msg_size=MESSAGE_MAX + 1,  # aiohttp takes what is smaller
                    protocols=(chosen,) if chosen else (),
                )
                await self._far.prepare(self._request)
            case "websocket.send":
                assert self._far is not None
                await self._far.send_str(message["text"])
            case "websocket.close" if self._far is not None:
                await self._far.close(code=message.get("code", 1000))
            case "websocket.close":
                await self._instead.send(
                    {"type": "http.response.start", "status": 403, "headers": []}
                )
            case _:
                await self._instead.send(message)

    async def ended(self) -> web.StreamResponse:
        return self._far or await self._instead.ended()
