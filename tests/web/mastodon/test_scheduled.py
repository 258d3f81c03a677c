"""Posts that are to appear later, through the API, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social import media, scheduled
from hustings.social.drafts import LENGTH_MAX
from hustings.web.mastodon.answers import moment
from tests.web.conftest import House
from tests.web.mastodon.posting import Author, author, links
from tests.web.mastodon.typed import faults

HOUR_MS = 3_600_000
AT = "2027-01-15T09:00:00.000Z"


async def picture(house: House, of: Author) -> int:
    id, sql = house.parts.ids.at(house.clock[0]), house.parts.sql
    await sql.write(media.begin, id, int(of.id), media.IMAGE, media.Said(), house.clock[0])
    await sql.write(media.finish, id, media.Made(file="aa/b.jpg", preview="aa/b.jpg", size=(1, 1)))
    return id


async def appears(house: House, id: str) -> Any:
    sql, now_ms = house.parts.sql, house.clock[0]
    rules = ("localhost:8000", LENGTH_MAX, "http://localhost:8000", now_ms)
    new = house.parts.ids.at(now_ms)
    return await sql.write(scheduled.publish, int(id), now_ms, new, *rules)


async def test_what_waits_is_answered_as_mastodon_declares_it(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    id = await picture(house, ada)
    said = {"status": "Later", "scheduled_at": AT, "media_ids": [str(id)], "visibility": "unlisted"}
    made = await ada.post("statuses", **said)
    assert made["scheduled_at"] == AT and made["params"]["text"] == "Later"
    assert made["params"]["visibility"] == "unlisted" and made["params"]["media_ids"] == [str(id)]
    assert made["params"]["application_id"].isdigit() and made["hustings"]["fault"] is None
    assert [one["id"] for one in made["media_attachments"]] == [str(id)]
    assert faults("ScheduledStatus", made) == []
    assert await ada.get("scheduled_statuses") == [made]
    assert await ada.get(f"scheduled_statuses/{made['id']}") == made
    assert await bob.get("scheduled_statuses") == [] == await ada.get("timelines/home")
    assert await ada.code("GET", f"statuses/{made['id']}") == (404, "post_unknown")
    assert await ada.code("POST", "statuses", json={"status": "a", "media_ids": [str(id)]}) == (422, "media_used")  # fmt: skip
    house.clock[0] += HOUR_MS
    post = await appears(house, made["id"])
    (shown,) = await ada.get("timelines/home")
    assert shown["id"] == str(post) and shown["created_at"] == AT
    assert [one["id"] for one in shown["media_attachments"]] == [str(id)]
    assert await ada.get("scheduled_statuses") == []


async def test_pages_of_them(house: House) -> None:
    ada = await author(house)
    made = []
    for day in range(1, 6):
        at = moment(house.clock[0] + day * 24 * HOUR_MS)
        made.append((await ada.new(f"Number {day}", scheduled_at=at))["id"])
    pages = await ada.walk("scheduled_statuses?limit=2")
    assert pages == [made[4:2:-1], made[2:0:-1], made[:1]]
    answer = await ada.call("GET", f"scheduled_statuses?limit=2&max_id={made[3]}")
    back = await ada.get(links(answer)["prev"])
    assert [one["id"] for one in back] == made[4:2:-1]


async def test_another_hour_and_taken_back(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    path = f"scheduled_statuses/{(await ada.new('Later', scheduled_at=AT))['id']}"
    moved = await ada.call("PUT", path, data={"scheduled_at": "2027-01-16T09:00:00+01:00"})
    assert moved.json()["scheduled_at"] == "2027-01-16T08:00:00.000Z"
    for typed, code in (
        ("2027-01-15T08:05:00Z", "scheduled_soon"),
        ("x", "time_malformed"),
        ("9999-01-01T00:00Z", "time_too_far"),
    ):
        assert await ada.code("PUT", path, json={"scheduled_at": typed}) == (422, code)
    assert await ada.code("PUT", path) == (422, "time_malformed")
    for method in ("GET", "PUT", "DELETE"):
        unknown = (404, "scheduled_unknown")
        assert await bob.code(method, path, json={"scheduled_at": AT}) == unknown
        assert (await house.client.request(method, f"/api/v1/{path}")).status_code == 401
        for id in ("1", "x", "-1", "9" * 40):
            assert await ada.code(method, f"scheduled_statuses/{id}") == unknown
    assert (await ada.call("DELETE", path)).json() == {}
    assert await ada.code("DELETE", path) == (404, "scheduled_unknown")


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"scheduled_at": "2027-01-15T08:04:59Z"}, 422, "scheduled_soon"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, 422, "scheduled_soon"),
        ({"scheduled_at": "9999-12-31T23:59:59Z"}, 422, "time_too_far"),
        ({"scheduled_at": "soon"}, 422, "time_malformed"),
        ({"scheduled_at": 1_800_003_600}, 422, "time_malformed"),
        ({"scheduled_at": {"a": 1}}, 422, "time_malformed"),
        ({"scheduled_at": AT, "in_reply_to_id": "1"}, 404, "post_unknown"),
        ({"scheduled_at": AT, "media_ids": ["1"]}, 404, "media_unknown"),
        ({"scheduled_at": AT, "poll": {"options": ["a", "b"]}}, 422, "poll_length_wrong"),
        ({"scheduled_at": AT, "status": ""}, 422, "post_empty"),
    ],
)
async def test_what_cannot_wait(house: House, more: Any, status: int, code: str) -> None:
    ada = await author(house)
    assert await ada.code("POST", "statuses", json={"status": "a", **more}) == (status, code)
    assert await ada.get("scheduled_statuses") == [] == await ada.get("timelines/home")


async def test_a_key_that_comes_twice_waits_once(house: House) -> None:
    ada = await author(house)
    said = {"status": "Later", "scheduled_at": AT}
    key = {"Idempotency-Key": "k"}
    made = [(await ada.call("POST", "statuses", json=said, headers=key)).json() for _ in range(2)]
    assert made[0] == made[1] and len(await ada.get("scheduled_statuses")) == 1
    now = await ada.call("POST", "statuses", json={"status": "Now"}, headers=key)
    assert now.status_code == 404, "it is that of another post"


async def test_what_did_not_appear_says_why(house: House) -> None:
    ada = await author(house)
    made = await ada.new("Later", scheduled_at=AT)
    await house.parts.sql.write(scheduled.fail, int(made["id"]), house.clock[0] - 1_000 + HOUR_MS, "post_unknown")  # fmt: skip
    (kept,) = await ada.get("scheduled_statuses")
    assert kept["hustings"]["fault"] == "post_unknown"
