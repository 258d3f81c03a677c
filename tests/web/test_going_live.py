"""Going live is a post whose card plays: the form that promises it, the card on pages and in apps, the bell on a profile."""

from __future__ import annotations

import re

import sqlalchemy as sa

from hustings.social import going_live, jobs
from hustings.social.drafts import LENGTH_MAX
from hustings.social.lanes import GOING_LIVE
from hustings.store.going_live import going_live as table
from hustings.store.tables import rooms
from tests.web.conftest import NOW_MS, House
from tests.web.mastodon.posting import author
from tests.web.test_accounts import signs_up
from tests.web.test_pages import FORM
from tests.web.test_square import account, read, says


async def promised(house: House) -> list[tuple[str, int]]:
    asked = sa.select(rooms.c.key, table.c.account).join(rooms, rooms.c.plan == table.c.room)
    found = await house.parts.sql.read(lambda c: c.execute(asked).all())
    return [(row.key, row.account) for row in found]


async def on_air(house: House, key: str, state: str = "on_air") -> None:
    """It goes on the air, and work says what was promised."""
    there = rooms.update().where(rooms.c.key == key)
    await house.parts.sql.write(lambda c: c.execute(there.values(state=state, on_air_since_ms=NOW_MS)).rowcount)  # fmt: skip
    sql, ids = house.parts.sql, house.parts.ids
    await sql.write(going_live.call, ids.at, NOW_MS)
    for job in await sql.write(jobs.take, GOING_LIVE, "me", 9, NOW_MS):
        rules = (lambda title, key: f"Now: {title}", "localhost", LENGTH_MAX, "http://localhost:8000", NOW_MS)  # fmt: skip
        await sql.write(going_live.publish, job.body["room"], ids.at(NOW_MS), *rules)


async def test_a_member_may_have_his_room_announced(house: House) -> None:
    assert "announced" not in (await house.client.get("/plan")).text, "nobody is logged in"
    stranger = {**FORM, "key": "of-nobody", "announced": "on"}
    assert (await house.client.post("/plan", data=stranger)).status_code == 303
    assert await promised(house) == []
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        page = (await ada.get("/plan")).text
        assert "Post it as @ada when it goes on the air" in page
        assert re.search(r'name="announced" checked', page)
        for key, more in (
            ("said", {"announced": "on"}),
            ("unsaid", {}),
            ("", {"announced": "on", "listed": ""}),
        ):
            answer = await ada.post("/plan", data={**FORM, "key": key, **more})
            assert answer.status_code == 303, answer.text
        assert await promised(house) == [("said", await account(house, "ada"))]
        wrong = await ada.post("/plan", data={**FORM, "title": ""})
        assert re.search(r'name="announced" aria-', wrong.text), "what was unticked stays so"


async def test_the_card_plays_on_pages(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        await ada.post("/plan", data={**FORM, "key": "the-talk", "announced": "on"})
        id = await says(ada, "Soon.", room="the-talk")
        page = await ada.get("/square")
        assert "<iframe" not in page.text, "nothing to hear yet"
        assert "frame-src http://localhost:8001;" in page.headers["Content-Security-Policy"]
        await on_air(house, "the-talk")
        page = await ada.get("/square")
        assert page.text.count('<iframe src="http://localhost:8001/the-talk"') == 2
        assert "On the air: listen" in page.text and "Now: The hour" in page.text
        assert "<iframe" not in (await ada.get("/rooms/the-talk")).text, "it has a player"
        await on_air(house, "the-talk", "replay")
        assert "Hear the recording" in (await ada.get(f"/@ada/{id}")).text


async def test_the_card_in_apps(house: House) -> None:
    ada = await author(house, "ada")
    await house.client.post("/plan", data={**FORM, "key": "the-talk", "host_name": 'A "B"'})
    status = await ada.new("Soon.", room="the-talk")
    card = status["card"]
    assert (card["type"], card["html"], card["published_at"]) == ("link", "", None)
    assert card["url"] == "http://localhost:8001/the-talk" and card["author_name"] == 'A "B"'
    await on_air(house, "the-talk")
    card = (await ada.get(f"statuses/{status['id']}"))["card"]
    assert card["type"] == "video" and card["published_at"]
    assert card["html"].startswith('<iframe src="http://localhost:8001/the-talk" width="480"')
    assert (await ada.new("Of nothing."))["card"] is None


async def test_the_bell_on_a_profile(house: House) -> None:
    ada = await author(house, "ada")
    async with house.browser() as bob:
        await signs_up(bob, "bob")
        who = await account(house, "ada")
        page = await read(bob, "/@ada")
        assert "Tell me of each post" not in page, "whom he does not follow"
        gone = await bob.post(f"/people/{who}/bell", data={"next": "/@ada"})
        assert gone.status_code == 404
        for act, then in (("follow", "Tell me"), ("bell", "No longer tell me")):
            await bob.post(f"/people/{who}/{act}", data={"next": "/@ada"})
            assert f"{then} of each post" in await read(bob, "/@ada")
        await ada.new("Hear, hear.")
        page = await read(bob, "/notifications")
        assert re.search(r"@ada.*?wrote.*?Hear, hear\.", page, re.S)
        await bob.post(f"/people/{who}/unbell", data={"next": "/@ada"})
        await ada.new("And silence.")
        assert "And silence." not in await read(bob, "/notifications")


async def test_the_bell_in_apps(house: House) -> None:
    ada, bob = await author(house, "ada"), await author(house, "bob")
    between = await bob.post(f"accounts/{ada.id}/follow", notify=True)
    assert between["notifying"]
    status = await ada.new("Hear, hear.")
    (heard,) = await bob.get("notifications?types[]=status")
    assert heard["type"] == "status" and heard["status"]["id"] == status["id"]
    assert heard["account"]["acct"] == "ada"
