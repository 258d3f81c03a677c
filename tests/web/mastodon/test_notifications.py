"""Notifications through the API and on their page, on both databases."""

from __future__ import annotations

from typing import Any

from hustings.social.notifications import UNREAD_MAX
from tests.web.conftest import House
from tests.web.mastodon.posting import Author, author, links
from tests.web.mastodon.typed import faults


async def told(house: House) -> tuple[Author, Author, list[dict[str, Any]]]:
    """ada, to whom bob did everything there is."""
    ada, bob = await author(house), await author(house, "bob")
    post = await ada.new("A word.")
    for act in (f"statuses/{post['id']}/favourite", f"statuses/{post['id']}/reblog"):
        house.clock[0] += 1_000
        await bob.post(act)
    house.clock[0] += 1_000
    await bob.post(f"accounts/{ada.id}/follow")
    await bob.new("To @ada")
    return ada, bob, await ada.get("notifications")


async def test_they_are_listed_as_mastodon_declares_them(house: House) -> None:
    ada, bob, found = await told(house)
    assert [one["type"] for one in found] == ["mention", "follow", "reblog", "favourite"]
    assert {one["account"]["id"] for one in found} == {bob.id}
    assert found[0]["status"]["content"].startswith("<p>To ") and "status" not in found[1]
    assert [fault for one in found for fault in faults("Notification", one)] == []
    assert await ada.get(f"notifications/{found[0]['id']}") == found[0]
    pages = await ada.walk("notifications?limit=3")
    assert [len(page) for page in pages] == [3, 1]
    answer = await ada.call("GET", "notifications?limit=3&types[]=follow&types[]=mention")
    assert [one["type"] for one in answer.json()] == ["mention", "follow"]
    assert "types%5B%5D=follow" in links(answer)["next"]
    rest = await ada.get("notifications?exclude_types[]=follow&exclude_types[]=mention")
    assert [one["type"] for one in rest] == ["reblog", "favourite"]
    assert len(await ada.get(f"notifications?account_id={bob.id}")) == 4
    assert await ada.get(f"notifications?account_id={ada.id}") == []


async def test_another_s_is_not_found_and_cannot_be_dismissed(house: House) -> None:
    ada, bob, found = await told(house)
    for id in (found[0]["id"], "0", "x", "9" * 19, "9" * 40, "-1"):
        assert await bob.code("GET", f"notifications/{id}") == (404, "notification_unknown")
        gone = await bob.code("POST", f"notifications/{id}/dismiss")
        assert gone == (404, "notification_unknown")
    assert len(await ada.get("notifications")) == 4
    await ada.post(f"notifications/{found[0]['id']}/dismiss")
    assert len(await ada.get("notifications")) == 3
    await ada.post("notifications/clear")
    assert await ada.get("notifications") == []


async def test_what_is_new_is_counted_from_the_marker(house: House) -> None:
    ada, _, found = await told(house)
    assert await ada.get("notifications/unread_count") == {"count": 4}
    assert await ada.get("notifications/unread_count?limit=2") == {"count": 2}
    assert await ada.get(f"notifications/unread_count?limit={UNREAD_MAX + 1}") == {"count": 4}
    await ada.post("markers", notifications={"last_read_id": found[2]["id"]})
    assert await ada.get("notifications/unread_count") == {"count": 2}
    v2 = f"{house.settings.public.web}/api/v2/notifications/unread_count"
    assert await ada.get(v2) == {"count": 2}


async def test_groups_hold_what_is_alike(house: House) -> None:
    ada, bob, _ = await told(house)
    eve = await author(house, "eve")
    v2 = f"{house.settings.public.web}/api/v2/notifications"
    first = await ada.get(f"{v2}?types[]=favourite")
    post = first["notification_groups"][0]["status_id"]
    await eve.post(f"statuses/{post}/favourite")
    found = await ada.get(v2)
    wrong = faults("GroupedNotificationsResults", found)
    assert wrong == [], wrong
    groups = {one["type"]: one for one in found["notification_groups"]}
    assert groups["favourite"]["notifications_count"] == 2
    assert groups["favourite"]["sample_account_ids"] == [eve.id, bob.id]
    assert {one["id"] for one in found["accounts"]} >= {eve.id, bob.id}
    assert post in {one["id"] for one in found["statuses"]}
    key = groups["favourite"]["group_key"]
    one = await ada.get(f"{v2}/{key}")
    assert one["notification_groups"][0]["group_key"] == key
    assert [who["id"] for who in await ada.get(f"{v2}/{key}/accounts")] == [eve.id, bob.id]
    alone = await ada.get(f"{v2}?grouped_types[]=follow&types[]=favourite")
    assert len(alone["notification_groups"]) == 2
    assert await bob.code("POST", f"{v2}/{key}/dismiss") == (404, "notification_unknown")
    await ada.post(f"{v2}/{key}/dismiss")
    assert "favourite" not in {one["type"] for one in await ada.get("notifications")}


async def test_the_page_shows_them_and_counts_what_is_new(house: House) -> None:
    from tests.web.test_accounts import PASSWORD

    _ada, bob, _ = await told(house)
    async with house.browser() as browser:
        await browser.post("/login", data={"name": "ada", "password": PASSWORD})
        assert 'aria-label="4 new"' in (await browser.get("/square")).text
        page = (await browser.get("/notifications")).text
        assert "mentioned you" in page and "reposted your post" in page and "@bob" in page
        assert 'aria-label="4 new"' not in (await browser.get("/square")).text
        await bob.new("<b>To</b> @ada")
        page = (await browser.get("/notifications")).text
        assert "&lt;b&gt;To" in page and page.count('class="unread"') == 1
        answer = await browser.post("/notifications/clear")
        assert answer.status_code == 303
        assert "Nothing yet" in (await browser.get("/notifications")).text
    async with house.browser() as stranger:
        assert (await stranger.get("/notifications")).headers["Location"].startswith("/login")
