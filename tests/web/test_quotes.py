"""Quotes as people make and meet them on pages, without a script, on both databases."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import House
from tests.web.test_accounts import signs_up
from tests.web.test_square import account, plain, read, says

CARD = re.compile(r"<blockquote class=\"quote\".*?</blockquote>", re.DOTALL)


async def test_a_post_is_quoted_by_a_form_and_shown_as_a_card(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        old = await says(ada, "Seen <b>before</b>.", next="/square")
        assert f'href="/compose?quoted_status_id={old}"' in await read(bob, "/square")
        form = await read(bob, f"/compose?quoted_status_id={old}")
        assert f'name="quoted_status_id" value="{old}"' in form and CARD.search(form)
        made = await says(bob, "See.", quoted_status_id=old, next="/square")
        for path in ("/square", f"/@bob/{made}", "/@bob"):
            page = await read(ada, path)
            found = CARD.search(page)
            assert found is not None, path
            assert "Seen &lt;b&gt;before&lt;/b&gt;." in found[0]
            assert "written" in plain(found[0]) and 'href="/@ada"' in found[0]
        assert "quoted your post" in await read(ada, "/notifications")
        whole = await read(house.client, f"/@ada/{old}")
        assert f'<a href="/@ada/{old}/quotes">1 quote</a>' in whole
        listed = await read(house.client, f"/@ada/{old}/quotes")
        assert f'id="p{made}"' in listed and "Quotes of a post by ada" in plain(listed)
        away = await house.client.get(f"/@bob/{old}/quotes")
        assert away.headers["Location"].endswith(f"/@ada/{old}/quotes")
        deep = await says(ada, "Deeper.", quoted_status_id=made, next="/square")
        page = await read(house.client, f"/@ada/{deep}")
        assert len(CARD.findall(page)) == 1 and f'href="/posts/{old}"' in page
        assert "Seen &lt;b" not in page


async def test_words_are_taken_back_by_a_button(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        old = await says(ada, "Mine.", next="/square")
        made = await says(bob, "See.", quoted_status_id=old, next="/square")
        button = f'action="/posts/{old}/quotes/{made}/revoke"'
        assert button in await read(ada, "/square")
        for other in (bob, house.client):
            assert button not in await read(other, "/square")
        path = f"/posts/{old}/quotes/{made}/revoke"
        assert (await bob.post(path, data={"next": "/square"})).status_code == 404
        assert (await ada.post(path, data={"next": "/square"})).headers["Location"] == "/square"
        page = await read(house.client, f"/@bob/{made}")
        assert "Whoever wrote the quoted post took it back." in page and "Mine." not in page


async def test_who_may_quote_is_set_for_all_and_for_each(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        assert 'value="public" selected' in await read(ada, "/settings")
        said = {"name": "Ada", "note": "", "quote_policy": "nobody"}
        assert (await ada.post("/settings", data=said)).status_code == 303
        assert 'value="nobody" selected' in await read(ada, "/settings")
        assert 'value="nobody" selected' in await read(ada, "/compose")
        wrong = await ada.post("/settings", data={**said, "quote_policy": "all"})
        assert wrong.status_code == 422
        post = await says(ada, "Mine.", next="/square")
        assert "quoted_status_id" not in await read(bob, f"/@ada/{post}")
        form = await read(bob, f"/compose?quoted_status_id={post}")
        assert "does not let you quote it" in form and not CARD.search(form)
        sent = {"status": "See, at length.", "quoted_status_id": post}
        refused = await bob.post("/posts", data=sent)
        assert refused.status_code == 403 and "See, at length." in refused.text
        edited = {"status": "Mine.", "quote_approval_policy": "public"}
        assert 'value="nobody" selected' in await read(ada, f"/posts/{post}/edit")
        assert (await ada.post(f"/posts/{post}/edit", data=edited)).status_code == 303
        assert "Edited" not in await read(bob, f"/@ada/{post}")
        assert (await bob.post("/posts", data=sent)).status_code == 303


async def test_a_quote_beside_a_room_stays_beside_it(house: House) -> None:
    await house.plan(key="hour")
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        old = await says(ada, "Mine.", room="hour", next="/square")
        link = f"/compose?quoted_status_id={old}&amp;room=hour&amp;next=/rooms/hour"
        assert link in await read(ada, "/rooms/hour")
        form = await read(ada, link.replace("&amp;", "&"))
        assert 'value="hour" selected' in form and 'name="next" value="/rooms/hour"' in form
        await says(ada, "See.", room="hour", quoted_status_id=old, next="/rooms/hour")
        found = CARD.search(await read(house.client, "/rooms/hour"))
        assert found is not None and "Mine." in found[0]


@pytest.mark.parametrize(
    ("act", "said", "kept"),
    [
        ("block", "by somebody you block", True),
        ("mute", "by somebody you mute", True),
        ("blocked", "is not for you to see", False),
        ("deleted", "was deleted by its author", False),
    ],
)
async def test_what_stands_where_words_are_not_shown(
    house: House, act: str, said: str, kept: bool
) -> None:
    async with house.browser() as ada, house.browser() as bob, house.browser() as eve:
        for one, handle in ((ada, "ada"), (bob, "bob"), (eve, "eve")):
            await signs_up(one, handle)
        old = await says(ada, "Secret.", next="/square")
        made = await says(bob, "See.", quoted_status_id=old, next="/square")
        if act == "deleted":
            await ada.post(f"/posts/{old}/delete", data={"next": "/square"})
        else:
            who, whom = (ada, "eve") if act == "blocked" else (eve, "ada")
            does = "mute" if act == "mute" else "block"
            target = await account(house, whom)
            done = await who.post(f"/people/{target}/{does}", data={"next": "/square"})
            assert done.status_code == 303
        page = await read(eve, f"/@bob/{made}")
        assert said in page and ("Secret." in page) is kept
        if kept:  # behind a tap
            closed = page.index('<details class="warned">', page.index(f'id="p{made}"'))
            assert closed < page.index("Secret.")
