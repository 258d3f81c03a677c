"""Posts through the API, on both databases: writing, reposting with both dates, marks, threads, history."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social.drafts import LENGTH_MAX
from hustings.web.rates import DELETED_MAX, DELETED_WINDOW_MS
from tests.web.conftest import House
from tests.web.mastodon.posting import author

YEAR_MS = 365 * 86_400_000


async def test_a_post_as_apps_read_it(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    made = await ada.new(
        "Hello @bob and @bob@localhost:8000, see https://a.example/x?y #Town <b>", language="en"
    )
    assert made["visibility"] == "public" and made["language"] == "en"
    assert made["id"].isdigit() and made["created_at"].endswith(".000Z")
    assert made["uri"] == f"http://localhost:8000/posts/{made['id']}"
    assert made["url"] == f"http://localhost:8000/@ada/{made['id']}"
    assert (await house.client.get(made["url"])).status_code == 200
    assert made["mentions"] == [
        {"id": bob.id, "username": "bob", "acct": "bob", "url": "http://localhost:8000/@bob"}
    ]
    assert made["tags"] == [
        {"id": "town", "name": "town", "url": "http://localhost:8000/tags/town"}
    ]
    assert '<a href="http://localhost:8000/@bob"' in made["content"]
    assert "&lt;b&gt;" in made["content"] and made["reblog"] is None and made["edited_at"] is None
    answer = await house.client.get(f"/api/v1/statuses/{made['id']}")
    assert answer.json()["content"] == made["content"]
    assert (await bob.get(f"statuses?id[]={made['id']}&id[]=1"))[0]["id"] == made["id"]
    assert (await ada.get("accounts/verify_credentials"))["statuses_count"] == 1
    assert (await house.client.get("/api/v1/instance")).json()["stats"]["status_count"] == 1


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"status": ""}, 422, "post_empty"),
        ({"status": "a" * (LENGTH_MAX + 1)}, 422, "post_too_long"),
        ({"status": "a", "visibility": "everybody"}, 422, "visibility_unknown"),
        ({"status": "a", "language": "<b>"}, 422, "language_malformed"),
        ({"status": "a", "in_reply_to_id": "1"}, 404, "post_unknown"),
        ({"status": ["a"]}, 400, "bad_request"),
        ({"status": "a", "media_ids": ["1"]}, 404, "media_unknown"),
        ({"status": "a", "media_ids": ["1", "2", "3", "4", "5"]}, 422, "media_many"),
        ({"status": "a", "media_ids": "../1"}, 404, "media_unknown"),
        ({"status": "a", "poll": {"options": ["a", "b"]}}, 422, "poll_length_wrong"),
        ({"status": "a", "scheduled_at": "2030-01-01T00:00:00Z"}, 422, "time_too_far"),
        ({"status": "a", "quoted_status_id": "1"}, 404, "post_unknown"),
        ({"status": "", "quoted_status_id": "1"}, 422, "post_empty"),
        ({"status": "a", "quote_approval_policy": "all"}, 422, "quote_policy_unknown"),
    ],
)
async def test_what_no_post_may_be(
    house: House, said: dict[str, Any], status: int, code: str
) -> None:
    ada = await author(house)
    assert await ada.code("POST", "statuses", json=said) == (status, code)
    assert await ada.get("timelines/public") == []
    assert (await ada.new("a" * LENGTH_MAX))["content"]


async def test_nulls_and_empty_lists_are_nothing(house: House) -> None:
    ada = await author(house)
    nulls = {"media_ids": [], "poll": None, "spoiler_text": None, "in_reply_to_id": None}
    assert (await ada.new("As toot and Pleroma's clients send it", **nulls))["id"]


async def test_a_key_that_comes_twice_is_one_post(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    key = {"Idempotency-Key": "k" * 36}
    made = [
        (await one.call("POST", "statuses", data={"status": "once"}, headers=key)).json()["id"]
        for one in (ada, ada, bob)
    ]
    assert made[0] == made[1] != made[2]


async def test_a_repost_holds_the_original_with_its_own_date(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    old = await ada.new("In May", spoiler_text="old")
    house.clock[0] += YEAR_MS
    wrapper = await bob.post(f"statuses/{old['id']}/reblog")
    assert wrapper["id"] != old["id"] and int(wrapper["id"]) > int(old["id"])
    assert wrapper["reblog"]["id"] == old["id"]
    assert wrapper["reblog"]["created_at"] == old["created_at"] < wrapper["created_at"]
    assert wrapper["account"]["acct"] == "bob" and wrapper["reblog"]["account"]["acct"] == "ada"
    assert wrapper["content"] == old["content"] and wrapper["reblog"]["reblogs_count"] == 1
    assert wrapper["reblogged"] is wrapper["reblog"]["reblogged"] is True
    assert (await bob.post(f"statuses/{old['id']}/reblog"))["id"] == wrapper["id"]
    assert (await ada.post(f"statuses/{wrapper['id']}/reblog"))["reblog"]["id"] == old["id"]
    by = await ada.get(f"statuses/{old['id']}/reblogged_by")
    assert [one["acct"] for one in by] == ["ada", "bob"]
    for named in (wrapper["id"], old["id"]):
        undone = await bob.post(f"statuses/{named}/unreblog")
        assert undone["id"] == old["id"] and undone["reblogged"] is False
    assert await bob.code("GET", f"statuses/{wrapper['id']}") == (404, "post_unknown")


async def test_a_repost_is_deleted_by_its_own_id_too(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    old = await ada.new()
    wrapper = await bob.post(f"statuses/{old['id']}/reblog")
    assert await ada.code("DELETE", f"statuses/{wrapper['id']}") == (404, "post_unknown")
    assert (await bob.call("DELETE", f"statuses/{wrapper['id']}")).status_code == 200
    assert (await ada.get(f"statuses/{old['id']}"))["reblogs_count"] == 0


async def test_what_is_not_for_all_is_reposted_by_nobody_else(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    await bob.post(f"accounts/{ada.id}/follow")
    private = await ada.new("For those who follow", visibility="private")
    assert await bob.code("POST", f"statuses/{private['id']}/reblog") == (403, "repost_forbidden")
    own = await ada.post(f"statuses/{private['id']}/reblog")
    assert own["visibility"] == "private"
    assert await bob.code("POST", f"statuses/{own['id']}/reblog", json={"visibility": "x"}) == (
        422,
        "visibility_unknown",
    )


@pytest.mark.parametrize(
    ("act", "undo", "field", "listed"),
    [
        ("favourite", "unfavourite", "favourited", "favourites"),
        ("bookmark", "unbookmark", "bookmarked", "bookmarks"),
    ],
)
async def test_marks_and_their_lists(
    house: House, act: str, undo: str, field: str, listed: str
) -> None:
    ada, bob = await author(house), await author(house, "bob")
    posts = [(await ada.new(f"Number {n}"))["id"] for n in range(3)]
    wrapper = await ada.post(f"statuses/{posts[2]}/reblog")
    for id in (posts[1], posts[0], wrapper["id"]):
        house.clock[0] += 1_000
        assert (await bob.post(f"statuses/{id}/{act}"))[field] is True
    assert await bob.walk(f"{listed}?limit=2") == [[posts[2], posts[0]], [posts[1]]]
    assert await ada.get(listed) == []
    assert (await bob.post(f"statuses/{posts[0]}/{undo}"))[field] is False
    assert len(await bob.get(listed)) == 2
    assert (await ada.get(f"statuses/{posts[1]}"))[field] is False
    if act == "favourite":
        by = await ada.get(f"statuses/{posts[1]}/favourited_by")
        assert [one["acct"] for one in by] == ["bob"]
    assert await bob.code("POST", f"statuses/1/{act}") == (404, "post_unknown")


async def test_pins_are_on_top_of_ones_page(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    posts = [(await ada.new(f"Number {n}"))["id"] for n in range(6)]
    for id in posts[:5]:
        assert (await ada.post(f"statuses/{id}/pin"))["pinned"] is True
    assert await ada.code("POST", f"statuses/{posts[5]}/pin") == (422, "pins_full")
    assert await bob.code("POST", f"statuses/{posts[5]}/pin") == (404, "post_unknown")
    assert (await ada.post(f"statuses/{posts[0]}/unpin"))["pinned"] is False
    pinned = await bob.get(f"accounts/{ada.id}/statuses?pinned=true")
    assert {one["id"] for one in pinned} == set(posts[1:5])


async def test_a_thread_and_who_may_read_it(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    first = await ada.new("First")
    second = await bob.new("@ada Second", in_reply_to_id=first["id"])
    third = await ada.new("Third", in_reply_to_id=second["id"], visibility="private")
    assert second["in_reply_to_id"] == first["id"] and second["in_reply_to_account_id"] == ada.id
    context = await ada.get(f"statuses/{second['id']}/context")
    assert [one["id"] for one in context["ancestors"]] == [first["id"]]
    assert [one["id"] for one in context["descendants"]] == [third["id"]]
    seen = (await house.client.get(f"/api/v1/statuses/{second['id']}/context")).json()
    assert seen["descendants"] == []
    assert await bob.code("GET", f"statuses/{third['id']}") == (404, "post_unknown")
    assert (await ada.get(f"statuses/{first['id']}"))["replies_count"] == 1
    assert (await bob.call("DELETE", f"statuses/{second['id']}")).json()["text"] == "@ada Second"
    assert await ada.code("GET", f"statuses/{second['id']}/context") == (404, "post_unknown")


async def test_an_edit_keeps_what_was_said(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    post = await ada.new("At first", spoiler_text="plot", language="en")
    house.clock[0] += 60_000
    answer = await ada.call("PUT", f"statuses/{post['id']}", json={"status": "Then @bob"})
    edited = answer.json()
    assert answer.status_code == 200 and edited["edited_at"] > edited["created_at"]
    assert edited["spoiler_text"] == "plot" and edited["language"] == "en"
    assert edited["mentions"][0]["acct"] == "bob"
    source = await ada.get(f"statuses/{post['id']}/source")
    assert source == {"id": post["id"], "text": "Then @bob", "spoiler_text": "plot"}
    history = await bob.get(f"statuses/{post['id']}/history")
    assert history[0]["content"] == "<p>At first</p>" and len(history) == 2
    assert history[0]["created_at"] == post["created_at"]
    assert await bob.code("GET", f"statuses/{post['id']}/source") == (404, "post_unknown")
    said = {"json": {"status": "x"}}
    assert await bob.code("PUT", f"statuses/{post['id']}", **said) == (404, "post_unknown")
    late = {"json": {"status": "x", "media_ids": ["1"]}}
    assert await ada.code("PUT", f"statuses/{post['id']}", **late) == (404, "media_unknown")


async def test_a_post_is_written_as_its_author_set_it(house: House) -> None:
    ada = await author(house)
    source = {"source": {"privacy": "unlisted", "sensitive": True, "language": "de"}}
    await ada.call("PATCH", "accounts/update_credentials", json=source)
    quiet = await ada.new("Leise")
    assert (quiet["visibility"], quiet["sensitive"], quiet["language"]) == ("unlisted", True, "de")
    loud = await ada.new("Loud", visibility="public", sensitive=False, language="en")
    assert (loud["visibility"], loud["sensitive"], loud["language"]) == ("public", False, "en")


async def test_deleting_has_a_limit_of_its_own(house: House) -> None:
    ada = await author(house)
    for _ in range(DELETED_MAX):
        assert await ada.code("DELETE", "statuses/1") == (404, "post_unknown")
    answer = await ada.call("DELETE", "statuses/1")
    assert answer.status_code == 429
    assert answer.headers["X-RateLimit-Limit"] == str(DELETED_MAX)
    house.clock[0] += DELETED_WINDOW_MS
    assert (await ada.call("DELETE", "statuses/1")).status_code == 404


async def test_scopes_of_posts(house: House) -> None:
    from tests.web.mastodon.letting_in import token_of

    ada = await author(house)
    post = await ada.new()
    ada.token = await token_of(house, "eve", scopes="read:statuses")
    assert await ada.code("POST", "statuses", json={"status": "x"}) == (403, "scope_missing")
    assert await ada.code("POST", f"statuses/{post['id']}/reblog") == (403, "scope_missing")
    assert await ada.code("GET", "bookmarks") == (403, "scope_missing")
    assert (await ada.get("timelines/home")) == []
    ada.token = await token_of(house, "eva", scopes="write:media")
    assert await ada.code("GET", f"statuses/{post['id']}") == (403, "scope_missing")
    assert (await house.client.post("/api/v1/statuses", json={"status": "x"})).status_code == 401
