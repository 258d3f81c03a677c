"""Lists as pages, without a script, on both databases."""

from __future__ import annotations

import pytest

from hustings.social.lists import TITLE_MAX
from tests.web.conftest import House
from tests.web.test_accounts import signs_up
from tests.web.test_square import account, plain, read, says

NEW = {"title": "Next <b>door</b>", "replies_policy": "list"}


async def test_a_list_by_forms(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        him = await account(house, "bob")
        await ada.post(f"/people/{him}/follow", data={"next": "/home"})
        assert "You have no list yet." in await read(ada, "/lists")
        path = (await ada.post("/lists", data=NEW)).headers["Location"]
        assert "Next &lt;b&gt;door&lt;/b&gt;" in await read(ada, "/lists")
        assert (await ada.post(f"{path}/add", data={"handle": "@bob"})).status_code == 303
        await says(bob, "In it.", next="/home")
        page = await read(ada, path)
        assert "In it." in page and "1 person is in it" in page and 'href="/@bob"' in page
        assert "In it." in await read(ada, "/home")
        said = {"title": "Apart", "replies_policy": "none", "exclusive": "on"}
        assert (await ada.post(f"{path}/change", data=said)).headers["Location"] == path
        page = await read(ada, path)
        assert "<bdi>Apart</bdi>" in page and 'value="none" selected' in page
        assert "not in home" in plain(await read(ada, "/lists"))
        assert "In it." not in await read(ada, "/home")
        await ada.post(f"{path}/remove", data={"account": str(him)})
        page = await read(ada, path)
        assert "In it." not in page and "0 people are in it" in page
        assert (await ada.post(f"{path}/drop", data={"": ""})).headers["Location"] == "/lists"
        await read(ada, path, 404)


async def test_older_posts_of_a_list_are_a_page_away(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        await ada.post(f"/people/{await account(house, 'bob')}/follow", data={"next": "/home"})
        path = (await ada.post("/lists", data=NEW)).headers["Location"]
        await ada.post(f"{path}/add", data={"handle": "bob"})
        made = [await says(bob, f"Number {n}.", next="/home") for n in range(21)]
        page = await read(ada, path)
        assert f'href="{path}?max_id={made[1]}"' in page and "Number 0." not in page
        assert "Number 0." in await read(ada, f"{path}?max_id={made[1]}")


@pytest.mark.parametrize(
    ("said", "status", "no"),
    [
        ({"title": ""}, 422, "1 to 256 characters"),
        ({"title": "a" * (TITLE_MAX + 1)}, 422, "1 to 256 characters"),
        ({"replies_policy": "all"}, 422, "followed, list or none"),
    ],
)
async def test_a_list_that_cannot_be_comes_back_as_it_was_typed(
    house: House, said: dict[str, str], status: int, no: str
) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        path = (await ada.post("/lists", data=NEW)).headers["Location"]
        for form in ("/lists", f"{path}/change"):
            answer = await ada.post(form, data={**NEW, "exclusive": "on", **said})
            assert answer.status_code == status and no in answer.text
            assert 'name="exclusive" checked' in answer.text


async def test_only_whom_one_follows_and_only_one_s_own(house: House) -> None:
    async with house.browser() as ada, house.browser() as eve:
        await signs_up(ada, "ada")
        await signs_up(eve, "eve")
        path = (await ada.post("/lists", data=NEW)).headers["Location"]
        for handle, no in (
            ("eve", "Only whom you follow"),
            ("ada", "Only whom you follow"),
            ("nobody", "There is no such account."),
            ("\x00<b>", "There is no such account."),
        ):
            answer = await ada.post(f"{path}/add", data={"handle": handle})
            assert answer.status_code in (404, 422) and no in answer.text, handle
            assert "<b>" not in answer.text.split('id="handle"')[1].split(">")[0]
        assert (await ada.post(f"{path}/praise", data={"": ""})).status_code == 404
        assert (await eve.get(path)).status_code == 404
        for act in ("add", "remove", "change", "drop"):
            assert (
                await eve.post(f"{path}/{act}", data={**NEW, "account": "1"})
            ).status_code == 404
        away = await house.client.get(path)
        assert away.status_code == 303 and "/login" in away.headers["Location"]
        assert "0 people are in it" in await read(ada, path)
