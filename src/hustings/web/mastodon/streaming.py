"""Streaming (https://docs.joinmastodon.org/methods/streaming/): by WebSocket and by Server-Sent Events, always with a token."""

from __future__ import annotations

import json
from asyncio import CancelledError, Task, create_task, get_running_loop, timeout
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, WebSocket
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.websockets import WebSocketDisconnect

from hustings.social import lists, scopes
from hustings.social.paging import id_of
from hustings.social.text import tag_key
from hustings.web.mastodon import answers, wishes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import ANYBODY, says
from hustings.web.mastodon.streams import NAMES_MAX, POLICY, Message, Name, Stream, Streams
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

SCOPES = {
    "user": "read:statuses",
    "user:notification": "read:notifications",
    "public": "read:statuses",
    "public:local": "read:statuses",
    "hashtag": "read:statuses",
    "hashtag:local": "read:statuses",
    "list": "read:lists",
}
"""What each stream needs. Conversations do not exist here: their stream is refused as not offered."""
ASKS: dict[str, Any] = {
    "hashtag": wishes.TagStream,
    "hashtag:local": wishes.TagStream,
    "list": wishes.ListStream,
}
EVENTS = "text/event-stream"
NOT_OFFERED = ("direct", "public:remote", "public:media", "public:local:media")
HEARTBEAT_S = 15.0
FRAME_MAX, FRAMES_PER_MINUTE = 1_000, 120
TOO_BIG = 1009
TAG_MAX = 200
Check = Callable[[Name, Stream], Awaitable[Name]]


def build(parts: Parts, callers: Callers, streams: Streams) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/streaming")
    parts.sql.on_write = streams.ring

    async def check(name: Name, stream: Stream) -> Name:
        """Errors: `list_unknown`, for another's too."""
        if name[0] == "list":
            await parts.sql.read(lists.own, stream.account, int(name[1]))
        return name

    @router.get("/health")
    @says(None, by=ANYBODY, kind="text/plain")
    async def health() -> Response:
        return PlainTextResponse("OK")

    async def by_sse(kind: str, request: Request) -> Response:
        stream = await _of(callers, _token(request))
        tree = {**request.query_params, "stream": kind}
        stream.names.add(await check(_asked(tree, stream), stream))
        await streams.enter(stream)
        head = {**answers.NO_STORE, "X-Accel-Buffering": "no"}
        return StreamingResponse(_sent(streams, stream), 200, head, EVENTS)

    for kind in SCOPES:
        _by_sse(router, kind, by_sse)

    @router.get("/{path:path}", include_in_schema=False)
    async def others(path: str, request: Request) -> Response:
        """With a slash behind it; what is not offered, or not known, is refused with its reason."""
        return await by_sse(path.strip("/").replace("/", ":"), request)

    @router.websocket("")
    async def by_websocket(socket: WebSocket) -> None:
        protocol = socket.headers.get("sec-websocket-protocol", "").split(",")[0].strip()
        try:
            stream = await _of(callers, _token(socket) or protocol)
            if "stream" in socket.query_params:
                asked = _asked(dict(socket.query_params), stream)
                stream.names.add(await check(asked, stream))
            await streams.enter(stream)
        except Refused as refused:
            await _refuse(socket, refused)
            return
        try:
            await socket.accept(protocol or None)
            await _carry(socket, stream, check)
        finally:
            streams.leave(stream)

    return router


def _by_sse(
    router: APIRouter, kind: str, answer: Callable[[str, Request], Awaitable[Response]]
) -> None:
    said = says(None, SCOPES[kind], asks=(ASKS.get(kind, wishes.Stream),), kind=EVENTS)

    @router.get(f"/{kind.replace(':', '/')}")
    @said
    async def stream(request: Request) -> Response:
        return await answer(kind, request)


async def _sent(streams: Streams, stream: Stream) -> AsyncIterator[str]:
    try:
        yield ":)\n\n"
        while stream.code is None:
            try:
                async with timeout(HEARTBEAT_S):
                    message = await stream.take()
            except TimeoutError:
                yield ":thump\n\n"
                continue
            if message is not None:
                yield f"event: {message.event}\ndata: {message.payload}\n\n"
    finally:
        streams.leave(stream)


async def _carry(socket: WebSocket, stream: Stream, check: Check) -> None:
    """Both ways, until either ends."""
    listening = create_task(_listen(socket, stream, check))
    try:
        while (message := await stream.take()) is not None:
            for name in message.names:
                if name in stream.names:
                    await socket.send_text(_frame(name, message))
                    break
    except (WebSocketDisconnect, RuntimeError):
        return
    finally:
        await _end(listening)
    try:
        await socket.close(stream.code or POLICY)
    except RuntimeError:
        return  # gone already


async def _listen(socket: WebSocket, stream: Stream, check: Check) -> None:
    """What the far end says: it subscribes, and takes that back."""
    frames = Counter[int]()
    clock = get_running_loop().time
    try:
        while True:
            text = await socket.receive_text()
            minute = int(clock() // 60)
            frames[minute] += 1
            if len(text) > FRAME_MAX:
                stream.end(TOO_BIG)
                return
            if frames[minute] > FRAMES_PER_MINUTE:
                stream.end(POLICY)
                return
            for old in [one for one in frames if one != minute]:
                del frames[old]
            try:
                await _obey(text, stream, check)
            except Refused as refused:
                await socket.send_text(json.dumps(_said(refused)))
    except (WebSocketDisconnect, RuntimeError, KeyError):
        stream.end(POLICY)


async def _obey(text: str, stream: Stream, check: Check) -> None:
    """Errors: `bad_request`, `not_offered`, `scope_missing`, `list_unknown`."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("bad_request") from None
    if not isinstance(tree, dict):
        raise Refused("bad_request")
    name = _asked(tree, stream)
    match tree.get("type"):
        case "subscribe" if len(stream.names) < NAMES_MAX or name in stream.names:
            stream.names.add(await check(name, stream))
        case "unsubscribe":
            stream.names.discard(name)
        case _:
            raise Refused("bad_request", field="type")


def _asked(tree: dict[str, Any], stream: Stream) -> Name:
    """Errors: `stream_unknown`, `not_offered`, `scope_missing`, `list_unknown`, `bad_request` for a hashtag without one."""
    kind, tag = str(tree.get("stream", ""))[:40], str(tree.get("tag", ""))[:TAG_MAX]
    if kind in NOT_OFFERED:
        raise Refused("not_offered", field="stream")
    if kind not in SCOPES:
        raise Refused("stream_unknown")
    if not scopes.allow(stream.scopes, SCOPES[kind]):
        raise Refused("scope_missing")
    if kind == "list":
        return kind, str(id_of(str(tree.get("list", "")), "list_unknown"))
    if not kind.startswith("hashtag"):
        return (kind,)
    key = tag_key(tag.removeprefix("#"))
    if not key:
        raise Refused("bad_request", field="tag")
    return kind, key


async def _of(callers: Callers, token: str) -> Stream:
    """Errors: `token_wrong`, `not_let_in`, `email_unconfirmed`."""
    if not token:
        raise Refused("token_wrong")
    found = await callers.bearer(token)
    if found.account is None:
        raise Refused("token_wrong")
    if not found.confirmed:
        raise Refused("email_unconfirmed")
    if not found.approved:
        raise Refused("not_let_in")
    return Stream(found.account, found.token, found.scopes)


def _token(asked: Request | WebSocket) -> str:
    scheme, _, token = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return asked.query_params.get("access_token", "")


def _frame(name: Name, message: Message) -> str:
    tree = {"stream": list(name), "event": message.event, "payload": message.payload}
    return json.dumps(tree, ensure_ascii=False)


def _said(refused: Refused) -> dict[str, Any]:
    return {"error": refused.sentence, "status": refused.status, "code": refused.code}


async def _refuse(socket: WebSocket, refused: Refused) -> None:
    """As an answer where the server can give one, else as a close before the handshake (403)."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(answers.no(socket.url.path, refused))
    else:
        await socket.close(POLICY)


async def _end(task: Task[None]) -> None:
    task.cancel()
    try:
        await task
    except CancelledError:
        return
