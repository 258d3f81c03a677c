"""Notifications, search and streams under attack: one real server, each case a plain "no", and the server as it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import pytest
from mastodon import Mastodon

from tests.e2e.house import House
from tests.web.mastodon.conftest import Served
from tests.web.mastodon.test_clients import mastodon_py

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


@pytest.fixture(scope="session")
def apps(house: House) -> Iterator[tuple[Mastodon, Mastodon]]:
    """Two people's apps: mia hears of what ned does."""
    served = Served(house.web, house.streaming, house.folder)
    mia, ned = mastodon_py(served, "mia"), mastodon_py(served, "ned")
    ned.status_post("To @mia, a fox")
    yield mia, ned
    served.close()


def asks(
    house: House, app: Mastodon, path: str, method: str = "GET", **more: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {app.access_token}"}
    url = f"{house.web}/api/{path}"
    return httpx.request(method, url, headers=headers, trust_env=False, timeout=20, **more)


def sane(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert "Traceback" not in answer.text and "sqlite" not in answer.text.lower()


ODD_IDS = ("0", "-1", "x", "9" * 19, "9" * 400, "1e9", "' OR 1=1 --", "%00", "..%2f1", "١٢٣")


@pytest.mark.parametrize("id", ODD_IDS)
def test_notifications_that_are_none(house: House, apps: Any, id: str) -> None:
    mia, _ = apps
    sane(asks(house, mia, f"v1/notifications/{id}"), 404)
    sane(asks(house, mia, f"v1/notifications/{id}/dismiss", "POST"), 404)
    sane(asks(house, mia, f"v2/notifications/{id}"), 404)
    sane(asks(house, mia, f"v2/notifications/{id}/dismiss", "POST"), 404)


def test_somebody_else_s_notification(house: House, apps: Any) -> None:
    mia, ned = apps
    id = mia.notifications()[0].id
    sane(asks(house, ned, f"v1/notifications/{id}"), 404)
    sane(asks(house, ned, f"v1/notifications/{id}/dismiss", "POST"), 404)
    sane(asks(house, ned, f"v2/notifications/ungrouped-{id}/accounts"), 404)
    sane(asks(house, ned, "v1/notifications/clear", "POST"), 200)
    assert mia.notifications()[0].id == id


@pytest.mark.parametrize(
    "query",
    ["types[]=" + "x" * 5_000, "types[a]=1", "&".join(["types[]=mention"] * 199), "account_id=x", "max_id=1%20OR%201=1",
     "limit=-1",
     "types[][][][][]=1", "exclude_types[]=%00"],
)  # fmt: skip
def test_wishes_that_cannot_be(house: House, apps: Any, query: str) -> None:
    for version in ("v1", "v2"):
        sane(asks(house, apps[0], f"{version}/notifications?{query}"), 200, 400, 404)


@pytest.mark.parametrize(
    "asked",
    ["from:a " * 1_500, "a " * 200, "(" * 400, '"' * 400, "NEAR(a b, 1) OR *", "words:fox", "{words}: a", "^a AND NOT b",
     "a* b* c*",
     "' OR 1=1 --", "fox'); DROP TABLE post_words; --", "(a+)+$", "[a-z]{1,99999}", "%%%%", "_by1 _link", "a:b:c:d", ":*",
     "<-> & | !",
     "'fox':*ABCD", "\u202e\u0301" * 100, "before:0000-00-00", "before:9999-12-31 after:9999-12-31", "after:0001-01-01 fox",
     "has:\u0000",
     "from:\u0000", "\x00", "ﷺ" * 100],
)  # fmt: skip
def test_questions_that_are_none(house: House, apps: Any, asked: str) -> None:
    for path in ("v2/search", "v1/accounts/search"):
        for more in ({}, {"type": "statuses"}, {"offset": "40", "type": "hashtags"}):
            answer = asks(house, apps[0], path, params={"q": asked, **more})
            sane(answer, 200, 400, 422)
    sane(httpx.get(f"{house.web}/search", params={"q": asked}, trust_env=False), 200, 400, 422)
    found = asks(house, apps[0], "v2/search", params={"q": "fox"}).json()
    assert len(found["statuses"]) == 1, "the index is as it was"


@pytest.mark.parametrize("sign", ["・", "゠", "䷀", "\u3097", "\U0003ffff"])
def test_signs_that_are_no_letters_among_letters_that_stand_alone(
    house: House, apps: Any, sign: str
) -> None:
    """Schemathesis found it: such a question broke, and with it whatever has a middle dot in Japanese."""
    name = f"ハリー{sign}ポッター"
    apps[1].status_post(f"{name} {ord(sign)}")
    found = asks(house, apps[0], "v2/search", params={"q": f"{name} {ord(sign)}"})
    assert found.status_code == 200 and len(found.json()["statuses"]) == 1
    for asked in (sign, f"{sign}*", f"-{sign} fox", f"from:{sign}"):
        for path in ("v2/search", "v1/accounts/search"):
            assert asks(house, apps[0], path, params={"q": asked}).status_code == 200
    assert httpx.get(f"{house.web}/search", params={"q": name}, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "more", [{"offset": "x"}, {"limit": "x"}, {"type": "x"}, {"account_id": "x"}]
)
def test_windows_that_are_none(house: House, apps: Any, more: dict[str, str]) -> None:
    sane(asks(house, apps[0], "v2/search", params={"q": "fox", **more}), 400, 404)


def test_a_private_post_is_found_by_no_stranger(house: House, apps: Any) -> None:
    mia, ned = apps
    ned.status_post("An otter, in private", visibility="private")
    assert asks(house, mia, "v2/search", params={"q": "otter"}).json()["statuses"] == []
    assert len(asks(house, ned, "v2/search", params={"q": "otter"}).json()["statuses"]) == 1


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 8_000, "' OR 1=1 --", "\u00e4" * 43])
def test_a_stream_without_a_token_that_is_one(house: House, token: str) -> None:
    answer = httpx.get(
        f"{house.web}/api/v1/streaming/user", params={"access_token": token}, trust_env=False
    )
    sane(answer, 401)


@pytest.mark.parametrize(
    ("path", "status"),
    [("", 404), ("users", 404), ("user/../public", 404), ("public/remote", 422), ("list", 404), ("hashtag", 400),
     ("hashtag?tag=%23", 400),
     ("user%00", 404), ("u" * 4_000, 404), ("direct", 422)],
)  # fmt: skip
def test_streams_that_are_none(house: House, apps: Any, path: str, status: int) -> None:
    if path == "user/../public":
        path = "user%2f..%2fpublic"
    sane(asks(house, apps[0], f"v1/streaming/{path}"), status)


EACH_PORT = pytest.mark.parametrize("port", ["web", "streaming"])
"""Streams have a port of their own, and are on web's as well."""


async def socket_says(
    house: House, port: str, token: str, frames: list[str | bytes], most: int
) -> list[aiohttp.WSMessage]:
    """Up to `most` answers, or all until the end."""
    url = f"{getattr(house, port)}/api/v1/streaming?access_token={token}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        for frame in frames:
            send = socket.send_str if isinstance(frame, str) else socket.send_bytes
            await send(frame)  # type: ignore[arg-type]
        came: list[aiohttp.WSMessage] = []
        async with asyncio.timeout(20):
            while len(came) < most and not socket.closed:
                came.append(await socket.receive())
        return came


@EACH_PORT
@pytest.mark.parametrize(
    "frame",
    ["", "{", "[]", "null", "1", '"x"', "{}", '{"type":"subscribe"}', '{"type":"x","stream":"user"}', "[" * 900,
     '{"type":"subscribe","stream":{"a":1}}', '{"type":"subscribe","stream":"hashtag","tag":{"a":1},"tag":""}',
     '{"type":"subscribe","stream":"user\\u0000"}'],
)  # fmt: skip
async def test_frames_that_are_none(house: House, port: str, apps: Any, frame: str) -> None:
    (one,) = await socket_says(house, port, apps[0].access_token, [frame], 1)
    assert json.loads(one.data)["code"] in ("bad_request", "stream_unknown")


@EACH_PORT
@pytest.mark.parametrize("frame", ["x" * 1_001, "x" * 200_000, b"\xff\xfe", b"x" * 70_000])
async def test_frames_that_end_it(house: House, port: str, apps: Any, frame: str | bytes) -> None:
    came = await socket_says(house, port, apps[0].access_token, [frame], 9)
    assert came[-1].type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


@EACH_PORT
async def test_a_flood_of_subscriptions(house: House, port: str, apps: Any) -> None:
    frames: list[str | bytes] = [
        json.dumps({"type": "subscribe", "stream": "hashtag", "tag": f"t{n}"}) for n in range(200)
    ]
    token = apps[0].access_token
    (one,) = await socket_says(house, port, token, frames[:21], 1)
    assert json.loads(one.data)["code"] == "bad_request"
    many = await socket_says(house, port, token, frames, 200)
    assert many[-1].type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
