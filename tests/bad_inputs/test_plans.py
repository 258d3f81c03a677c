"""Plans that cannot be: titles, keys, bodies."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.e2e.house import House, Room

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


def plan(house: House, **more: object) -> httpx.Response:
    soon = int(time.time() * 1000) + 3_600_000
    wanted = {"title": "A title", "starts_at_ms": soon, "host_name": "H", **more}
    return house.http.post(f"{house.web}/api/hustings/v1/rooms", json=wanted)


@pytest.mark.parametrize(
    ("title", "code"),
    [("", "title_empty"), ("   ", "title_empty"), ("x" * 201, "title_too_long"),
     ("x" * 10_000, "title_too_long")],
)  # fmt: skip
def test_a_title_that_is_none_or_too_long(house: House, title: str, code: str) -> None:
    answer = plan(house, title=title)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_title_of_markup_is_text_everywhere(house: House) -> None:
    title = "<script>alert(1)</script>\"'&"
    answer = plan(house, title=title, key="markup", description="<img src=x onerror=alert(1)>")
    assert answer.status_code == 201
    assert answer.json()["room"]["title"] == title
    for page in (f"{house.live}/markup", house.web):
        text = house.http.get(page).text
        assert "<script>alert" not in text and "<img src=x" not in text
        assert "alert(1)" in text


@pytest.mark.parametrize("key", ["live", "api", "whip", "healthz", "recording", "static"])
def test_a_key_that_the_server_needs(house: House, key: str) -> None:
    answer = plan(house, key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reserved")


@pytest.mark.parametrize("key", ["ab", "x" * 65, "Großes", "a b", "../etc", "a/b", "UPPER"])
def test_a_key_that_is_none(house: House, key: str) -> None:
    answer = plan(house, key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_malformed")


def test_a_key_that_is_taken(house: House, on: Room) -> None:
    answer = plan(house, key=on.key)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_taken")
