"""Polls on pages, by forms alone, on both databases."""

from __future__ import annotations

from hustings.social import voting
from tests.web.conftest import House
from tests.web.test_accounts import signs_up
from tests.web.test_square import does, plain, read, says

ASKS = {"option0": "Tea", "option1": "<i>Coffee</i>", "poll_length": "300"}


async def test_from_asking_to_the_result(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        assert 'name="option3"' in await read(ada, "/compose")
        id = await says(ada, "What?", next="/home", **ASKS)
        page = await read(bob, "/square")
        assert 'type="radio" name="choice" value="1"' in page and "&lt;i&gt;Coffee" in page
        assert "0 people voted · Ends 15 Jan 2027, 08:05" in plain(page)
        assert 'name="choice"' not in await read(ada, "/square"), "not in one's own"
        assert 'name="choice"' not in await read(house.client, "/square")
        answer = await does(bob, id, "vote", choice="1", next="/@ada", at=f"p{id}")
        assert answer.headers["Location"] == f"/@ada#p{id}"
        page = await read(bob, f"/@ada/{id}")
        assert 'name="choice"' not in page and '<progress max="100" value="100"' in page
        assert "Coffee</i> Your choice 100 %, 1 vote" in plain(page).replace("&lt;", "<").replace("&gt;", ">")  # fmt: skip
        assert (await does(bob, id, "vote", choice="0")).status_code == 422
        house.clock[0] += 300_000
        assert "1 person voted · Ended 15 Jan 2027" in plain(await read(bob, f"/@ada/{id}"))
        await house.parts.sql.write(voting.call, house.parts.ids.at, house.clock[0])
        await house.parts.sql.write(voting.tell, int(id), (int(id) >> 16) + 300_000, 0)
        assert "Your poll is over" in plain(await read(ada, "/notifications"))
        assert "ada @ada asked; the poll that you voted in is over" in plain(await read(bob, "/notifications"))  # fmt: skip


async def test_several_answers_and_hidden_counts(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        more = {"option2": "Milk", "poll_multiple": "on", "poll_hide": "on", "next": "/home"}
        id = await says(ada, "What?", **ASKS, **more)
        page = await read(bob, f"/@ada/{id}")
        assert 'type="checkbox" name="choice2"' in page and "Choose one or more" in page
        assert (await does(bob, id, "vote")).status_code == 422, "nothing was chosen"
        assert (await does(bob, id, "vote", choice0="1", choice2="1")).status_code == 303
        page = await read(bob, f"/@ada/{id}")
        assert page.count("Your choice") == 2 and "<progress" not in page
        assert "Counts are shown at the end" in page


async def test_writing_anew(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        id = await says(ada, "What?", next="/home", **ASKS)
        page = await read(ada, f"/posts/{id}/edit")
        assert 'name="option1" value="&lt;i&gt;Coffee&lt;/i&gt;"' in page and "As it is" in page
        kept = {"status": "Which?", "option0": "Tea", "option1": "<i>Coffee</i>", "poll_length": ""}
        assert (await ada.post(f"/posts/{id}/edit", data=kept)).status_code == 303
        assert "Ends 15 Jan 2027, 08:05" in plain(await read(ada, f"/@ada/{id}"))
        assert (await ada.post(f"/posts/{id}/edit", data={"status": "Said."})).status_code == 303
        assert "poll" not in plain(await read(ada, f"/@ada/{id}")).replace("A poll", "")
        assert "&lt;i&gt;Coffee" in await read(ada, f"/@ada/{id}/history")


async def test_what_was_typed_comes_back(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        answer = await ada.post("/posts", data={"status": "What?", **ASKS, "option1": "tea"})
        assert answer.status_code == 422 and 'name="option1" value="tea"' in answer.text
        assert "Two answers of this poll are the same." in answer.text
        one = await ada.post("/posts", data={"status": "What?", "option2": "Tea"})
        assert one.status_code == 422 and "two, three or four answers" in one.text


async def test_a_warning_hides_the_poll_too(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        id = await says(ada, "What?", next="/home", spoiler_text="Drinks", **ASKS)
        assert "<summary>Show the poll</summary>" in await read(house.client, f"/@ada/{id}")
