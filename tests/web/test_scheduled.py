"""Posts that are to appear later, by forms alone, on both databases."""

from __future__ import annotations

import re

from hustings.social import scheduled
from tests.web.conftest import House
from tests.web.test_accounts import signs_up
from tests.web.test_square import plain, read


async def test_from_writing_for_later_to_taking_it_back(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        assert 'name="later"' in await read(ada, "/compose")
        assert "Nothing waits." in await read(ada, "/scheduled")
        fields = {"status": "Not yet <b>", "later": "2027-01-15T11:00", "offset_min": "-60"}
        asks = {"option0": "Tea", "option1": "Milk", "poll_length": "300"}
        answer = await ada.post("/posts", data={**fields, **asks})
        assert answer.headers["Location"] == "/scheduled"
        page = await read(ada, "/scheduled")
        assert "Appears 15 Jan 2027, 10:00" in plain(page) and "Not yet &lt;b&gt;" in page
        assert "Milk" in page and "Not yet" not in await read(ada, "/home")
        found = re.search(r'action="/scheduled/(\d+)/move"', page)
        assert found is not None
        path = f"/scheduled/{found[1]}"
        moved = await ada.post(f"{path}/move", data={"later": "2027-01-17T12:30"})
        assert moved.headers["Location"] == f"/scheduled#s{found[1]}"
        assert "Appears 17 Jan 2027, 12:30" in plain(await read(ada, "/scheduled"))
        for typed, status in (("", 422), ("x", 422), ("2027-01-15T08:04", 422), ("9999-12-31T23:59", 422)):  # fmt: skip
            wrong = await ada.post(f"{path}/move", data={"later": typed})
            assert wrong.status_code == status and 'role="alert"' in wrong.text, typed
        for act in ("move", "take-back"):
            foreign = await bob.post(f"{path}/{act}", data={"later": "2027-01-18T12:30"})
            assert foreign.status_code == 404
        assert (await ada.post(f"{path}/take-back", data={"": ""})).status_code == 303
        assert "Nothing waits." in await read(ada, "/scheduled")


async def test_what_was_typed_comes_back(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        said = {"status": "Later", "later": "2027-01-15T08:04", "offset_min": "0"}
        answer = await ada.post("/posts", data=said)
        assert answer.status_code == 422 and 'value="2027-01-15T08:04"' in answer.text
        assert "five minutes at the earliest" in answer.text
        for typed in ("0000-00-00T00:00", "10000-01-01T00:00", "2027-01-15T09:00+02:00", "٢"):
            wrong = await ada.post("/posts", data={**said, "later": typed})
            assert wrong.status_code == 422 and "That is not a time." in wrong.text, typed


async def test_what_did_not_appear_is_told(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        said = {"status": "Later", "later": "2027-01-15T09:00"}
        assert (await ada.post("/posts", data=said)).status_code == 303
        found = re.search(r'id="s(\d+)"', await read(ada, "/scheduled"))
        assert found is not None
        due_ms = house.clock[0] + 3_600_000
        await house.parts.sql.write(scheduled.fail, int(found[1]), due_ms, "post_unknown")
        page = plain(await read(ada, "/scheduled"))
        assert "Did not appear" in page and "What it answers is gone" in page
        assert "A post of yours did not appear" in plain(await read(ada, "/notifications"))


async def test_it_needs_a_log_in(house: House) -> None:
    answer = await house.client.get("/scheduled")
    assert answer.headers["Location"] == "/login?next=/scheduled"
