"""The pages as people get them, without a script."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from hustings.rooms.journal import Event
from hustings.rooms.room import Plan, plan_facts
from hustings.web import effects
from hustings.web.moments import HALF_HOUR_MS, from_field, next_half_hour
from hustings.web.pages import SHOWN_MAX, SHOWN_S, Sheets
from tests.web.conftest import NOW_MS, House

FORM = {"title": "The hour", "starts_at": "2027-01-16T18:00", "listed": "on"}


def told(house: House, key: str, *kinds: tuple[str, int, dict[str, Any]]) -> None:
    """A room as its feed would tell it."""
    plan = Plan(f"{key:0<22}", key, f"On {key}", "", NOW_MS, 1800, "", "", "default", True, "Ana")
    events = [Event(1, 1, 0, NOW_MS, "planned", {"plan_facts": plan_facts(plan)})]
    events += [Event(at + 2, 1, 0, t, kind, body) for at, (kind, t, body) in enumerate(kinds)]
    with house.parts.sql._database.writing() as connection:
        effects.apply(connection, key, events, effects.Cursor(1, 1))


async def test_the_empty_front_page_leads_to_planning(house: House) -> None:
    page = (await house.client.get("/")).text
    assert "Nothing is on the air." in page and 'href="/plan"' in page


async def test_what_is_on_leads_to_sound_in_one_click(house: House) -> None:
    told(house, "demo", ("doors_opened", NOW_MS, {}), ("on_air", NOW_MS, {}))
    told(house, "later")
    told(
        house,
        "before",
        ("doors_opened", NOW_MS, {}),
        ("on_air", NOW_MS, {}),
        ("ended", NOW_MS + 600_000, {"reason": "host"}),
        ("replay_ready", NOW_MS + 600_001, {}),
    )
    told(house, "never-on", ("doors_opened", NOW_MS, {}), ("ended", NOW_MS, {"reason": "nobody"}))
    page = (await house.client.get("/")).text
    now, soon, past = re.split(r'<section aria-labelledby="(?:soon|past)">', page)
    assert 'href="http://localhost:8001/demo"' in now and "Listen" in now
    assert "On later" in soon and "On demo" not in soon
    assert "On before" in past and "10 minutes" in past and "Hear the recording" in past
    assert "never-on" not in page
    assert len(page) < 60_000


async def test_the_front_page_stays_small_with_many_rooms(house: House) -> None:
    for number in range(110):
        told(house, f"room-{number:03}", *([("doors_opened", NOW_MS, {})] if number % 2 else []))
    assert len((await house.client.get("/")).content) < 60_000


async def test_who_is_late_says_why(house: House) -> None:
    told(house, "later", ("late", NOW_MS, {"reason": "A <train>"}))
    house.clock[0] += 60_000
    assert "Late: A &lt;train&gt;" in (await house.client.get("/")).text


async def test_the_form_is_prefilled(house: House) -> None:
    page = (await house.client.get("/plan")).text
    assert 'value="2027-01-15T08:30"' in page  # the clock of the tests is 08:00 UTC
    assert "Planner key" not in page


async def test_from_the_form_to_the_links(house: House) -> None:
    answer = await house.client.post(
        "/plan", data={**FORM, "host_name": "Ana", "offset_min": "-60"}
    )
    assert answer.status_code == 303
    address = answer.headers["Location"]
    page = html.unescape((await house.client.get(address)).text)
    assert "http://localhost:8001/the-hour" in page
    token = re.search(r"http://localhost:8002/the-hour#t=([^\"]+)", page)
    assert token is not None
    ticket = house.parts.planning._verifier().verify(token[1], "the-hour")
    assert (ticket.role, ticket.name) == ("host", "Ana")
    assert house.studio.plans["the-hour"]["starts_at_ms"] % 86_400_000 == 17 * 3_600_000
    assert token[1] not in address
    for role in ("speaker", "cohost"):
        made = await house.client.post(f"{address}/links", data={"name": "Ben", "role": role})
        assert made.status_code == 303
    page = html.unescape((await house.client.get(address)).text)
    roles = [
        house.parts.planning._verifier().verify(found, "the-hour").role
        for found in re.findall(r"the-hour#t=([^\"]+)", page)
    ]
    assert sorted(set(roles)) == ["cohost", "host", "speaker"]


async def test_a_form_with_errors_keeps_what_was_typed(house: House) -> None:
    for fields, sentence in (
        ({"title": ""}, "A room needs a title."),
        ({"starts_at": "2020-01-01T10:00"}, "That hour is over."),
        ({"starts_at": "yesterday"}, "That is not a time."),
        ({"key": "Ab"}, "An address has 3 to 64"),
    ):
        answer = await house.client.post(
            "/plan", data={**FORM, "description": "<i>kept</i>", **fields}
        )
        page = answer.text
        assert answer.status_code == 422 and sentence in page, sentence
        assert "&lt;i&gt;kept&lt;/i&gt;" in page and 'aria-invalid="true"' in page
    assert house.studio.plans == {}


async def test_the_planner_key_is_asked_for_on_a_public_address(public_house: House) -> None:
    assert "Planner key" in (await public_house.client.get("/plan")).text
    answer = await public_house.client.post("/plan", data={**FORM, "planner": "wrong"})
    assert answer.status_code == 403 and "needs the planner key" in answer.text
    assert 'value="wrong"' not in answer.text
    key = (public_house.settings.keys_dir / "planner.txt").read_text()
    answer = await public_house.client.post("/plan", data={**FORM, "planner": key})
    assert answer.status_code == 303


async def test_a_form_from_another_site(house: House) -> None:
    answer = await house.client.post("/plan", data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and "came from another site" in answer.text
    assert house.studio.plans == {}


async def test_studio_away_is_said_and_the_links_are_given(house_alone: House) -> None:
    answer = await house_alone.client.post("/plan", data=FORM)
    page = (await house_alone.client.get(answer.headers["Location"])).text
    assert "handed over by itself" in page and "#t=" in page
    assert "The stage is restarting" in (await house_alone.client.get("/")).text


async def test_the_database_away_is_said_in_plain_words(house: House) -> None:
    house.parts.sql.ready = False
    page = await house.client.get("/")
    assert page.status_code == 503 and "Rooms that are on go on" in page.text
    answer = await house.client.get("/api/hustings/v1/rooms")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert answer.headers["Retry-After"] == "1"
    assert (await house.client.get("/healthz")).json()["database"] is False


async def test_a_database_that_cannot_be_opened(house_alone: House) -> None:
    house = house_alone
    house.parts.sql._database.close()
    folder = house.settings.database_path.parent
    folder.rename(folder.with_name("moved"))
    assert (await house.client.get("/")).status_code == 503
    folder.with_name("moved").rename(folder)
    assert (await house.client.get("/")).status_code == 200


async def test_pages_that_are_not_there(house: House) -> None:
    page = await house.client.get("/nowhere")
    assert page.status_code == 404 and "nothing at this address" in page.text
    page = await house.client.get("/planned/" + "x" * 22)
    assert page.status_code == 404 and "for one hour" in page.text


@pytest.mark.parametrize(
    ("accept", "coding"),
    [("gzip, br", "gzip"), ("gzip;q=0.5", "gzip"), ("gzip;q=0, br", None), ("identity", None)],
)
async def test_scripts_are_gzipped_for_who_takes_it(
    house: House, accept: str, coding: str | None
) -> None:
    folder = house.settings.published_dir / "assets" / "abc"
    folder.mkdir(parents=True)
    (folder / "times.js").write_text("let x;" * 50)
    answer = await house.client.get("/assets/abc/times.js", headers={"Accept-Encoding": accept})
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.text == "let x;" * 50


async def test_assets_come_from_the_published_folder_and_nothing_else(house: House) -> None:
    assets = house.settings.published_dir / "assets"
    (assets / "abc" / "web").mkdir(parents=True)
    (assets / "abc" / "web" / "times.js").write_text("let x;")
    (assets / "current").write_text("abc\n")
    (assets / ".draft").write_text("x")
    script = await house.client.get("/assets/abc/web/times.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "/assets/abc/web/times.js" in (await house.client.get("/")).text
    for path in (
        "%2e%2e/%2e%2e/keys/planner.txt",
        "../../keys/web.key",
        ".draft",
        "abc",
        "abc/web/",
    ):
        assert (await house.client.get(f"/assets/{path}")).status_code == 404, path


def test_sheets_are_bounded_in_number_and_time() -> None:
    clock = [0.0]
    sheets = Sheets(lambda: clock[0])
    planned: Any = object()
    tokens = [sheets.keep(planned) for _ in range(SHOWN_MAX + 1)]
    assert _gone(sheets, tokens[0]) and not _gone(sheets, tokens[1])
    clock[0] = SHOWN_S
    assert not _gone(sheets, tokens[-1])
    clock[0] = SHOWN_S + 1
    assert _gone(sheets, tokens[-1])


def _gone(sheets: Sheets, token: str) -> bool:
    try:
        sheets.find(token)
    except Exception as error:
        return "not_found" in str(error)
    return False


def test_the_next_half_hour() -> None:
    assert NOW_MS % HALF_HOUR_MS == 0
    assert next_half_hour(NOW_MS) == NOW_MS + HALF_HOUR_MS
    assert next_half_hour(NOW_MS + 25 * 60_000) == NOW_MS + HALF_HOUR_MS
    assert next_half_hour(NOW_MS + 25 * 60_000 + 1) == NOW_MS + 2 * HALF_HOUR_MS


def test_a_local_time_and_its_offset() -> None:
    noon = from_field("2027-01-15T12:00", "")
    assert noon == 1_800_014_400_000
    assert from_field("2027-01-15T13:00", "-60") == noon
    assert from_field("2027-01-15T07:00", "300") == noon
    for text, offset in (
        ("", ""),
        ("soon", ""),
        ("2027-01-15T12:00", "x"),
        ("2027-01-15T12:00", "9999"),
    ):
        assert from_field(text, offset) is None
    assert from_field("2027-01-15T12:00+01:00", "") is None
    assert from_field("9999-12-31T23:59", "0") is not None
