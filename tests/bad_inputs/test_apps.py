"""Apps that mean harm, or are broken: one real server, each case a plain "no" in Mastodon's shape, and nothing of it in a log."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.bad_inputs.letting_in import APP, ESCAPES, MARKS, OOB, let_in, sane
from tests.e2e.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def api(house: House) -> Iterator[httpx.Client]:
    """An app that somebody let in. Its client keeps one connection."""
    with let_in(house, "mary") as client:
        yield client


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_name", MARKS[:8_000]),
        ("client_name", "\u202e\u200b"),
        ("redirect_uris", "https://a.example/\r\nSet-Cookie: a=b\x00"),
        ("redirect_uris", "\n".join(f"https://a.example/{n}" for n in range(11))),
        ("redirect_uris", "https://a.example@evil.example/"),
        ("redirect_uris", "javascript://a.example/%0aalert(1)"),
        ("redirect_uris", "https://a.example/ '; script-src *"),
        ("scopes", "read " * 10_000),
        ("scopes", "admin:write"),
        ("scopes", "read\x00write"),
        ("website", "data:text/html,<script>alert(1)</script>"),
        ("website", "https://a.example/\"><script>"),
    ],
)  # fmt: skip
def test_registrations_that_cannot_be(
    house: House, api: httpx.Client, field: str, value: str
) -> None:
    sane(house, api.post("/api/v1/apps", data={**APP, field: value}), 422)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{" * 60_000, 400),
        (b'{"client_name": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400),
        (b'{"client_name": "\\ud800"}', 422),
        (b'{"redirect_uris": {"a": "b"}, "client_name": "x"}', 422),
        (b'{"client_name": 1e999}', 400),
        (b"\xff\xfe", 400),
        (b" " * 70_000, 413),
        (json.dumps({**APP, "client_name": MARKS}).encode(), 413),
    ],
)
def test_bodies_that_are_no_registration(
    house: House, api: httpx.Client, body: bytes, status: int
) -> None:
    kind = {"Content-Type": "application/json"}
    sane(house, api.post("/api/v1/apps", content=body, headers=kind), status)


@pytest.mark.parametrize("escape", ESCAPES)
def test_what_an_app_calls_itself_is_text_and_nothing_else(
    house: House, api: httpx.Client, escape: str
) -> None:
    name = f"<script>alert(1)</script>{escape}{{{{7*7}}}}"
    body = json.dumps({**APP, "client_name": name}).encode()
    answer = api.post("/api/v1/apps", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200 and escape not in answer.json()["name"]
    with httpx.Client(base_url=house.web, headers={"Origin": house.web}) as browser:
        said = {"name": "mary", "password": "a bridge in Kyoto"}
        assert browser.post("/login", data=said).status_code == 303
        query = {
            "response_type": "code",
            "client_id": answer.json()["client_id"],
            "redirect_uri": OOB,
        }
        page = browser.get("/oauth/authorize", params=query).text
    assert html.escape("<script>alert(1)</script>", quote=False) in page
    assert "<script>alert" not in page and "49" not in page.split("<h1>")[1].split("</p>")[0]


def test_a_state_is_carried_and_never_a_header(house: House, api: httpx.Client) -> None:
    uri = "https://a.example/back"
    app = api.post("/api/v1/apps", data={**APP, "redirect_uris": uri}).json()
    with httpx.Client(base_url=house.web, headers={"Origin": house.web}) as browser:
        said = {"name": "mary", "password": "a bridge in Kyoto"}
        assert browser.post("/login", data=said).status_code == 303
        query = {
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": uri,
            "state": "\r\nSet-Cookie: a=b\r\n\r\n<script>#&code=stolen",
            "decision": "allow",
        }
        answer = browser.post("/oauth/authorize", data=query)
    where = urlsplit(answer.headers["Location"])
    assert where.netloc == "a.example" and where.query.count("code=") == 1 and not where.fragment
    assert "set-cookie" not in {name.lower() for name in answer.headers}


@pytest.mark.parametrize(
    ("method", "path", "said", "statuses"),
    [
        ("POST", "statuses", {"status": MARKS}, (413,)),
        ("POST", "statuses", {"status": "a" * 60_000}, (422,)),
        ("POST", "statuses", {"status": "\x00" * 50}, (422,)),
        ("POST", "statuses", {"status": "\u202e\u200b\ufeff"}, (422,)),
        ("POST", "statuses", {"status": {"$ne": 1}}, (400,)),
        ("POST", "statuses", {"status": "x", "in_reply_to_id": "1 OR 1=1"}, (404,)),
        ("POST", "statuses", {"status": "x", "in_reply_to_id": "9" * 400}, (404,)),
        ("POST", "statuses", {"status": "x", "in_reply_to_id": -1}, (404,)),
        ("POST", "statuses", {"status": "x", "visibility": ["public"]}, (400, 422)),
        ("POST", "statuses", {"status": "x", "language": "a" * 10_000}, (422,)),
        ("PUT", "statuses/1", {"status": "x"}, (404,)),
        ("POST", "statuses/9223372036854775808/reblog", {}, (404,)),
        ("POST", "statuses/1/reblog", {"visibility": "direct"}, (404, 422)),
        ("POST", "statuses/1/nothing", {}, (404, 405)),
        ("GET", "timelines/public?limit=-1", None, (400,)),
        ("GET", "timelines/public?max_id=1e9", None, (400,)),
        ("GET", "timelines/public?min_id=%00", None, (400,)),
        ("GET", "statuses/%F0%9F%92%A9", None, (404,)),
        ("GET", "accounts/relationships?id[]=x", None, (404,)),
        ("GET", "accounts/lookup?acct=%00", None, (404,)),
        ("GET", "accounts/lookup?acct=%ED%A0%80", None, (404,)),
        ("POST", "accounts/1/mute", {"duration": "9" * 5_000}, (400,)),
        ("POST", "accounts/1/mute", {"duration": [1]}, (400,)),
        ("POST", "markers", {"home": {"last_read_id": "9" * 40}}, (400,)),
        ("PATCH", "accounts/update_credentials", {"display_name": MARKS[:8_000]}, (422,)),
        ("PATCH", "accounts/update_credentials", {"fields_attributes": [[[]]]}, (422,)),
        ("PATCH", "accounts/update_credentials", {"source": {"language": "a" * 9_999}}, (422,)),
    ],
)  # fmt: skip
def test_what_no_app_may_send(
    house: House, api: httpx.Client, method: str, path: str, said: Any, statuses: tuple[int, ...]
) -> None:
    sane(house, api.request(method, f"/api/v1/{path}", json=said), *statuses)


@pytest.mark.parametrize(
    "said",
    [
        {"grant_type": ["authorization_code"]},
        {"grant_type": "authorization_code", "code": {"a": 1}},
        {"grant_type": "authorization_code", "code": "\ud800" * 43},
        {"grant_type": "authorization_code", "code": "x", "code_verifier": ["x"]},
        {"grant_type": "client_credentials", "scope": ["read"]},
        {"grant_type": "client_credentials", "scope": "admin"},
        {"client_id": 1},
        {"client_secret": {"$gt": ""}},
        {"client_id": "\x00" * 43},
    ],
)
def test_token_requests_that_cannot_be(
    house: House, api: httpx.Client, said: dict[str, Any]
) -> None:
    app = api.post("/api/v1/apps", data=APP).json()
    whole = {"client_id": app["client_id"], "client_secret": app["client_secret"], **said}
    body = json.dumps(whole).encode()
    kind = {"Content-Type": "application/json"}
    sane(house, api.post("/oauth/token", content=body, headers=kind), 400, 401)


def test_a_thousand_names_and_files(house: House, api: httpx.Client) -> None:
    many = {f"n{n}": "x" for n in range(1_000)}
    sane(house, api.post("/api/v1/apps", data=many), 400)
    files = [(f"f{n}", ("a.png", b"x")) for n in range(50)]
    sane(house, api.patch("/api/v1/accounts/update_credentials", files=files), 400)
    deep = "a" + "[b]" * 4_000
    sane(house, api.post("/api/v1/apps", data={deep: "x"}), 400)
