"""Timelines, follows and finding through the API, on both databases: pages as clients walk them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.social.feeds import TOUCHED_EVERY_MS as DAY_MS
from hustings.store.follows import feeds
from tests.questions import noted
from tests.web.conftest import NOW_MS, House
from tests.web.mastodon.posting import author, links

PAGES = ("timelines/home", "timelines/public")


async def test_the_square_is_walked_along_its_links(house: House) -> None:
    ada = await author(house)
    posts = [(await ada.new(f"Number {n}"))["id"] for n in range(5)][::-1]
    await ada.new("Not for the square", visibility="unlisted")
    assert await ada.walk("timelines/public?limit=2&local=true") == [
        posts[:2],
        posts[2:4],
        posts[4:],
    ]
    answer = await ada.call("GET", f"timelines/public?limit=2&max_id={posts[0]}&local=true")
    assert "local=true" in links(answer)["next"] and f"max_id={posts[2]}" in links(answer)["next"]
    up = await ada.get(links(answer)["prev"])
    assert [one["id"] for one in up] == posts[:1]
    above = await ada.get(f"timelines/public?min_id={posts[4]}&limit=2")
    assert [one["id"] for one in above] == posts[2:4], "the ones just above"
    newest = await ada.get(f"timelines/public?since_id={posts[4]}&limit=2")
    assert [one["id"] for one in newest] == posts[:2], "the newest of them"
    assert len(await ada.get("timelines/public?limit=1000")) == 5
    assert await ada.get("timelines/public?remote=true") == []
    assert await ada.code("GET", "timelines/public?max_id=x") == (400, "bad_request")
    assert len((await house.client.get("/api/v1/timelines/public")).json()) == 5


async def test_home_is_whom_one_follows_and_what_they_repost(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    eve = await author(house, "eve")
    hers = await eve.new("By eve")
    assert (await ada.post(f"accounts/{bob.id}/follow"))["following"] is True
    his = await bob.new("By bob")
    house.clock[0] += 1_000
    wrapper = await bob.post(f"statuses/{hers['id']}/reblog")
    home = await ada.get("timelines/home")
    assert [one["id"] for one in home] == [wrapper["id"], his["id"]]
    assert home[0]["reblog"]["id"] == hers["id"]
    assert await ada.walk("timelines/home?limit=1") == [[wrapper["id"]], [his["id"]]]
    await ada.post(f"accounts/{bob.id}/follow", reblogs=False)
    assert [one["id"] for one in await ada.get("timelines/home")] == [his["id"]]
    await ada.post(f"accounts/{bob.id}/unfollow")
    assert await ada.get("timelines/home") == []


async def test_who_reads_home_by_an_app_has_a_feed_that_is_kept(house: House) -> None:
    ada = await author(house)
    asked = sa.select(feeds.c.read_at_ms).where(feeds.c.account == int(ada.id))

    async def read_at_ms() -> int | None:
        return await house.parts.sql.read(lambda c: c.execute(asked).scalar())

    assert await read_at_ms() is None
    for later_ms, kept_ms in ((0, NOW_MS), (DAY_MS - 1, NOW_MS), (1, NOW_MS + DAY_MS)):
        house.clock[0] += later_ms
        await ada.get("timelines/home")
        assert await read_at_ms() == kept_ms


async def test_a_long_page_asks_the_database_no_more_than_a_short_one(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    await ada.post(f"accounts/{bob.id}/follow")
    post = await bob.new("@ada #one")
    await bob.post(f"statuses/{post['id']}/reblog")
    await ada.get("timelines/home")  # which builds her feed
    with noted() as asked:

        async def many(path: str) -> int:
            asked.clear()
            assert await ada.get(path)
            return len(asked)

        short = {path: await many(path) for path in PAGES}
        for number in range(19):
            await bob.new(f"@ada #tag{number}")
        assert {path: await many(path) for path in PAGES} == short
        assert max(short.values()) <= 20


async def test_a_tag_and_an_account(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    post = await ada.new("In #Köln")
    reply = await ada.new("@bob Yes", in_reply_to_id=(await bob.new("Where?"))["id"])
    repost = await ada.post(f"statuses/{post['id']}/reblog")
    for name in ("köln", "KÖLN"):
        assert [one["id"] for one in await bob.get(f"timelines/tag/{name}")] == [post["id"]]
    assert await bob.code("GET", "timelines/tag/a?any[]=b") == (422, "not_offered")
    all_of_hers = [repost["id"], reply["id"], post["id"]]
    assert [x["id"] for x in await bob.get(f"accounts/{ada.id}/statuses")] == all_of_hers
    for asked, kept in (
        ("exclude_replies=true", [repost["id"], post["id"]]),
        ("exclude_reblogs=true", [reply["id"], post["id"]]),
        ("tagged=Köln", [post["id"]]),
        ("only_media=true", []),
    ):
        found = await bob.get(f"accounts/{ada.id}/statuses?{asked}")
        assert [one["id"] for one in found] == kept, asked
    assert await bob.code("GET", "accounts/1/statuses") == (404, "account_unknown")


async def test_follows_and_who_sees_them(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    assert (await ada.post(f"accounts/{bob.id}/follow", reblogs=None, notify=None))["following"]
    related = await ada.post(f"accounts/{bob.id}/follow", notify=True)
    assert related["id"] == bob.id and related["notifying"] and related["showing_reblogs"]
    assert [one["acct"] for one in await bob.get(f"accounts/{bob.id}/followers")] == ["ada"]
    assert [one["acct"] for one in await bob.get(f"accounts/{ada.id}/following")] == ["bob"]
    assert (await bob.get(f"accounts/{bob.id}"))["followers_count"] == 1
    both = await bob.get(f"accounts/relationships?id[]={ada.id}&id[]={bob.id}&id[]=1")
    assert [one["id"] for one in both] == [ada.id, bob.id] and both[0]["followed_by"] is True
    assert (await bob.post(f"accounts/{ada.id}/remove_from_followers"))["followed_by"] is False
    assert await ada.code("POST", f"accounts/{ada.id}/follow") == (403, "follow_forbidden")
    assert await ada.code("POST", "accounts/1/follow") == (404, "account_unknown")
    assert await ada.code("POST", f"accounts/{bob.id}/follow", json={"languages": ["en"]}) == (
        422,
        "not_offered",
    )


async def test_a_locked_account_is_asked_first(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    own = await bob.call("PATCH", "accounts/update_credentials", data={"locked": "true"})
    assert own.json()["locked"] is True
    related = await ada.post(f"accounts/{bob.id}/follow")
    assert (related["following"], related["requested"]) == (False, True)
    assert [one["acct"] for one in await bob.get("follow_requests")] == ["ada"]
    assert (await bob.get("accounts/verify_credentials"))["source"]["follow_requests_count"] == 1
    private = await bob.new("For those who follow", visibility="private")
    assert await ada.code("GET", f"statuses/{private['id']}") == (404, "post_unknown")
    assert (await bob.post(f"follow_requests/{ada.id}/authorize"))["followed_by"] is True
    assert (await ada.get(f"statuses/{private['id']}"))["id"] == private["id"]
    assert await bob.code("POST", f"follow_requests/{ada.id}/reject") == (404, "account_unknown")
    assert await bob.code("POST", f"follow_requests/{ada.id}/x") == (404, "not_found")


@pytest.mark.parametrize("act", ["block", "mute"])
async def test_blocks_and_mutes(house: House, act: str) -> None:
    ada, bob = await author(house), await author(house, "bob")
    post = await bob.new("By bob")
    related = await ada.post(f"accounts/{bob.id}/{act}")
    assert related["blocking" if act == "block" else "muting"] is True
    assert [one["acct"] for one in await ada.get(f"{act}s")] == ["bob"]
    assert await ada.get("timelines/public") == []
    seen = (await bob.call("GET", f"statuses/{post['id']}")).status_code
    assert seen == 200
    await ada.post(f"accounts/{bob.id}/un{act}")
    assert len(await ada.get("timelines/public")) == 1 and await ada.get(f"{act}s") == []


async def test_a_mute_ends_by_itself(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    related = await ada.post(f"accounts/{bob.id}/mute", duration=60, notifications=False)
    assert related["muting_expires_at"] and related["muting_notifications"] is False
    house.clock[0] += 60_000
    assert (await ada.get(f"accounts/relationships?id={bob.id}"))[0]["muting"] is False
    for wrong in ("x", "9" * 12):
        said = {"json": {"duration": wrong}}
        assert await ada.code("POST", f"accounts/{bob.id}/mute", **said) == (400, "bad_request")


async def test_another_app_goes_on_where_one_has_read(house: House) -> None:
    ada = await author(house)
    assert await ada.get("markers?timeline[]=home") == {}
    first = await ada.call("POST", "markers", data={"home[last_read_id]": "7"})
    assert first.json()["home"]["last_read_id"] == "7" and first.json()["home"]["version"] == 1
    again = await ada.post("markers", home={"last_read_id": "5"})
    assert again["home"] == {
        "last_read_id": "5",
        "version": 2,
        "updated_at": again["home"]["updated_at"],
    }
    assert await ada.get("markers?timeline[]=home&timeline[]=notifications") == again
    said = {"json": {"home": {"last_read_id": "x"}}}
    assert await ada.code("POST", "markers", **said) == (400, "bad_request")


async def test_what_is_found_by_its_whole_name(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    post = await ada.new("In #Köln")
    private = await ada.new("#Secret", visibility="private")
    url = "http://localhost:8000/api/v2/search"
    for asked, kind in (
        ("ada", "accounts"),
        ("@ada@localhost:8000", "accounts"),
        ("http://localhost:8000/@ada", "accounts"),
        (f"http://localhost:8000/people/{ada.id}", "accounts"),
        (post["uri"], "statuses"),
        (post["url"], "statuses"),
        ("#KÖLN", "hashtags"),
    ):
        found = await bob.get(url, params={"q": asked, "resolve": "true"})
        assert [len(found[one]) for one in ("accounts", "statuses", "hashtags")] == [
            int(one == kind or (one, asked) == ("statuses", "#KÖLN"))
            for one in ("accounts", "statuses", "hashtags")
        ], asked
        assert await bob.get(url, params={"q": asked, "offset": "20"}) == {
            "accounts": [], "statuses": [], "hashtags": [],
        }  # fmt: skip
    for asked in (
        private["uri"],
        "#secret",
        "nobody",
        "@ada@elsewhere.example",
        "\x00",
    ):
        found = await bob.get(url, params={"q": asked})
        assert found == {"accounts": [], "statuses": [], "hashtags": []}, asked
    long = await bob.code("GET", url, params={"q": "x" * 501})
    assert long == (422, "query_too_long")
    await house.plan(title="The Köln hour")
    beside = await bob.get(url, params={"q": "köln hour"})
    assert [room["title"] for room in beside["hustings"]["rooms"]] == ["The Köln hour"]
    assert (await bob.get(url, params={"q": "ada", "type": "statuses"}))["accounts"] == []
    assert await bob.code("GET", url, params={"q": "a", "type": "x"}) == (400, "bad_request")
    assert [one["acct"] for one in await bob.get("accounts/search?q=ada")] == ["ada"]
