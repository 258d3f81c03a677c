"""Pictures and sounds that mean harm, sent to one real server: a plain "no", or something new in which nothing of it is left.

Each is looked at where readers get it: on the live host, after work has made it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from PIL import Image

from tests import media_files as files
from tests.e2e.harness.waiting import until
from tests.e2e.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

PASSWORD = "a bridge in Kyoto"
SCRIPT = b"<script>alert(1)</script>"


@dataclass
class Sender:
    """Somebody with a token, on a server that runs."""

    house: House
    http: httpx.Client

    def send(
        self, raw: bytes, name: str = "x.jpg", kind: str = "image/jpeg", **said: str
    ) -> httpx.Response:
        return self.http.post("/api/v2/media", files={"file": (name, raw, kind)}, data=said)

    def made(self, raw: bytes, **more: str) -> httpx.Response:
        """What is said of it once nothing more is done with it."""
        answer = self.send(raw, **more)
        assert answer.status_code == 202, answer.text
        path = f"/api/v1/media/{answer.json()['id']}"
        until(lambda: self.http.get(path).status_code != 206, 30, "a picture or sound that is made")
        return self.http.get(path)

    def read(self, raw: bytes, **more: str) -> httpx.Response:
        """The file as readers get it."""
        answer = self.made(raw, **more)
        assert answer.status_code == 200, answer.text
        file = httpx.get(answer.json()["url"])
        assert file.status_code == 200 and file.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in file.headers
        return file


def joins(house: House, handle: str) -> Iterator[Sender]:
    http = httpx.Client(base_url=house.web, timeout=30)
    scopes = "read write"
    said = {"client_name": "Quill", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": scopes}
    app = http.post("/api/v1/apps", data=said).json()
    grant = {"grant_type": "client_credentials", "scope": scopes}
    keys = {name: app[name] for name in ("client_id", "client_secret")}
    token = http.post("/oauth/token", data={**keys, **grant}).json()["access_token"]
    new = {
        "username": handle,
        "password": PASSWORD,
        "email": f"{handle}@example.org",
        "agreement": "true",
    }
    headers = {"Authorization": f"Bearer {token}"}
    answer = http.post("/api/v1/accounts", data=new, headers=headers)
    assert answer.status_code == 200, answer.text
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    yield Sender(house, http)
    http.close()


@pytest.fixture(scope="module")
def ona(house: House) -> Iterator[Sender]:
    yield from joins(house, "ona")


@pytest.fixture(scope="module")
def pia(house: House) -> Iterator[Sender]:
    """So that thirty in half an hour are enough."""
    yield from joins(house, "pia")


@pytest.fixture(scope="module")
def loose(ona: Sender) -> str:
    """One of hers that is in no post."""
    return str(ona.made(files.picture("PNG", (7, 7))).json()["id"])


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        b"<!doctype html>" + SCRIPT,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n",
        b"push graphic-context\nfill 'url(https://127.0.0.1/\"|id\")'\n",
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"II*\x00" + bytes(400),
        b"\x00\x00\x01\x00" + bytes(400),
        b"MZ" + bytes(400),
    ],
    ids=["nothing", "one_byte", "svg", "xxe", "html", "ghostscript", "imagetragick", "playlist", "tiff", "icon", "program"],
)  # fmt: skip
def test_what_is_no_picture_is_never_kept(ona: Sender, raw: bytes) -> None:
    refused(ona.send(raw), 422, "media_malformed")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (files.png(50_000, 50_000), "media_too_large"),
        (files.png(4_000, 4_000, bytes(100)), "media_malformed"),
        (files.png(2, 2, bytes(50_000_000)), ""),
        (files.png(9, 9, before=files.chunk(b"zTXt", b"k\0\0" + b"\xff" * 99)), "media_malformed"),
        (files.picture()[:300], "media_malformed"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 90, "media_too_large"),
        (b"\xff\xfb" + b"#EXTM3U\nfile:///etc/passwd\n" * 90, "media_malformed"),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(90), "media_malformed"),
        (b"\x00\x00\x00\x01ftypM4A " + b"\xff" * 900, "media_malformed"),
    ],
    ids=["bomb", "lies", "inflates", "text", "cut", "webp", "mpeg", "id3", "m4a"],
)
def test_what_lies_has_failed_and_says_why(ona: Sender, raw: bytes, code: str) -> None:
    answer = ona.made(raw)
    if code:
        refused(answer, 413 if code == "media_too_large" else 422, code)
    else:
        assert answer.status_code in (200, 422), "its pixels are none, or what is there of them"


def polyglots() -> dict[str, bytes]:
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("run.class", SCRIPT)
    gif = files.picture("GIF")
    return {
        "gifar": gif + jar.getvalue(),
        "tail": files.picture() + SCRIPT * 9,
        "comment": files.picture(comment=SCRIPT),
        "chunk": files.png(1, 1, bytes(4), files.chunk(b"tEXt", b"Comment\0" + SCRIPT)),
    }


@pytest.mark.parametrize("name", ["gifar", "tail", "comment", "chunk"])
def test_nothing_of_a_polyglot_is_left(pia: Sender, name: str) -> None:
    raw = polyglots()[name]
    file = pia.read(raw, name="../../index.html", kind="text/html")
    assert SCRIPT not in file.content and b"PK\x03\x04" not in file.content
    assert file.headers["content-type"] == "image/jpeg"
    assert file.url.path.endswith(".jpg") and ".." not in file.url.path


def test_a_photograph_does_not_say_where_it_was_taken(pia: Sender) -> None:
    raw = files.located()
    with Image.open(io.BytesIO(raw)) as picture:
        assert picture.getexif().get_ifd(0x8825)
    file = pia.read(raw)
    assert b"taken at home" not in file.content and b"a secret" not in file.content
    with Image.open(io.BytesIO(file.content)) as picture:
        assert not picture.getexif() and picture.size == (40, 60)


def test_a_sound_does_not_say_who_made_it(pia: Sender) -> None:
    file = pia.read(files.sound(comment="said at home"), name="x.html", kind="text/html")
    assert b"at home" not in file.content and file.headers["content-type"] == "audio/mp4"


def test_a_byte_past_the_limit(pia: Sender) -> None:
    past = files.picture() + bytes(16_000_001)
    refused(pia.send(past[:16_000_001]), 413, "media_too_large")
    refused(pia.send(files.wav() + bytes(64_200_000)), 413, "body_too_large")


def test_one_that_is_anothers_or_used(ona: Sender, pia: Sender) -> None:
    id = ona.made(files.picture()).json()["id"]
    said = {"status": "mine now", "media_ids": [id]}
    refused(pia.http.post("/api/v1/statuses", json=said), 404, "media_unknown")
    refused(pia.http.get(f"/api/v1/media/{id}"), 404, "media_unknown")
    refused(pia.http.put(f"/api/v1/media/{id}", json={"description": "x"}), 404, "media_unknown")
    assert ona.http.post("/api/v1/statuses", json=said).status_code == 200
    refused(ona.http.post("/api/v1/statuses", json=said), 422, "media_used")


@pytest.mark.parametrize(
    "ids",
    [
        ["0"],
        ["-1"],
        ["9" * 30],
        ["1 OR 1=1"],
        ["\u0661"],
        [{"id": "1"}],
        {"0": "x"},
        "x",
        [None, "x"],
        3.5,
    ],
)
def test_ids_that_are_none(ona: Sender, ids: Any) -> None:
    said = {"status": "x", "media_ids": ids}
    refused(ona.http.post("/api/v1/statuses", json=said), 404, "media_unknown")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("description", "a" + "\u0301" * 25_000, "media_alt_too_long"),
        ("description", "x" * 1_501, "media_alt_too_long"),
        ("credit", "x" * 201, "media_credit_too_long"),
        ("focus", "inf,0", "media_focus_malformed"),
        ("focus", "1,1,1", "media_focus_malformed"),
    ],
)
def test_words_that_cannot_be(ona: Sender, loose: str, field: str, value: str, code: str) -> None:
    refused(ona.http.put(f"/api/v1/media/{loose}", json={field: value}), 422, code)


@pytest.mark.parametrize(
    "path", ["/media/../keys/web.pem", "/media/%2e%2e/%2e%2e/keys", "/media/ab/.draft", "/media/", "/media/ab"],
)  # fmt: skip
def test_the_live_host_gives_out_files_and_nothing_else(house: House, path: str) -> None:
    answer = httpx.get(f"{house.live}{path}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary=x"],
)
def test_bodies_that_hold_no_file(ona: Sender, kind: str) -> None:
    answer = ona.http.post("/api/v2/media", content=b"--x\r\n\r\n", headers={"Content-Type": kind})
    refused(answer, 400, "bad_request")
