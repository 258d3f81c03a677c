"""Lists that should not be: one real server, each case a plain "no", and nobody's list but one's own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from hustings.social.lists import LISTS_MAX, TITLE_MAX
from tests.bad_inputs.letting_in import ESCAPES, MARKS, let_in, own_id, sane
from tests.e2e.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

IDS = ["0", "-1", "x", "9" * 400, "1e3", "%00", "1%20OR%201=1", "٣"]


@pytest.fixture(scope="module")
def ada(house: House) -> Iterator[httpx.Client]:
    """She keeps a list."""
    with let_in(house, "ada_lists") as client:
        yield client


@pytest.fixture(scope="module")
def eve(house: House) -> Iterator[httpx.Client]:
    """She means harm."""
    with let_in(house, "eve_lists") as client:
        yield client


@pytest.fixture(scope="module")
def kept(ada: httpx.Client) -> str:
    answer = ada.post("/api/v1/lists", json={"title": "The secret list"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize(
    "title",
    ["", "   ", "\u202e\u200b\ufeff", "a" * (TITLE_MAX + 1), "a" * 60_000, MARKS[:60_000], ["a"], {"a": 1}, 1, None, True],
)  # fmt: skip
def test_titles_without_an_end_or_a_beginning(
    house: House, eve: httpx.Client, kept: str, title: Any
) -> None:
    """CVE-2026-23963: a name of any length was kept."""
    sane(house, eve.post("/api/v1/lists", json={"title": title}), 400, 413, 422)
    assert eve.get("/api/v1/lists").json() == []


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "{{ 7*7 }}", *ESCAPES[:4]])
def test_a_title_is_text(house: House, title: str) -> None:
    with let_in(house, f"tim_{sum(map(ord, title))}") as tim:
        made = tim.post("/api/v1/lists", json={"title": f"a{title}b"})
        assert made.status_code == 200, made.text
        said = made.json()["title"]
        assert not set(said) & set("\x00\x1b\u202e\r\n") and len(said) <= TITLE_MAX


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("replies_policy", "everybody"),
        ("replies_policy", "list\x00"),
        ("replies_policy", ["list"]),
        ("replies_policy", "l" * 60_000),
        ("exclusive", "perhaps"),
        ("exclusive", {"a": 1}),
    ],
)
def test_wishes_that_there_are_none(
    house: House, eve: httpx.Client, field: str, value: Any
) -> None:
    sane(house, eve.post("/api/v1/lists", json={"title": "a", field: value}), 400, 422)
    assert eve.get("/api/v1/lists").json() == []


def test_another_s_list(house: House, ada: httpx.Client, eve: httpx.Client, kept: str) -> None:
    path = f"/api/v1/lists/{kept}"
    members = {"account_ids": [own_id(ada)]}
    for answer in (
        eve.get(path),
        eve.put(path, json={"title": "Hers now"}),
        eve.delete(path),
        eve.get(f"{path}/accounts"),
        eve.post(f"{path}/accounts", json=members),
        eve.request("DELETE", f"{path}/accounts", json=members),
        eve.get(f"/api/v1/timelines/list/{kept}"),
        eve.get(f"/api/v1/streaming/list?list={kept}"),
    ):
        sane(house, answer, 404)
        assert "secret" not in answer.text
    assert ada.get(path).json()["title"] == "The secret list"


@pytest.mark.parametrize("id", IDS)
def test_ids_that_are_none(house: House, ada: httpx.Client, kept: str, id: str) -> None:
    for path in (f"lists/{id}", f"lists/{id}/accounts", f"timelines/list/{id}"):
        sane(house, ada.get(f"/api/v1/{path}"), 404)
    sane(house, ada.get(f"/api/v1/streaming/list?list={id}"), 404)
    for wrong in ([id], {"a": id}, [[id]], [None]):
        answer = ada.post(f"/api/v1/lists/{kept}/accounts", json={"account_ids": wrong})
        sane(house, answer, 404, 422)


def test_members_whom_one_does_not_follow(
    house: House, ada: httpx.Client, eve: httpx.Client, kept: str
) -> None:
    path = f"/api/v1/lists/{kept}/accounts"
    for wrong in ([own_id(eve)], [own_id(ada)], [str(n) for n in range(1, 20_001)]):
        sane(house, ada.post(path, json={"account_ids": wrong}), 404, 413, 422)
    assert ada.get(f"{path}?limit=0").json() == []
    # not even who is followed by half: he has to say yes
    assert eve.get(f"/api/v1/accounts/{own_id(ada)}/lists").json() == []


def test_no_more_lists_than_there_may_be_however_fast(house: House) -> None:
    """CVE-2026-23963: lists of any number were kept."""
    with let_in(house, "lou_lists") as lou, ThreadPoolExecutor(8) as pool:
        said = [
            pool.submit(lou.post, "/api/v1/lists", json={"title": f"{n}"})
            for n in range(LISTS_MAX + 8)
        ]
        codes = [one.result().status_code for one in said]
        assert sorted(codes) == [200] * LISTS_MAX + [422] * 8
        assert len(lou.get("/api/v1/lists").json()) == LISTS_MAX


def test_nothing_that_was_tried_reached_the_log(house: House) -> None:
    assert "Traceback" not in house.log and "secret list" not in house.log
