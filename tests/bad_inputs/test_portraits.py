"""Avatars and headers that mean harm, sent to one real server: a plain "no" that changes nothing, or a new picture in which
nothing of it is left."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from tests import media_files as files
from tests.bad_inputs.test_media import SCRIPT, Sender, joins, polyglots, refused
from tests.e2e.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]
UPDATE = "/api/v1/accounts/update_credentials"


@pytest.fixture(scope="module")
def kai(house: House) -> Iterator[Sender]:
    yield from joins(house, "kai")


@pytest.fixture(scope="module")
def lou(house: House) -> Iterator[Sender]:
    """So that thirty in half an hour are enough."""
    yield from joins(house, "lou")


def sends(who: Sender, raw: bytes, kind: str = "avatar", name: str = "x.jpg") -> httpx.Response:
    return who.http.patch(UPDATE, files={kind: (name, raw, "image/jpeg")})


def own(who: Sender) -> Any:
    return who.http.get("/api/v1/accounts/verify_credentials").json()


@pytest.mark.parametrize("kind", ["avatar", "header"])
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (files.png(50_000, 50_000), "media_too_large"),
        (files.png(4_000, 4_000, bytes(100)), "media_malformed"),
        (files.png(9, 9, before=files.chunk(b"zTXt", b"k\0\0" + b"\xff" * 99)), "media_malformed"),
        (files.picture()[:300], "media_malformed"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 90, "media_too_large"),
        (files.wav(), "media_malformed"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "media_malformed"),
        (b"<!doctype html>" + SCRIPT, "media_malformed"),
        (b"II*\x00" + bytes(400), "media_malformed"),
        (b"\xff", "media_malformed"),
        (files.picture() + bytes(16_000_001), "media_too_large"),
    ],
    ids=["bomb", "lies", "text", "cut", "webp", "sound", "svg", "html", "tiff", "byte", "much"],
)  # fmt: skip
def test_one_that_cannot_be_changes_nothing(
    kai: Sender, lou: Sender, kind: str, raw: bytes, code: str
) -> None:
    who = kai if kind == "avatar" else lou
    before = own(who)
    refused(sends(who, raw, kind), 413 if code == "media_too_large" else 422, code)
    assert own(who) == before


@pytest.mark.parametrize("name", ["gifar", "tail", "comment", "chunk"])
def test_nothing_of_a_polyglot_is_left(kai: Sender, name: str) -> None:
    answer = sends(kai, polyglots()[name], name="../../index.html")
    assert answer.status_code == 200, answer.text
    file = httpx.get(answer.json()["avatar"])
    assert SCRIPT not in file.content and b"PK\x03\x04" not in file.content
    assert file.headers["content-type"] == "image/jpeg" and "set-cookie" not in file.headers
    with Image.open(io.BytesIO(file.content)) as picture:
        assert picture.size == (400, 400)


@pytest.mark.parametrize(
    "size", [(1, 1), (4_000, 1), (1, 4_000), (6_000, 6_000)], ids=["dot", "line", "pole", "large"]
)
def test_every_shape_fills_its_frame(lou: Sender, size: tuple[int, int]) -> None:
    answer = sends(lou, files.picture("PNG", size), "header")
    assert answer.status_code == 200, answer.text
    with Image.open(io.BytesIO(httpx.get(answer.json()["header"]).content)) as picture:
        assert picture.size == (1_500, 500)


@pytest.mark.parametrize(
    "value", ["a picture", "data:image/png;base64,AA", "https://x.example/a.png", ["x"], {"a": "b"}, 3, True]
)  # fmt: skip
def test_one_that_is_no_file(kai: Sender, value: Any) -> None:
    refused(kai.http.patch(UPDATE, json={"avatar": value}), 422, "media_malformed")


@pytest.mark.parametrize("value", ["a" + "\u0301" * 25_000, "x" * 1_501])
def test_words_that_cannot_be(kai: Sender, value: str) -> None:
    said = {"avatar_description": value}
    refused(kai.http.patch(UPDATE, json=said), 422, "media_alt_too_long")


@pytest.mark.parametrize("text", ['"><img src=x onerror=alert(1)>', "<script>alert(1)</script>"])
def test_what_is_said_of_one_is_text_everywhere(house: House, kai: Sender, text: str) -> None:
    sends(kai, files.picture("PNG", (5, 5)))
    answer = kai.http.patch(UPDATE, json={"avatar_description": text})
    assert answer.json()["avatar_description"] == text
    page = httpx.get(f"{house.web}/@kai").text
    assert text not in page and "&lt;" in page


@pytest.mark.parametrize(
    "path", ["/drawn/../keys/avatar.png", "/drawn/0000000000000000/..%2f.png", "/drawn/%00/avatar.png",
             "/drawn/000000000000000/avatar.png", "/drawn/0000000000000000/avatar.svg"],
)  # fmt: skip
def test_drawings_that_are_none(house: House, path: str) -> None:
    answer = httpx.get(f"{house.web}{path}")
    assert answer.status_code == 404 and "Traceback" not in answer.text
