"""Pictures from outside: re-encoded, small, without what was hidden in them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from hustings.web import pictures
from hustings.wire.errors import Refused
from tests.web.conftest import API, PLAN, House

ROOM = 8_000_000


def encoded(kind: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, more.pop("color", None) or "red").save(out, kind, **more)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_jpeg_comes_out(kind: str) -> None:
    with Image.open(io.BytesIO(pictures.reencode(encoded(kind), ROOM))) as out:
        assert (out.format, out.size, out.mode) == ("JPEG", (60, 40), "RGB")


def test_metadata_stays_behind_and_the_picture_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010E] = "taken at home"
    raw = encoded("JPEG", exif=exif, comment=b"a secret")
    assert b"taken at home" in raw and b"a secret" in raw
    made = pictures.reencode(raw, ROOM)
    assert b"taken at home" not in made and b"a secret" not in made
    with Image.open(io.BytesIO(made)) as out:
        assert out.size == (40, 60) and not out.getexif()


def test_large_ones_are_made_smaller() -> None:
    with Image.open(io.BytesIO(pictures.reencode(encoded("PNG", (3200, 800)), ROOM))) as out:
        assert out.size == (1600, 400)


def test_what_is_see_through_stands_on_white() -> None:
    raw = encoded("PNG", mode="RGBA", color=(255, 0, 0, 0))
    with Image.open(io.BytesIO(pictures.reencode(raw, ROOM))) as out:
        assert out.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "picture_malformed"),
        (b"GIF89a" + bytes(100), "picture_malformed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_malformed"),
        (encoded("GIF"), "picture_malformed"),
        (encoded("JPEG")[:200], "picture_malformed"),
        (png_header(8_000, 5_001), "picture_too_large"),
        (png_header(60_000, 60_000), "picture_too_large"),
        (png_header(8_000, 5_000), "picture_malformed"),  # at the limit: read, and found cut off
    ],
    ids=range(8),
)
def test_what_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        pictures.reencode(raw, ROOM)
    assert refused.value.code == code


def test_bytes_at_the_limit_and_one_past_it() -> None:
    raw = encoded("PNG")
    assert pictures.reencode(raw, len(raw))
    with pytest.raises(Refused) as refused:
        pictures.reencode(raw, len(raw) - 1)
    assert refused.value.code == "picture_too_large"


async def test_a_room_with_a_picture(house: House) -> None:
    fields = {name: str(value) for name, value in PLAN.items()}
    answer = await house.client.post(
        f"{API}/rooms",
        data={**fields, "picture_alt": "A red field"},
        files={"picture": ("../../x.png", encoded("PNG"), "image/png")},
    )
    assert answer.status_code == 201, answer.text
    room = answer.json()["room"]
    assert room["picture"].startswith("http://localhost:8001/assets/p-")
    path = room["picture"].removeprefix("http://localhost:8001")
    picture = await house.client.get(path)
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert "immutable" in picture.headers["Cache-Control"]
    assert room["picture"] in house.page(room["key"]).read_text()
    assert house.studio.plans[room["key"]]["picture_alt"] == "A red field"


@pytest.mark.parametrize(
    ("file", "alt", "status", "code"),
    [
        (encoded("PNG"), "", 422, "picture_alt_missing"),
        (b"not a picture", "A field", 422, "picture_malformed"),
        (png_header(60_000, 60_000), "A field", 413, "picture_too_large"),
        (bytes(ROOM + 1), "A field", 413, "picture_too_large"),
        (bytes(ROOM + 200_000), "A field", 413, "body_too_large"),
    ],
    ids=range(5),
)
async def test_pictures_that_are_refused(
    house: House, file: bytes, alt: str, status: int, code: str
) -> None:
    answer = await house.client.post(
        f"{API}/rooms",
        data={**{name: str(value) for name, value in PLAN.items()}, "picture_alt": alt},
        files={"picture": ("x.png", file, "image/png")},
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert house.studio.plans == {}
