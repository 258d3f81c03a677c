"""The square as people use it: forms and pages, without a script, on both databases."""

from __future__ import annotations

import re

import httpx
import pytest
import sqlalchemy as sa

from hustings.social import follows
from hustings.store.people import accounts
from hustings.store.posts import posts
from hustings.store.tables import rooms
from tests.web.conftest import NOW_MS, House
from tests.web.test_accounts import signs_up

PAGE_BYTES_MAX = 60_000


async def says(client: httpx.AsyncClient, status: str, **fields: str) -> str:
    """A post, by the form; its id."""
    answer = await client.post("/posts", data={"status": status, **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"]).rsplit("/", 1)[-1].rpartition("#p")[2]


async def does(client: httpx.AsyncClient, id: str, act: str, **fields: str) -> httpx.Response:
    return await client.post(f"/posts/{id}/{act}", data={"next": "/square", **fields})


async def read(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path, follow_redirects=True)
    assert answer.status_code == status, answer.text
    assert len(answer.content) < PAGE_BYTES_MAX, path
    return answer.text


async def account(house: House, handle: str) -> int:
    asked = sa.select(accounts.c.id).where(accounts.c.handle_key == handle)
    return await house.parts.sql.read(lambda c: int(c.execute(asked).scalar_one()))


def plain(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


async def test_from_writing_to_reading(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        assert "Write" in await read(ada, "/home")
        id = await says(
            ada, "Hear <b>this</b> #hour https://a.example/x", language="en", next="/home"
        )
        for path in ("/square", "/home", "/@ada", f"/@ada/{id}", f"/posts/{id}", "/tags/HOUR"):
            page = await read(ada, path)
            assert "Hear &lt;b&gt;this&lt;/b&gt;" in page, path
            assert 'lang="en"' in page and f'id="p{id}"' in page
            assert 'href="https://a.example/x" rel="nofollow noopener noreferrer"' in page
        page = await read(house.client, "/square")  # a stranger reads and has no buttons
        assert "Hear" in page and "formaction" not in page


async def test_both_dates_of_a_repost_are_on_the_page(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        id = await says(ada, "Seen before.")
        house.clock[0] += 400 * 86_400_000
        await signs_up(bob, "bob")
        answer = await does(bob, id, "repost", next="/@bob", at=f"p{id}")
        assert answer.headers["Location"] == f"/@bob#p{id}"
        page = await read(house.client, "/@bob")
        assert "Reposted on 19 Feb 2028 · written 15 Jan 2027" in plain(page)
        assert (
            'datetime="2027-01-15T08:00:00Z"' in page and 'datetime="2028-02-19T08:00:00Z"' in page
        )
        assert "1 repost" in plain(await read(house.client, f"/@ada/{id}"))
        await does(bob, id, "unrepost")
        assert "Seen before." not in await read(house.client, "/@bob")


async def test_an_edit_and_a_deletion_say_so(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        id = await says(ada, "Ten past.")
        answered = await says(bob, "Which?", in_reply_to_id=id)
        house.clock[0] += 60_000
        form = await read(ada, f"/posts/{id}/edit")
        assert "Ten past." in form and "Others see that it was edited" in form
        answer = await ada.post(f"/posts/{id}/edit", data={"status": "Five past."})
        assert answer.headers["Location"] == f"/@ada/{id}"
        page = await read(house.client, f"/@ada/{id}")
        assert "Edited 15 Jan 2027, 08:01" in plain(page) and "Five past." in page
        history = plain(await read(house.client, f"/@ada/{id}/history"))
        assert history.index("Five past.") < history.index("Ten past.")
        assert (await bob.get(f"/posts/{id}/edit")).status_code == 404
        await does(bob, id, "delete")
        assert "Five past." in await read(house.client, f"/@ada/{id}")
        await does(ada, id, "delete")
        page = plain(await read(house.client, f"/@ada/{id}", 410))
        assert "Deleted by its author on 15 Jan 2027, 08:01" in page and "past." not in page
        page = plain(await read(house.client, f"/@bob/{answered}"))
        assert "Deleted by its author" in page and "Which?" in page
        assert (await house.client.get(f"/@ada/{id}/history")).status_code == 410


async def test_a_warning_hides_and_a_narrow_post_says_for_whom(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        id = await says(ada, "The end.", spoiler_text="How it ends", visibility="private")
        page = await read(ada, f"/@ada/{id}")
        assert '<summary><span dir="auto">How it ends</span></summary>' in page
        assert "For followers only" in page
        assert (await house.client.get(f"/@ada/{id}")).status_code == 404


async def test_an_answer_begins_with_whom_it_is_for_and_is_no_wider(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        id = await says(bob, "@ada Quietly.", visibility="direct")
        form = await read(ada, f"/compose?in_reply_to_id={id}")
        assert "\n@bob </textarea>" in form
        assert '<option value="direct" selected>' in form and "Quietly." in form
        assert (await ada.get("/compose?in_reply_to_id=5")).status_code == 200
        assert (await ada.get("/compose?in_reply_to_id=x")).status_code == 404


async def test_a_form_that_is_sent_twice_is_one_post(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        key = re.findall(r'name="key" value="(\d+)"', await read(ada, "/compose"))[0]
        assert await says(ada, "Once.", key=key) == await says(ada, "Once.", key=key)


@pytest.mark.parametrize("said", ["", "x" * 501, "x" * 20_001])
async def test_what_was_typed_comes_back_with_what_is_wrong(house: House, said: str) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        answer = await ada.post("/posts", data={"status": said, "visibility": "private"})
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
        assert said[:20_000] in answer.text and '<option value="private" selected>' in answer.text
        assert len(await says(ada, "x" * 500)) > 10


async def test_following_asking_muting_blocking(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        ids = {name: await account(house, name) for name in ("ada", "bob")}
        assert ">Follow<" in await read(bob, "/@ada") and ">Follow<" not in await read(ada, "/@ada")
        to_ada = f"/people/{ids['ada']}"
        assert (await bob.post(f"{to_ada}/follow", data={"next": "/@ada"})).status_code == 303
        assert ">Unfollow<" in await read(bob, "/@ada")
        assert "1 follower" in plain(await read(house.client, "/@ada"))
        await says(ada, "To my followers.", visibility="private")
        assert "To my followers." in await read(bob, "/home")
        await bob.post(f"{to_ada}/mute", data={"": ""})
        assert "To my followers." not in await read(bob, "/home")
        await bob.post(f"{to_ada}/unmute", data={"": ""})
        await bob.post(f"{to_ada}/unfollow", data={"": ""})
        await ada.post("/settings", data={"name": "", "note": "", "locked": "on"})
        await bob.post(f"{to_ada}/follow", data={"": ""})
        assert "Take the question back" in await read(bob, "/@ada")
        assert "@bob" in await read(ada, "/followers/asking")
        await ada.post(f"/people/{ids['bob']}/let-follow", data={"next": "/followers/asking"})
        assert "Nobody asks." in await read(ada, "/followers/asking")
        assert "Follows you" in await read(ada, "/@bob")
        await ada.post(f"/people/{ids['bob']}/block", data={"": ""})
        assert ">Unblock<" in await read(ada, "/@bob")
        found = await house.parts.sql.read(follows.counts, [ids["ada"]])
        assert found[ids["ada"]].followers == 0
        assert (await ada.post(f"{to_ada}/follow", data={"": ""})).status_code == 403
        assert (await ada.post(f"{to_ada}/praise", data={"": ""})).status_code == 404


async def test_marks_are_seen_where_they_were_made(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        id = await says(ada, "Mine.")
        for act in ("favourite", "bookmark", "pin", "repost"):
            assert (await does(ada, id, act)).headers["Location"] == "/square"
            page = await read(ada, f"/@ada/{id}")
            assert f'formaction="/posts/{id}/un{act}" aria-pressed="true"' in page
        assert "Pinned" in await read(house.client, "/@ada")
        for act in ("unfavourite", "unbookmark", "unpin", "unrepost"):
            await does(ada, id, act)
            assert f'/{act}"' not in await read(ada, f"/@ada/{id}")
        assert (await does(ada, id, "praise")).status_code == 404


async def test_a_room_has_its_own_square_on_its_own_clock(house: House) -> None:
    await house.plan(key="the-hour", title="The <hour>")
    assert 'href="/rooms/the-hour"' in await read(house.client, "/")
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        assert "Nobody has posted around this room yet." in await read(ada, "/rooms/the-hour")
        before = await says(ada, "Waiting.", room="the-hour", next="/rooms/the-hour")
        row = rooms.update().values(state="on_air", on_air_since_ms=NOW_MS + 60_000)
        await house.parts.sql.write(lambda c: c.execute(row))
        house.clock[0] += 60_000 + 725_000
        during = await says(ada, "There it is.", room="the-hour")
        old = await says(ada, "Elsewhere.")
        await does(ada, old, "repost", room="the-hour")
        row = rooms.update().values(state="ended", ended_at_ms=NOW_MS + 3_600_000)
        await house.parts.sql.write(lambda c: c.execute(row))
        house.clock[0] = NOW_MS + 2 * 3_600_000 + 62_000
        await says(ada, "It was good.", room="the-hour")
        page = plain(await read(house.client, "/rooms/the-hour"))
        assert "1:00 before the talk" in page and "12:05 into the talk" in page
        assert "1:01:02 after the talk" in page and page.count("12:05") == 2
        assert "The &lt;hour&gt;" in page and "Elsewhere." in page
        assert "12:05 into the talk" in plain(await read(house.client, f"/posts/{during}"))
        assert "Waiting." in page and before in await read(house.client, "/rooms/the-hour")
    assert (await house.client.get("/rooms/no-such-room")).status_code == 404


async def test_a_full_page_of_long_posts_is_light_and_leads_on(house: House) -> None:
    await house.plan(key="the-hour", title="T" * 200)
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        await ada.post("/settings", data={"name": "A" * 60, "note": "N" * 500})
        for n in range(21):
            house.clock[0] += 1_000
            await says(ada, f"{n} ".ljust(500, "w"), room="the-hour", visibility="public")
        for path in ("/home", "/square", "/@ada", "/rooms/the-hour"):
            page = await read(ada, path)
            if path == "/rooms/the-hour":
                continue
            older = re.findall(r'href="([^"]*)" rel="next"', page)[0]
            assert ">0 w" in await read(ada, older) and ">0 w" not in page
            assert "Back to the newest" in await read(ada, older)


@pytest.mark.parametrize(
    "query", ["max_id=x", "min_id=-1", "since_id=1e3", "limit=x", "max_id=" + "9" * 400]
)
@pytest.mark.parametrize("path", ["/square", "/@ada", "/tags/x", "/home"])
async def test_pages_that_are_none(house: House, path: str, query: str) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        assert (await ada.get(f"{path}?{query}")).status_code == 400


@pytest.mark.parametrize("path", ["/home", "/compose", "/posts/5/edit", "/followers/asking"])
async def test_what_needs_a_log_in_leads_there_and_back(house: House, path: str) -> None:
    answer = await house.client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={path}")


@pytest.mark.parametrize(
    "path", ["/tags/a b", "/tags/<b>", "/tags/1", "/tags/a#b", "/tags/" + "a" * 300]
)
async def test_tags_that_are_none(house: House, path: str) -> None:
    assert (await house.client.get(path.replace("#", "%23"))).status_code == 404


async def test_a_post_of_somebody_suspended_is_gone(house: House) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        id = await says(ada, "Seen before.")
        await does(bob, id, "repost")
        gone = accounts.update().where(accounts.c.handle == "ada").values(suspended_at_ms=NOW_MS)
        await house.parts.sql.write(lambda c: c.execute(gone))
        for path in ("/square", "/@bob"):
            assert "Seen before." not in await read(house.client, path)
        for path in (f"/@ada/{id}", f"/posts/{id}", "/@ada", f"/@ada/{id}/history"):
            assert (await house.client.get(path)).status_code == 404
        answer = await ada.post("/posts", data={"status": "Again."})
        assert answer.headers["Location"].startswith("/login")
        many = sa.select(sa.func.count()).select_from(posts)
        assert await house.parts.sql.read(lambda c: c.execute(many).scalar_one()) == 2
