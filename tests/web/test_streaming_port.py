"""The port of streams: what comes by aiohttp goes on as ASGI, whatever the application is. The streams themselves:
`mastodon/test_streaming.py`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from starlette.types import Message, Receive, Scope, Send

from hustings.patience import Connections
from hustings.web import streaming_port
from hustings.web.streaming_port import MESSAGE_MAX, ROOT

WAIT_S = 20.0
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


class Application:
    """Notes what it is asked, and answers by the path's last word."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.heard: list[Message] = []
        self.left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        word = scope["path"].rpartition("/")[2]
        try:
            await {"websocket": self.socket, "http": self.answer}[scope["type"]](
                word, receive, send
            )
        finally:
            self.left.set()

    async def answer(self, word: str, receive: Receive, send: Send) -> None:
        self.heard.append(await receive())
        head = {"type": "http.response.start", "status": 201, "headers": [(b"x-a", b"1")] * 2}
        body = {"type": "http.response.body", "body": b"so", "more_body": False}
        if word == "silent":
            return
        await send(head)
        await send(body)
        if word == "endless":
            await receive()

    async def socket(self, word: str, receive: Receive, send: Send) -> None:
        self.heard.append(await receive())
        if word == "closed":
            await send({"type": "websocket.close", "code": 1008})
            return
        if word == "refused":
            head = {"type": "websocket.http.response.start", "status": 401, "headers": []}
            await send(head)
            await send({"type": "websocket.http.response.body", "body": b"no"})
            return
        await send({"type": "websocket.accept", "subprotocol": "token" if word == "p" else None})
        while (message := await receive())["type"] == "websocket.receive":
            self.heard.append(message)
            await send({"type": "websocket.send", "text": str(message.get("text"))})
            if message.get("text") == "enough":
                await send({"type": "websocket.close", "code": 1013})
        self.heard.append(message)


@asynccontextmanager
async def port(
    application: Application, most: int = 9, most_per_place: int | None = None
) -> AsyncIterator[tuple[aiohttp.ClientSession, int]]:
    connections = Connections(most, most_per_place)
    async with streaming_port.listening(application, "127.0.0.1", 0, connections) as listener:
        number = int(listener.sockets[0].getsockname()[1])
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{number}") as http,
            asyncio.timeout(WAIT_S),
        ):
            yield http, number


async def test_a_request_is_answered() -> None:
    application = Application()
    async with port(application) as (http, _):
        asked = http.get(f"{ROOT}/user?a=%C3%A9&b=1", headers={"X-Twice": "ä", "Cookie": "c=1"})
        async with asked as answer:
            assert answer.status == 201 and await answer.read() == b"so"
            assert answer.headers.getall("x-a") == ["1", "1"]
    scope = application.scopes[0]
    assert (scope["type"], scope["method"], scope["scheme"]) == ("http", "GET", "http")
    assert (scope["path"], scope["query_string"]) == (f"{ROOT}/user", b"a=%C3%A9&b=1")
    assert (b"x-twice", "ä".encode()) in scope["headers"] and scope["client"][0] == "127.0.0.1"
    assert application.heard == [{"type": "http.request", "body": b"", "more_body": False}]


async def test_an_answer_without_end_is_left_with_its_listener() -> None:
    application = Application()
    async with port(application) as (http, _):
        answer = await http.get(f"{ROOT}/endless")
        assert await answer.content.readexactly(2) == b"so" and not application.left.is_set()
        answer.close()
        await application.left.wait()


async def test_one_that_does_not_answer_is_a_500() -> None:
    async with port(Application()) as (http, _), http.get(f"{ROOT}/silent") as answer:
        assert answer.status == 500


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/statuses", "/api/v1/streamings"])
async def test_nothing_else_is_here(path: str) -> None:
    application = Application()
    async with port(application) as (http, _), http.get(path) as answer:
        assert answer.status == 404 and (await answer.json())["code"] == "not_found"
    assert not application.scopes


async def test_a_socket_carries_both_ways() -> None:
    application = Application()
    async with port(application) as (http, _):
        async with http.ws_connect(f"{ROOT}/p", protocols=["token", "other"]) as far:
            assert far.protocol == "token"
            await far.send_str("héllo")
            assert await far.receive_str() == "héllo"
            await far.send_bytes(b"\0")
            assert await far.receive_str() == "None"
        await application.left.wait()
    scope = application.scopes[0]
    assert (scope["type"], scope["scheme"]) == ("websocket", "ws")
    assert scope["subprotocols"] == ["token", "other"]
    connect, text, octets, gone = application.heard
    assert connect == {"type": "websocket.connect"} and text["text"] == "héllo"
    assert octets["bytes"] == b"\0" and gone == {"type": "websocket.disconnect", "code": 1000}


async def test_a_socket_is_closed_with_its_code() -> None:
    async with port(Application()) as (http, _), http.ws_connect(f"{ROOT}/a") as far:
        await far.send_str("enough")
        await far.receive_str()
        assert (await far.receive()).data == 1013


async def test_a_message_at_the_limit_and_one_past_it() -> None:
    async with port(Application()) as (http, _), http.ws_connect(f"{ROOT}/a") as far:
        await far.send_str("x" * MESSAGE_MAX)
        assert len(await far.receive_str()) == MESSAGE_MAX
        await far.send_str("x" * (MESSAGE_MAX + 1))
        assert (await far.receive()).data == 1009


async def test_who_vanishes_has_left() -> None:
    application = Application()
    async with port(application) as (http, _):
        far = await http.ws_connect(f"{ROOT}/a")
        assert far._response.connection is not None
        transport = far._response.connection.transport
        assert transport is not None
        transport.abort()
        await application.left.wait()
        await far.close()


@pytest.mark.parametrize(
    ("word", "status", "body"), [("refused", 401, b"no"), ("closed", 403, b"")]
)
async def test_a_socket_is_refused_by_an_answer(word: str, status: int, body: bytes) -> None:
    async with (
        port(Application()) as (http, _),
        http.get(f"{ROOT}/{word}", headers=HANDSHAKE) as answer,
    ):
        assert answer.status == status and await answer.read() == body


@pytest.mark.parametrize(
    "spoilt",
    [
        {"Sec-WebSocket-Key": "short"},
        {"Sec-WebSocket-Version": "6"},
        {"Upgrade": "h2c"},
        {"Connection": "close"},
    ],
)
async def test_a_handshake_that_is_none_is_a_request(spoilt: dict[str, str]) -> None:
    application = Application()
    async with (
        port(application) as (http, _),
        http.get(f"{ROOT}/a", headers={**HANDSHAKE, **spoilt}) as answer,
    ):
        assert answer.status in (201, 400)
    assert [scope["type"] for scope in application.scopes] in ([], ["http"])


@pytest.mark.parametrize(("most", "most_per_place"), [(2, None), (9, 2)])
async def test_so_many_connections_and_one_past_it(most: int, most_per_place: int | None) -> None:
    async with port(Application(), most, most_per_place) as (http, number):
        many = [await http.ws_connect(f"{ROOT}/a") for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        await many[0].close()
        while True:  # the place is free once its connection is down
            try:
                many[0] = await http.ws_connect(f"{ROOT}/a")
                break
            except (aiohttp.ClientError, ConnectionError):
                continue
        for far in many:
            await far.close()
