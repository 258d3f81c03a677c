"""Polls under attack: one real server, each case a plain "no" and no vote, or words and nothing but words."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.bad_inputs.test_people import sane
from tests.e2e.house import House
from tests.e2e.square import Member

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]
ASKS = {"option0": "Tea", "option1": "Coffee", "poll_length": "3600"}


@pytest.fixture(scope="session")
def pia(house: House) -> Member:
    """She asks."""
    return Member(house, "pia_asks")


@pytest.fixture(scope="session")
def ron(house: House) -> Member:
    """He means harm."""
    return Member(house, "ron")


@pytest.fixture(scope="session")
def poll(pia: Member) -> int:
    return pia.say("What?", **ASKS)


def asks(who: Member, **fields: str) -> httpx.Response:
    return who.http.post("/posts", data={"status": "What?", **ASKS, **fields})


def voters(who: Member, post: int) -> int:
    found = re.search(r"(\d+) (?:person|people) voted", who.http.get(f"/@pia_asks/{post}").text)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}",
        "\x1b[31mred",
        "\u202egnp.exe",
        "'; DROP TABLE polls --",
        "</label><form action=//evil.example>",
    ],
)
def test_an_answer_is_text_everywhere(house: House, ron: Member, pia: Member, text: str) -> None:
    sane(asks(ron, option0=text), 303)
    post = ron.posts()[0]
    for client, path in (
        (ron.http, f"/@ron/{post}"),
        (pia.http, f"/@ron/{post}"),
        (pia.http, "/square"),
        (ron.http, f"/posts/{post}/edit"),
    ):
        page = client.get(path, follow_redirects=True).text
        assert "<script>alert" not in page and "<img src=x" not in page and ">49<" not in page
        assert "\x1b" not in page and "\u202e" not in page and "<form action=//" not in page
    ron.does(post, "delete")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("option1", ""),
        ("option1", "Tea"),
        ("option1", "\u200btea\u202e"),
        ("option1", "x" * 51),
        ("option1", "x" * 60_000),
        ("option1", "a" + "\u0301" * 5_000),
        ("poll_length", "0"),
        ("poll_length", "299"),
        ("poll_length", "2629747"),
        ("poll_length", "-1"),
        ("poll_length", "9" * 5_000),
        ("poll_length", "1e4"),
        ("poll_length", "\x00"),
        ("poll_length", ""),
    ],
)
def test_polls_that_cannot_be(ron: Member, field: str, value: str) -> None:
    began = time.monotonic()
    sane(asks(ron, **{field: value}), 422)
    assert time.monotonic() - began < 1.0


def test_a_megabyte_of_marks_as_an_answer(ron: Member) -> None:
    sane(asks(ron, option0="a" + "\u0301" * 500_000), 413)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"choice": "2"},
        {"choice": "-1"},
        {"choice": "4"},
        {"choice": str(2**63)},
        {"choice": "a"},
        {"choice": "٠"},
        {"choice": "\x00"},
        {"choice": "9" * 60_000},
        {"choice": "0", "choice1": "1"},
        {"choice0": "1", "choice1": "1"},
        {"choice3": "1"},
    ],
)
def test_votes_that_are_none(ron: Member, poll: int, fields: dict[str, str]) -> None:
    sane(ron.http.post(f"/posts/{poll}/vote", data={"": "", **fields}), 422)
    assert voters(ron, poll) == 0


@pytest.mark.parametrize("id", ["0", "-1", "x", "9" * 400, "%00", "1%20OR%201=1", "٣"])
def test_votes_in_nothing(ron: Member, id: str) -> None:
    sane(ron.http.post(f"/posts/{id}/vote", data={"choice": "0"}), 404)


def test_a_vote_where_one_may_not(house: House, pia: Member, ron: Member, poll: int) -> None:
    secret = pia.say("For us.", visibility="private", **ASKS)
    words = pia.say("No poll.")
    for post in (secret, words):
        sane(ron.http.post(f"/posts/{post}/vote", data={"choice": "0"}), 404)
    sane(pia.http.post(f"/posts/{poll}/vote", data={"choice": "0"}), 422)
    answer = house.http.post(f"{house.web}/posts/{poll}/vote", data={"choice": "0"})
    sane(answer, 303)
    assert answer.headers["Location"].startswith("/login")
    other_site = {"Origin": "https://evil.example"}
    sane(ron.http.post(f"/posts/{poll}/vote", data={"choice": "0"}, headers=other_site), 403)
    assert voters(pia, secret) == voters(pia, poll) == 0


def test_twenty_votes_at_once_are_one(house: House, pia: Member) -> None:
    poll, sam = pia.say("Again?", **ASKS), Member(house, "sam_votes")

    def votes(choice: int) -> int:
        said = {"choice": str(choice % 2)}
        return sam.http.post(f"/posts/{poll}/vote", data=said).status_code

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(votes, range(20)))
    assert answers == [303] + [422] * 19
    assert voters(pia, poll) == 1


def test_nothing_that_was_tried_reached_the_log(house: House) -> None:
    assert "broke" not in house.log and "Traceback" not in house.log
