"""Avatars and headers through the API and our own form, on both databases, with work's lane beside them; and those we draw."""

from __future__ import annotations

import asyncio
import html
import io
import re
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

import httpx
import pytest
from PIL import Image

from hustings.social import fields
from hustings.web import drawn
from hustings.web.uploads import UPLOADS_MAX
from tests import media_files as files
from tests.web.conftest import House, bearer
from tests.web.mastodon.letting_in import token_of, verify
from tests.web.mastodon.test_accounts import update
from tests.web.mastodon.test_media import SMALL, Work, working
from tests.web.test_accounts import signs_up

T = TypeVar("T")
WIDE = files.picture("PNG", (900, 100), color="navy")


@pytest.fixture
async def work(house: House) -> AsyncIterator[Work]:
    async for one in working(house):
        yield one


async def during(house: House, work: Work, asked: Awaitable[httpx.Response]) -> httpx.Response:
    """An answer that waits for what work makes meanwhile."""
    answer = asyncio.ensure_future(asked)
    while not answer.done():
        if list(house.settings.spool_dir.glob("*")):
            await work()
        await asyncio.sleep(0.01)
    return await answer


def pictures(**raws: bytes) -> dict[str, Any]:
    # what a sender calls it is no matter
    return {kind: ("../x.svg", raw, "image/svg+xml") for kind, raw in raws.items()}


def kept(house: House, url: str) -> Image.Image:
    """A file as the live host has it."""
    name = url.removeprefix("http://localhost:8001/media/")
    return Image.open(io.BytesIO((house.settings.media_dir / name).read_bytes()))


async def test_both_pictures_are_made_anew_and_shown(house: House, work: Work) -> None:
    token = await token_of(house)
    sent = pictures(avatar=files.located(), header=WIDE)
    said = {"display_name": "Ada", "avatar_description": "A hat", "header_description": "A river"}
    answer = await during(house, work, update(house, token, files=sent, data=said))
    own = answer.json()
    assert answer.status_code == 200 and own["display_name"] == "Ada"
    assert own["avatar"] == own["avatar_static"] and own["header"] == own["header_static"]
    assert (own["avatar_description"], own["header_description"]) == ("A hat", "A river")
    assert kept(house, own["avatar"]).size == (400, 400)
    assert kept(house, own["header"]).size == (1500, 500)
    assert "Exif" not in str(kept(house, own["avatar"]).info)
    assert list(house.settings.spool_dir.iterdir()) == []
    page = (await house.client.get("/@ada")).text
    assert own["avatar"] in page and own["header"] in page and 'alt="A hat"' in page


async def test_what_moves_stands_still_for_who_wants_that(house: House, work: Work) -> None:
    token = await token_of(house)
    sent = pictures(avatar=files.moving(), header=files.moving())
    own = (await during(house, work, update(house, token, files=sent))).json()
    assert getattr(kept(house, own["avatar"]), "n_frames", 1) == 3
    assert getattr(kept(house, own["avatar_static"]), "n_frames", 1) == 1
    assert getattr(kept(house, own["header"]), "n_frames", 1) == 1
    page = (await house.client.get("/@ada")).text
    assert own["avatar_static"] in page and own["avatar"] not in page


async def test_taken_away_again(house: House, work: Work) -> None:
    token = await token_of(house)
    before = (await verify(house, token)).json()
    sent = pictures(avatar=files.picture(), header=WIDE)
    await during(house, work, update(house, token, files=sent, data={"avatar_description": "x"}))
    for kind in ("avatar", "header"):
        path = f"/api/v1/profile/{kind}"
        answer = await house.client.delete(path, headers=bearer(token))
        assert answer.status_code == 200
        assert answer.json()[kind] == before[kind] and answer.json()[f"{kind}_description"] == ""
        assert (await house.client.delete(path, headers=bearer(token))).status_code == 200
    answer = await house.client.delete("/api/v1/profile/note", headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await house.client.delete("/api/v1/profile/avatar")).status_code == 401


async def test_who_has_none_gets_drawn_ones_that_are_really_there(house: House) -> None:
    own = (await verify(house, await token_of(house))).json()
    other = (await verify(house, await token_of(house, "bob"))).json()
    assert own["avatar"] != other["avatar"] and own["avatar"] == own["avatar_static"]
    for url, size in ((own["avatar"], (400, 400)), (own["header"], (1500, 500))):
        answer = await house.client.get(url)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert "immutable" in answer.headers["cache-control"] and len(answer.content) < 3_000
        with Image.open(io.BytesIO(answer.content)) as out:
            assert out.size == size
            assert len(out.convert("RGB").getcolors() or ()) == 2
    for path in ("x/avatar", "0" * 17 + "/avatar", "0" * 16 + "/note", "G" * 16 + "/avatar"):
        assert (await house.client.get(f"/drawn/{path}.png")).status_code == 404


def test_a_drawing_is_always_the_same_and_no_other() -> None:
    seeds = {drawn.seed(f"somebody{n}") for n in range(200)}
    assert len({drawn.picture(seed, "avatar") for seed in seeds}) == 200
    assert drawn.seed("Ada") == drawn.seed("ada")
    seen = drawn.picture(drawn.seed("ada"), "avatar")
    drawn.picture.cache_clear()
    assert drawn.picture(drawn.seed("ada"), "avatar") == seen


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (files.png(50_000, 50_000), "media_too_large"),
        (files.png(900, 900), "media_malformed"),
        (files.picture()[:200], "media_malformed"),
        (files.wav(), "media_malformed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "media_malformed"),
    ],
    ids=["bomb", "lies", "cut", "sound", "svg"],
)
async def test_one_that_cannot_be_changes_nothing(
    house: House, work: Work, raw: bytes, code: str
) -> None:
    token = await token_of(house)
    before = (await verify(house, token)).json()
    sent = pictures(avatar=files.picture(), header=raw)
    answer = await during(house, work, update(house, token, files=sent, data={"note": "x"}))
    assert (answer.json()["code"], answer.json().get("field", "header")) == (code, "header")
    assert answer.status_code in (413, 422)
    assert (await verify(house, token)).json() == before


@pytest.mark.parametrize("club", [SMALL], indirect=True)
async def test_bytes_at_the_limit_and_one_past_it(club: House) -> None:
    token = await token_of(club)
    at = files.picture() + bytes(100_000 - len(files.picture()))
    past = await update(club, token, files=pictures(avatar=at + b"\0"))
    assert (past.status_code, past.json()["code"]) == (413, "media_too_large")
    async for work in working(club):
        both = update(club, token, files=pictures(avatar=at, header=at))
        assert (await during(club, work, both)).status_code == 200
    over = await update(club, token, files=pictures(avatar=at + bytes(180_000)))
    assert (over.status_code, over.json()["code"]) == (413, "body_too_large")


async def test_thirty_in_half_an_hour(house: House) -> None:
    token = await token_of(house)
    for _ in range(UPLOADS_MAX):
        answer = await update(house, token, files=pictures(avatar=b"nothing"))
        assert answer.json()["code"] == "media_malformed"
    answer = await update(house, token, files=pictures(avatar=b"nothing"))
    assert (answer.status_code, answer.json()["code"]) == (429, "uploads_many")


async def test_our_own_form(house: House, work: Work) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
        path = "/settings/profile"
        said = {"avatar_description": "A hat", "header_description": ""}
        untouched = {"avatar": ("", b"", "application/octet-stream")}
        answer = await ada.post(path, data=said, files=untouched)
        assert answer.status_code == 303 and not house.settings.spool_dir.exists()
        sent = {**pictures(avatar=files.picture()), "header": untouched["avatar"]}
        answer = await during(house, work, ada.post(path, data=said, files=sent))
        assert answer.status_code == 303
        page = (await ada.get(path)).text
        assert re.search(r'<img class="face" src="http://localhost:8001/media/[^"]+\.jpg"', page)
        assert ">\nA hat</textarea>" in page
        broken = pictures(avatar=files.picture()[:99])
        typed = {**said, "avatar_description": "Typed <b>"}
        answer = await during(house, work, ada.post(path, data=typed, files=broken))
        assert answer.status_code == 422 and "Typed &lt;b&gt;" in answer.text
        assert 'id="wrong"' in answer.text
        answer = await ada.post(path, data={"drop_avatar": "on"}, files=untouched)
        assert answer.status_code == 303
        assert "http://localhost:8001/media/" not in (await ada.get(path)).text
    async with house.browser() as nobody:
        assert (await nobody.get("/settings/profile")).status_code == 303


async def test_lines_of_our_own_form(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
        said = {
            "fields_attributes[0][name]": "Web",
            "fields_attributes[0][value]": "https://ada.example/?a&b",
            "fields_attributes[1][name]": "At <b>",
            "fields_attributes[1][value]": "the river",
        }
        path = "/settings/profile"
        assert (await ada.post(path, data={**said, "": ""}, files={})).status_code == 303
        page = (await ada.get("/@ada")).text
        assert (
            '<a href="https://ada.example/?a&amp;b" rel="nofollow noopener noreferrer me"' in page
        )
        assert "At &lt;b&gt;" in page and 'class="tick"' not in page
        id = int((await house.client.get("/api/v1/accounts/lookup?acct=ada")).json()["id"])
        link = {"https://ada.example/?a&b": True}
        await house.parts.sql.write(fields.prove, id, link, house.clock[0])
        assert (await ada.get("/@ada")).text.count('class="tick"') == 1
        told = (await house.client.get("/api/v1/accounts/lookup?acct=ada")).json()["fields"]
        assert [one["verified_at"] for one in told] == ["2027-01-15T08:00:00.000Z", None]
        assert await said_of(ada, path) == [*said.values(), "", "", "", ""]
        much = {**said, "fields_attributes[1][value]": "x" * 256}
        answer = await ada.post(path, data=much)
        assert (
            answer.status_code == 422 and "x" * 256 in answer.text and 'id="wrong"' in answer.text
        )
        assert await said_of(ada, path) == [*said.values(), "", "", "", ""]
        assert (await ada.post(path, data={"avatar_description": ""})).status_code == 303
        assert await said_of(ada, path) == [*said.values(), "", "", "", ""], (
            "not named, not changed"
        )
        gone = dict.fromkeys(said, "")
        assert (await ada.post(path, data=gone)).status_code == 303
        assert await said_of(ada, path) == [""] * 8 and "<dl" not in (await ada.get("/@ada")).text


async def said_of(browser: httpx.AsyncClient, path: str) -> list[str]:
    """What stands in the lines of the form."""
    page = (await browser.get(path)).text
    found = re.findall(r'name="fields_attributes\[\d\]\[\w+\]" value="([^"]*)"', page)
    return [html.unescape(one) for one in found]
