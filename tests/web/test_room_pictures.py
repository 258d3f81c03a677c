"""Pictures of rooms, on both databases, with work's lane beside it: made anew, waited for, let go with their room."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from PIL import Image

from hustings.social.media import LOOSE_MS
from hustings.web import room_pictures
from hustings.web.pages import Pages
from tests import media_files as files
from tests.web.conftest import API, PLAN, House, bearer
from tests.web.mastodon.test_media import Work, making_of, working
from tests.web.mastodon.test_portraits import during

LIVE = "http://localhost:8001"
MOST = 8_000_000


@pytest.fixture
async def work(house: House) -> AsyncIterator[Work]:
    async for one in working(house):
        yield one


async def plans(
    house: House, work: Work, raw: bytes, alt: str = "A red field", **more: Any
) -> httpx.Response:
    said = {name: str(value) for name, value in {**PLAN, **more}.items()}
    sent = {"picture": ("../../x.png", raw, "image/png")}
    path = f"{API}/rooms"
    asked = house.client.post(path, data={**said, "picture_alt": alt}, files=sent)
    return await during(house, work, asked)


async def made(house: House, work: Work, raw: bytes) -> Image.Image:
    answer = await plans(house, work, raw)
    assert answer.status_code == 201, answer.text
    return Image.open(io.BytesIO(kept(house, answer.json()["room"]["picture"])))


def kept(house: House, url: str) -> bytes:
    """As the live host has it."""
    assert url.startswith(f"{LIVE}/media/")
    return (house.settings.media_dir / url.removeprefix(f"{LIVE}/media/")).read_bytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_jpeg_comes_out(house: House, work: Work, kind: str) -> None:
    out = await made(house, work, files.picture(kind))
    assert (out.format, out.size, out.mode) == ("JPEG", (60, 40), "RGB")


async def test_metadata_stays_behind_and_the_picture_is_upright(house: House, work: Work) -> None:
    answer = await plans(house, work, files.located())
    raw = kept(house, answer.json()["room"]["picture"])
    assert b"taken at home" not in raw and b"a secret" not in raw
    with Image.open(io.BytesIO(raw)) as out:
        assert out.size == (40, 60) and not out.getexif()


async def test_large_ones_are_made_smaller(house: House, work: Work) -> None:
    assert (await made(house, work, files.picture("PNG", (3_200, 800)))).size == (1_600, 400)


async def test_what_is_see_through_stands_on_white(house: House, work: Work) -> None:
    out = await made(house, work, files.picture("PNG", mode="RGBA", color=(255, 0, 0, 0)))
    assert out.getpixel((5, 5)) == (255, 255, 255)


async def test_a_room_with_a_picture(house: House, work: Work) -> None:
    answer = await plans(house, work, files.picture("PNG"))
    assert answer.status_code == 201, answer.text
    room = answer.json()["room"]
    assert room["picture"] in house.page(room["key"]).read_text()
    assert house.studio.plans[room["key"]]["picture_alt"] == "A red field"
    shown = Pages(house.parts).picture
    assert shown(room["picture"]) == room["picture"]
    assert shown(f"{LIVE}/assets/p-1/picture.jpg") == "/assets/p-1/picture.jpg", "an older one"
    assert shown("https://elsewhere.example/media/a.jpg") == ""
    assert list(house.settings.spool_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("raw", "alt", "status", "code"),
    [
        (files.picture("PNG"), "", 422, "picture_alt_missing"),
        (b"not a picture", "A field", 422, "picture_malformed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "A field", 422, "picture_malformed"),
        (files.wav(), "A field", 422, "picture_malformed"),
        (files.picture()[:200], "A field", 422, "picture_malformed"),
        (files.png(8_000, 5_000), "A field", 422, "picture_malformed"),  # at the limit, and cut off
        (files.png(8_000, 5_001), "A field", 413, "picture_too_large"),
        (files.png(60_000, 60_000), "A field", 413, "picture_too_large"),
        (files.picture() + bytes(MOST + 1), "A field", 413, "picture_too_large"),
        (bytes(MOST + 200_000), "A field", 413, "body_too_large"),
    ],
    ids=range(10),
)
async def test_pictures_that_are_refused(
    house: House, work: Work, raw: bytes, alt: str, status: int, code: str
) -> None:
    answer = await plans(house, work, raw, alt)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert house.studio.plans == {}
    assert not list(house.settings.spool_dir.glob("*"))


async def test_bytes_at_the_limit(house: House, work: Work) -> None:
    raw = files.picture()
    answer = await plans(house, work, raw + bytes(MOST - len(raw)))
    assert answer.status_code == 201, answer.text


async def test_a_picture_goes_a_day_after_its_room_let_it_go(house: House, work: Work) -> None:
    first, twin = [(await plans(house, work, files.picture())).json() for _ in range(2)]
    lost = await plans(house, work, files.picture("PNG", (9, 9)), key=twin["room"]["key"])
    assert lost.json()["code"] == "key_taken"
    assert first["room"]["picture"] == twin["room"]["picture"]
    path = f"{API}/rooms/{first['room']['key']}"
    sent = {"picture": ("x.png", files.picture("PNG", (7, 7)), "image/png")}
    by_host = bearer(first["host_ticket"])
    changed = await during(house, work, house.client.patch(path, files=sent, headers=by_host))
    new = changed.json()["picture"]
    assert changed.status_code == 200 and kept(house, new)
    await swept(house)
    assert kept(house, twin["room"]["picture"]) and kept(house, new)
    assert len(list(house.settings.media_dir.glob("*/*"))) == 2, "the one that nobody got is gone"
    path = f"{API}/rooms/{twin['room']['key']}"
    gone = await house.client.delete(path, headers=bearer(twin["host_ticket"]))
    assert gone.status_code == 204, gone.text
    await swept(house)
    assert len(list(house.settings.media_dir.glob("*/*"))) == 1 and kept(house, new)


async def swept(house: House) -> None:
    async for making in making_of(house):
        await making.sweep(house.clock[0] + LOOSE_MS + 1)


async def test_one_that_is_not_made_in_time_is_refused_and_let_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_pictures, "PATIENCE_S", 0.2)
    said = {name: str(value) for name, value in PLAN.items()}
    sent = {"picture": ("x.png", files.picture(), "image/png")}
    answer = await asyncio.wait_for(
        house.client.post(f"{API}/rooms", data={**said, "picture_alt": "x"}, files=sent), 10
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "media_busy")
    assert house.studio.plans == {}
