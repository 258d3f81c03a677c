"""Quotes that should not be: one real server, each case a plain "no", and not a word of what one may not see."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.bad_inputs.letting_in import let_in, own_id, sane
from tests.e2e.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

SECRET = "The secret is quoted."
NOWHERE = ["-1", "0", "x", "9" * 60, "1 OR 1=1", "٣", "\x00", "1e3", " 1", [1], {"id": 1}, True]


@pytest.fixture(scope="module")
def ada(house: House) -> Iterator[httpx.Client]:
    """She is quoted."""
    with let_in(house, "ada_quoted") as client:
        yield client


@pytest.fixture(scope="module")
def eve(house: House) -> Iterator[httpx.Client]:
    """She quotes, and means harm."""
    with let_in(house, "eve_quotes") as client:
        yield client


def say(client: httpx.Client, text: str = "Words.", **more: object) -> str:
    answer = client.post("/api/v1/statuses", json={"status": text, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def quotes(client: httpx.Client, of: object, **more: object) -> httpx.Response:
    said = {"status": "Look.", "quoted_status_id": of, **more}
    return client.post("/api/v1/statuses", json=said)


@pytest.mark.parametrize("id", NOWHERE)
def test_quotes_of_no_post(house: House, eve: httpx.Client, id: object) -> None:
    sane(house, quotes(eve, id), 400, 404)
    assert not eve.get(f"/api/v1/accounts/{own_id(eve)}/statuses").json()


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_a_quote_of_what_one_may_not_see(
    house: House, ada: httpx.Client, eve: httpx.Client, visibility: str
) -> None:
    id = say(ada, SECRET, visibility=visibility, quote_approval_policy="public")
    answer = quotes(eve, id)
    sane(house, answer, 404)
    assert answer.json()["code"] == "post_unknown" and "secret" not in answer.text
    for path in (f"/api/v1/statuses/{id}/quotes", f"/compose?quoted_status_id={id}"):
        assert "secret is quoted" not in eve.get(path).text


def test_a_quote_of_who_blocked_me(house: House, ada: httpx.Client) -> None:
    with let_in(house, "ned_blocked") as ned:
        id = say(ada, SECRET)
        old = quotes(ned, id).json()
        assert old["quote"]["state"] == "accepted"
        ada.post(f"/api/v1/accounts/{own_id(ned)}/block")
        sane(house, quotes(ned, id), 404)
        for client in (ned, house.http):
            answer = client.get(f"{house.web}/api/v1/statuses/{old['id']}")
            assert answer.json()["quote"] == {"state": "unauthorized", "quoted_status": None}
            assert "secret" not in answer.text and f"/{id}" not in answer.json()["content"]


@pytest.mark.parametrize("policy", ["nobody", "followers"])
def test_a_quote_that_nobody_allowed(
    house: House, ada: httpx.Client, eve: httpx.Client, policy: str
) -> None:
    answer = quotes(eve, say(ada, quote_approval_policy=policy))
    sane(house, answer, 403)
    assert answer.json()["code"] == "quote_forbidden"


@pytest.mark.parametrize(
    "policy", ["everyone", "public\x00", "p" * 60_000, 1, ["public"], {"a": 1}]
)
def test_policies_that_there_are_none(house: House, eve: httpx.Client, policy: Any) -> None:
    id = say(eve)
    said = {"quote_approval_policy": policy}
    sane(house, eve.post("/api/v1/statuses", json={"status": "a", **said}), 400, 422)
    sane(house, eve.put(f"/api/v1/statuses/{id}/interaction_policy", json=said), 400, 422)
    source = {"source": {"quote_policy": policy}}
    sane(house, eve.patch("/api/v1/accounts/update_credentials", json=source), 400, 422)


def test_quotes_never_go_in_circles(house: House, ada: httpx.Client, eve: httpx.Client) -> None:
    first = say(ada)
    second = quotes(eve, first).json()["id"]
    third = quotes(ada, second).json()["id"]
    for client, post in ((ada, first), (eve, second), (ada, third)):
        for of in (first, second, third):
            said = {"status": "Round.", "quoted_status_id": of}
            answer = client.put(f"/api/v1/statuses/{post}", json=said)
            if answer.status_code != 200:
                sane(house, answer, 422)
            else:
                kept = answer.json()["quote"]["quoted_status"]["id"]
                assert kept == of == {second: first, third: second}[post]
    tree = ada.get(f"/api/v1/statuses/{third}").json()
    assert tree["quote"]["quoted_status"]["quote"]["quoted_status_id"] == first


@pytest.mark.parametrize("by", NOWHERE[:7])
def test_nobody_else_takes_a_quote_back(
    house: House, ada: httpx.Client, eve: httpx.Client, by: str
) -> None:
    id = say(ada)
    made = quotes(eve, id).json()["id"]
    paths = [f"{id}/quotes/{made}", f"{made}/quotes/{id}", f"{made}/quotes/{made}"]
    for path in paths:
        sane(house, eve.post(f"/api/v1/statuses/{path}/revoke"), 404)
    wrong = by.replace("\x00", "%00")
    for path in (f"{id}/quotes/{wrong}", f"{wrong}/quotes/{made}"):
        sane(house, ada.post(f"/api/v1/statuses/{path}/revoke"), 404)
    assert eve.get(f"/api/v1/statuses/{made}").json()["quote"]["state"] == "accepted"


def test_quotes_and_revocations_at_once(house: House, ada: httpx.Client, eve: httpx.Client) -> None:
    """CVE-2026-33869: a race about a quote keeps nobody out. What was taken back stays so, and the count is right."""
    id = say(ada)
    first = quotes(eve, id).json()["id"]
    path = f"/api/v1/statuses/{id}/quotes/{first}/revoke"
    with ThreadPoolExecutor(12) as pool:
        made = [pool.submit(quotes, eve, id) for _ in range(8)]
        back = [pool.submit(ada.post, path) for _ in range(4)]
        assert {one.result().status_code for one in (*made, *back)} == {200}
    states = [
        eve.get(f"/api/v1/statuses/{one}").json()["quote"]["state"]
        for one in (first, *(one.result().json()["id"] for one in made))
    ]
    assert states == ["revoked"] + ["accepted"] * 8
    assert ada.get(f"/api/v1/statuses/{id}").json()["quotes_count"] == 8


def test_nothing_that_was_tried_reached_the_log(house: House) -> None:
    assert "Traceback" not in house.log and "secret is quoted" not in house.log
