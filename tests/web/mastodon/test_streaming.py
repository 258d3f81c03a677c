"""Streams over a real socket, by clients that nobody here wrote: Mastodon.py by SSE, aiohttp and masto by WebSocket."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest
from mastodon import StreamListener

from hustings.web.mastodon.streaming import FRAME_MAX, FRAMES_PER_MINUTE
from hustings.web.mastodon.streams import ACCOUNT_MAX, NAMES_MAX
from tests.web.mastodon.conftest import Served
from tests.web.mastodon.test_clients import MASTO, masto, mastodon_py

WAIT_S = 20.0
Socket = aiohttp.ClientWebSocketResponse


class Heard(StreamListener):  # type: ignore[misc]
    def __init__(self) -> None:
        self.came: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.open = threading.Event()

    def on_update(self, status: Any) -> None:
        self.came.put(("update", status))

    def on_notification(self, notification: Any) -> None:
        self.came.put(("notification", notification))

    def on_delete(self, status_id: Any) -> None:
        self.came.put(("delete", status_id))

    def on_status_update(self, status: Any) -> None:
        self.came.put(("edit", status))

    def handle_heartbeat(self) -> None:
        self.open.set()


def test_mastodon_py_hears_by_sse(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    ada.account_follow(bob.me().id)
    assert ada.stream_healthy() is True
    heard = Heard()
    handle = ada.stream_user(heard, run_async=True)
    assert heard.open.wait(WAIT_S)
    post = bob.status_post("To @ada")
    kinds = dict(heard.came.get(timeout=WAIT_S) for _ in range(2))
    assert kinds["update"].id == post.id and kinds["notification"].type == "mention"
    bob.status_update(post.id, "To @ada again")
    kind, edited = heard.came.get(timeout=WAIT_S)
    assert kind == "edit" and "again" in edited.content
    bob.status_delete(post.id)
    assert heard.came.get(timeout=WAIT_S) == ("delete", str(post.id))
    handle.close()


@asynccontextmanager
async def socket_of(
    served: Served, token: str, query: str = "", **more: Any
) -> AsyncIterator[Socket]:
    url = f"{served.streaming}/api/v1/streaming?access_token={token}{query}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, **more) as socket:
        yield socket


async def next_of(socket: Socket) -> dict[str, Any]:
    return dict(json.loads((await socket.receive(WAIT_S)).data))


async def subscribe(socket: Socket, kind: str, **more: str) -> None:
    await socket.send_str(json.dumps({"type": "subscribe", "stream": kind, **more}))


async def said(served: Served, token: str, text: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{served.url}/api/v1/statuses",
            headers={"Authorization": f"Bearer {token}"},
            json={"status": text},
        )
        assert answer.status_code == 200, answer.text


async def test_a_socket_hears_what_it_asked_for(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    async with socket_of(served, ada.access_token, "&stream=public:local") as socket:
        await subscribe(socket, "hashtag", tag="Kyoto")
        await subscribe(socket, "nonsense")
        assert (await next_of(socket))["code"] == "stream_unknown"
        await said(served, bob.access_token, "In #kyoto")
        one = await next_of(socket)
        assert one["stream"] == ["public:local"] and one["event"] == "update"
        assert "kyoto" in json.loads(one["payload"])["content"]
        await socket.send_str('{"type": "unsubscribe", "stream": "public:local"}')
        await subscribe(socket, "direct")
        assert (await next_of(socket))["code"] == "not_offered"
        await subscribe(socket, "list", list="1")
        assert (await next_of(socket))["code"] == "list_unknown"
        await said(served, bob.access_token, "In #Kyoto once more")
        assert (await next_of(socket))["stream"] == ["hashtag", "kyoto"]
    async with socket_of(served, "", "", protocols=[ada.access_token]) as socket:
        await subscribe(socket, "user")
        await said(served, ada.access_token, "One's own")
        assert (await next_of(socket))["stream"] == ["user"]


async def test_webs_own_port_has_streams_too(served: Served) -> None:
    """For apps that do not ask where they are."""
    ada = mastodon_py(served)
    url = f"{served.url}/api/v1/streaming?stream=user&access_token={ada.access_token}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await said(served, ada.access_token, "One's own")
        assert (await next_of(socket))["event"] == "update"


def test_apps_are_told_where_streams_are(served: Served) -> None:
    told = httpx.get(f"{served.url}/api/v2/instance", trust_env=False).json()
    assert told["configuration"]["urls"]["streaming"] == served.streaming.replace("http", "ws", 1)


async def test_a_stream_ends_with_its_token(served: Served) -> None:
    ada = mastodon_py(served)
    token = ada.access_token
    async with socket_of(served, token, "&stream=user") as socket:
        ada.revoke_access_token(allow_http=True)
        async with asyncio.timeout(5):
            message = await socket.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with socket_of(served, token, "&stream=user"):
            raise AssertionError


async def test_each_account_has_so_many(served: Served) -> None:
    token = mastodon_py(served).access_token
    async with aiohttp.ClientSession() as session:
        url = f"{served.streaming}/api/v1/streaming?access_token={token}"
        many = [await session.ws_connect(url) for _ in range(ACCOUNT_MAX)]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        by_sse = f"{served.url}/api/v1/streaming/user?access_token={token}"
        async with session.get(by_sse) as one_more:
            assert one_more.status == 429 and (await one_more.json())["code"] == "too_many"
        for socket in many:
            await socket.close()


async def test_frames_and_subscriptions_have_limits(served: Served) -> None:
    token = mastodon_py(served).access_token
    async with socket_of(served, token) as socket:
        await socket.send_str("x" * FRAME_MAX)
        assert (await next_of(socket))["code"] == "bad_request"
        for n in range(NAMES_MAX + 1):
            await subscribe(socket, "hashtag", tag=f"t{n}")
        assert (await next_of(socket))["code"] == "bad_request", "one past it"
        await socket.send_str("x" * (FRAME_MAX + 1))
        assert (await socket.receive(WAIT_S)).data == 1009
    async with socket_of(served, token) as socket:
        for _ in range(FRAMES_PER_MINUTE + 1):
            await socket.send_str("{}")
        codes = [(await socket.receive(WAIT_S)) for _ in range(FRAMES_PER_MINUTE + 1)]
        assert codes[-1].data == 1008


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("user", 401, "token_wrong"),
        ("user?access_token=x", 401, "token_wrong"),
        ("user?access_token=" + "x" * 43, 401, "token_wrong"),
        ("nonsense?access_token=TOKEN", 404, "stream_unknown"),
        ("direct?access_token=TOKEN", 422, "not_offered"),
        ("list?access_token=TOKEN&list=1", 404, "list_unknown"),
        ("list?access_token=TOKEN", 404, "list_unknown"),
        ("hashtag?access_token=TOKEN", 400, "bad_request"),
        ("user/../../oauth?access_token=TOKEN", 404, ""),
    ],
)
def test_what_is_no_stream(served: Served, path: str, status: int, code: str) -> None:
    token = mastodon_py(served).access_token or ""
    for place in (served.url, served.streaming):
        url = f"{place}/api/v1/streaming/{path.replace('TOKEN', token)}"
        answer = httpx.get(url, trust_env=False)
        assert answer.status_code == status and code in answer.text


MASTO_STREAM = """
import { createStreamingAPIClient, createRestAPIClient } from "masto";
import { WebSocket } from "ws";
// Node 20 has neither of these two, which masto takes for granted since 22.
globalThis.WebSocket ??= WebSocket;
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
const [url, accessToken] = process.argv.slice(1);
const rest = createRestAPIClient({ url, accessToken });
const instance = await rest.v2.instance.fetch();
const streaming = createStreamingAPIClient(
  { streamingApiUrl: instance.configuration.urls.streaming, accessToken, implementation: globalThis.WebSocket });
const events = streaming.user.subscribe();
setInterval(() => rest.v1.statuses.create({ status: "From masto" }), 500); // until the stream is there
for await (const event of events) { console.log(JSON.stringify(event)); break; }
process.exit(0);
"""


def test_masto_hears_by_websocket(served: Served) -> None:
    if not MASTO.is_dir():
        pytest.skip("masto is not installed (make test brings it)")
    token = mastodon_py(served).access_token or ""
    event = masto(served, MASTO_STREAM, token)
    assert event["event"] == "update" and "From masto" in event["payload"]["content"]
