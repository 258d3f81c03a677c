"""Posts for later under attack: one real server, each case a plain "no", and nobody else's touched."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.bad_inputs.test_people import sane
from tests.e2e.house import House
from tests.e2e.square import Member

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


@pytest.fixture(scope="session")
def lea(house: House) -> Member:
    """She writes for later."""
    return Member(house, "lea_later")


@pytest.fixture(scope="session")
def max_(house: House) -> Member:
    """He means harm."""
    return Member(house, "max_harm")


def hour(minutes: float) -> str:
    return f"{datetime.now(UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def later(who: Member, typed: str, **fields: str) -> httpx.Response:
    return who.http.post("/posts", data={"status": "Later.", "later": typed, **fields})


def waiting(who: Member) -> list[str]:
    return re.findall(r'action="/scheduled/(\d+)/move"', who.http.get("/scheduled").text)


@pytest.mark.parametrize(
    "typed",
    [
        "now",
        "9999-12-31T23:59",
        "10000-01-01T00:00",
        "0000-00-00T00:00",
        "0001-01-01T00:00",
        "1969-12-31T23:59",
        "2027-02-30T10:00",
        "2027-01-01T25:00",
        "2027-01-01T10:00Z",
        "2027-01-01T10:00+99:99",
        "-1",
        "1e12",
        "9" * 60_000,
        "٢٠٢٧-٠١-٠١T١٠:٠٠",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "\u202e2027-01-01T10:00",
    ],
)
def test_hours_that_are_none(max_: Member, typed: str) -> None:
    began = time.monotonic()
    answer = later(max_, typed)
    sane(answer, 422)
    assert time.monotonic() - began < 1.0
    assert "<script>alert" not in answer.text and waiting(max_) == []


@pytest.mark.parametrize("minutes", [-60, 0, 3])
def test_hours_that_are_over_or_too_near(max_: Member, minutes: int) -> None:
    sane(later(max_, hour(minutes)), 422)


@pytest.mark.parametrize("offset", ["99999999999", "-1081", "1081", "x", "\x00", "1e2", "٣"])
def test_offsets_that_are_none(max_: Member, offset: str) -> None:
    sane(later(max_, "2026-01-01T10:00", offset_min=offset), 422)
    assert waiting(max_) == []


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("in_reply_to_id", "1", 404),
        ("room", "no-such-room", 404),
        ("media_ids", "1", 404),
        ("media_ids", "../1", 404),
        ("status", "", 422),
        ("status", "x" * 501, 422),
        ("option0", "alone", 422),
        ("key", "k" * 201, 400),
    ],
)
def test_what_cannot_wait(max_: Member, field: str, value: str, status: int) -> None:
    sane(later(max_, hour(60), **{field: value}), status)
    assert waiting(max_) == []


@pytest.mark.parametrize("act", ["move", "take-back"])
def test_a_foreign_one_is_not_there(lea: Member, max_: Member, act: str) -> None:
    sane(later(lea, hour(60), status="The secret comes later."), 303)
    (id,) = waiting(lea)
    sane(max_.http.post(f"/scheduled/{id}/{act}", data={"later": hour(90)}), 404)
    assert "The secret" not in max_.http.get("/scheduled").text
    assert waiting(lea) == [id]
    other_site = {"Origin": "https://evil.example"}
    sane(lea.http.post(f"/scheduled/{id}/{act}", data={"": ""}, headers=other_site), 403)
    sane(lea.http.post(f"/scheduled/{id}/take-back", data={"": ""}), 303)


@pytest.mark.parametrize("id", ["0", "-1", "x", "9" * 400, "%00", "1%20OR%201=1", "٣"])
@pytest.mark.parametrize("act", ["move", "take-back", "praise"])
def test_ids_that_are_none(max_: Member, id: str, act: str) -> None:
    sane(max_.http.post(f"/scheduled/{id}/{act}", data={"later": hour(60)}), 404, 405)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])  # fmt: skip
def test_what_waits_is_text(lea: Member, text: str) -> None:
    sane(
        later(
            lea,
            hour(60),
            status=f"{text} x",
            spoiler_text=text,
            option0=text,
            option1="b",
            poll_length="300",
        ),
        303,
    )
    page = lea.http.get("/scheduled").text
    assert "<script>alert" not in page and "<img src=x" not in page and ">49<" not in page
    (id,) = waiting(lea)
    sane(lea.http.post(f"/scheduled/{id}/take-back", data={"": ""}), 303)


def test_more_than_wait_for_one_day(house: House) -> None:
    """Twenty-five for one day; the one after is refused, and another day goes on."""
    zed = Member(house, "zed_waits")
    day = datetime.now(UTC) + timedelta(days=3)
    answers = [later(zed, f"{day:%Y-%m-%d}T12:00").status_code for _ in range(26)]
    assert answers == [303] * 25 + [422]
    sane(later(zed, f"{day + timedelta(days=1):%Y-%m-%d}T12:00"), 303)


def test_nothing_that_was_tried_reached_the_log(house: House) -> None:
    assert "broke" not in house.log and "Traceback" not in house.log
