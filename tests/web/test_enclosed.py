"""Pictures and sounds in the pages of posts, without a script, on both databases, with work beside them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests import media_files as files
from tests.web.conftest import House
from tests.web.mastodon.test_media import Work, working
from tests.web.test_accounts import signs_up

Sent = dict[str, tuple[str, bytes, str]]


@pytest.fixture
async def work(house: House) -> AsyncIterator[Work]:
    async for one in working(house):
        yield one


def chosen(*raws: bytes) -> Sent:
    return {f"file{n}": (f"{n}.png", raw, "image/png") for n, raw in enumerate(raws)}


async def sends(
    browser: httpx.AsyncClient, work: Work, path: str, said: dict[str, Any], sent: Sent
) -> httpx.Response:
    """A form, while work works."""

    async def beside() -> None:
        while True:
            await work()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(beside())
    try:
        return await browser.post(path, data=said, files=sent or {"file0": ("", b"", "")})
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def kept(page: str) -> list[str]:
    return re.findall(r'name="media_ids" value="([0-9]+)"', page)


async def test_two_pictures_with_words_and_a_credit(house: House, work: Work) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        said = {
            "status": "Look",
            "new_description0": "A <bridge>",
            "new_credit0": "Photo: Ona & Co",
            "new_description1": "Its river",
        }
        pictures = chosen(files.located(), files.picture("PNG", (30, 20)))
        answer = await sends(ada, work, "/posts", said, pictures)
        assert answer.status_code == 303, answer.text
        page = await ada.get(answer.headers["Location"], follow_redirects=True)
        live = house.settings.public.live
        assert (
            len(
                re.findall(rf'<img src="{live}/media/[0-9a-f]{{2}}/[0-9a-f]{{38}}\.jpg"', page.text)
            )
            == 2
        )
        assert 'width="40" height="60" alt="A &lt;bridge&gt;"' in page.text
        assert "Photo: Ona &amp; Co" in page.text
        policy = page.headers["content-security-policy"]
        assert f"img-src 'self' {live};" in policy and f"media-src 'self' {live};" in policy
        square = await ada.get("/square")
        assert "A &lt;bridge&gt;" in square.text


async def test_a_sound_plays_in_place(house: House, work: Work) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        said = {"status": "", "new_description0": "A tone", "spoiler_text": "loud"}
        answer = await sends(ada, work, "/posts", said, chosen(files.wav()))
        assert answer.status_code == 303, answer.text
        page = (await ada.get(answer.headers["Location"], follow_redirects=True)).text
        assert '<audio controls preload="none" src="http://localhost:8001/media/' in page
        assert "A tone" in page and page.index("<summary>Show what is attached") < page.index(
            "<audio"
        )


async def test_what_is_refused_comes_back_with_its_pictures(house: House, work: Work) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "ada")
        answer = await sends(ada, work, "/posts", {"status": "Look"}, chosen(files.picture()))
        assert answer.status_code == 422 and "what the picture shows" in answer.text
        (id,) = kept(answer.text)
        said = {
            "status": "Look",
            "media_ids": id,
            f"description{id}": "A bridge",
            f"credit{id}": "Ona",
        }
        broken = {"file1": ("x.png", b"<svg>", "image/png")}
        answer = await sends(ada, work, "/posts", said, broken)
        assert answer.status_code == 422 and kept(answer.text) == [id]
        assert "A bridge</textarea>" in answer.text and 'value="Ona"' in answer.text
        late = {"file1": ("x.png", files.picture()[:99], "image/png")}
        answer = await sends(ada, work, "/posts", said, late)
        assert answer.status_code == 422 and kept(answer.text) == [id]
        answer = await sends(ada, work, "/posts", said, {})
        assert answer.status_code == 303
        path = answer.headers["Location"]
        assert 'alt="A bridge"' in (await ada.get(path, follow_redirects=True)).text
        form = await ada.get(f"{path}/edit")
        assert kept(form.text) == [id]
        said = {"status": "Look", "media_ids": id, f"description{id}": "The old bridge"}
        answer = await sends(ada, work, f"{path}/edit", said, {})
        page = (await ada.get(answer.headers["Location"])).text
        assert 'alt="The old bridge"' in page and ">Ona<" in page
        said |= {f"drop{id}": "on", "new_description0": "Another"}
        answer = await sends(ada, work, f"{path}/edit", said, chosen(files.picture("PNG", (9, 9))))
        page = (await ada.get(answer.headers["Location"])).text
        assert "bridge" not in page and 'alt="Another"' in page
        history = (await ada.get(f"{answer.headers['Location']}/history")).text
        assert 'alt="A bridge"' in history and 'alt="The old bridge"' in history


async def test_somebody_elses_is_not_taken(house: House, work: Work) -> None:
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        answer = await sends(ada, work, "/posts", {"status": "Look"}, chosen(files.picture()))
        (id,) = kept(answer.text)
        said = {"status": "Mine", "media_ids": id, f"description{id}": "x"}
        answer = await sends(bob, work, "/posts", said, {})
        assert answer.status_code == 404 and kept(answer.text) == []
        answer = await bob.post(
            "/posts", data={"status": "Mine", "media_ids": ["1", "2", "3", "4", "5"]}
        )
        assert answer.status_code == 422
