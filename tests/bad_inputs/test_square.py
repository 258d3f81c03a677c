"""The square under attack: one real server, each case a plain "no", or words and nothing but words."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.bad_inputs.test_people import sane
from tests.e2e.house import House
from tests.e2e.square import Member

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


@pytest.fixture(scope="session")
def ada(house: House) -> Member:
    """She writes for her followers, and has none."""
    return Member(house, "ada_writes")


@pytest.fixture(scope="session")
def eve(house: House) -> Member:
    """She means harm."""
    return Member(house, "eve")


@pytest.fixture(scope="session")
def secret(ada: Member) -> int:
    ada.say("The secret is out.", visibility="private")
    return ada_post(ada)


def ada_post(ada: Member) -> int:
    return ada.posts()[0]


def posts(eve: Member, **fields: object) -> httpx.Response:
    return eve.http.post("/posts", data={"status": "Words.", **fields})


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "\x00\x1b[31mred", "\u202egnp.exe\u2066",
     "a" + "\u0301" * 200, "</textarea><script>alert(1)</script>", "&lt;script&gt;alert(1)", "javascript:alert(1)",
     "https://a.example/\"onmouseover=\"alert(1)", "https://a.example/<script>alert(1)</script>", "#<b>tag</b>", "@eve<script>",
     "https://bank.example@evil.example/", "data:text/html,<script>alert(1)</script>", "\u2028\u2029\u0085", "%3Cscript%3E"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["status", "spoiler_text"])
def test_a_post_is_text_everywhere(house: House, eve: Member, text: str, field: str) -> None:
    said = eve.say(**{"status": "Words.", field: f"{text} x"})
    for path in (f"/posts/{said}", "/square", "/home", "/@eve", f"/posts/{said}/edit", f"/compose?in_reply_to_id={said}",
                 f"/@eve/{said}/history"):  # fmt: skip
        answer = eve.http.get(path, follow_redirects=True)
        sane(answer, 200)
        page = answer.text
        assert "<script>alert" not in page and "<img src=x" not in page and ">49<" not in page
        assert (
            '"onmouseover' not in page
            and 'href="javascript' not in page
            and 'href="data' not in page
        )
        assert "\x1b" not in page and "\u202e" not in page and "\u0301" * 5 not in page
        assert 'href="https://bank.example@evil' not in page
    eve.does(said, "delete")


def test_a_megabyte_of_marks(eve: Member) -> None:
    sane(posts(eve, status="a" + "\u0301" * 500_000), 413)
    sane(posts(eve, status="a" + "\u0301\u0323" * 4_000), 303)
    began = time.monotonic()
    sane(posts(eve, status="a" + "\u0301\u0323" * 5_000), 422)
    sane(posts(eve, status="a", spoiler_text="\u0301" * 10_001), 422)
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("visibility", "everyone", 422),
        ("visibility", "' OR 1=1 --", 422),
        ("language", "<script>", 422),
        ("language", "x" * 60_000, 422),
        ("room", "no-such-room", 404),
        ("room", "../../etc/passwd", 404),
        ("room", "x" * 60_000, 422),
        ("room", "\x00", 422),
        ("in_reply_to_id", "-1", 404),
        ("in_reply_to_id", "9" * 60, 404),
        ("in_reply_to_id", "1 OR 1=1", 404),
        ("in_reply_to_id", "٣", 404),
        ("key", "k" * 201, 400),
        ("key", "\x00", 400),
        ("status", "", 422),
        ("status", "\u202e\u200b\ufeff", 422),
        ("status", "x" * 501, 422),
        ("status", "👩\u200d" * 2_600, 422),
    ],
)
def test_fields_that_cannot_be(eve: Member, field: str, value: str, status: int) -> None:
    sane(
        posts(eve, **{field: value}),
        *{status, 404 if field in ("room", "in_reply_to_id") else status},
    )


@pytest.mark.parametrize(
    "path",
    [
        "/posts/{id}",
        "/@ada_writes/{id}",
        "/@eve/{id}",
        "/@ada_writes/{id}/history",
        "/posts/{id}/edit",
    ],
)
def test_others_private_posts_are_not_there(
    house: House, eve: Member, secret: int, path: str
) -> None:
    for client in (eve.http, house.http):
        answer = client.get(
            f"{house.web}{path.format(id=secret)}", follow_redirects=client is eve.http
        )
        sane(answer, 404, 303 if path.endswith("edit") and client is house.http else 404)
        assert "secret is out" not in answer.text


@pytest.mark.parametrize(
    "act",
    [
        "favourite",
        "bookmark",
        "repost",
        "pin",
        "delete",
        "edit",
        "unfavourite",
        "unbookmark",
        "unpin",
    ],
)
def test_nothing_is_done_with_others_private_posts(eve: Member, secret: int, act: str) -> None:
    sane(eve.http.post(f"/posts/{secret}/{act}", data={"status": "Mine now."}), 404)


@pytest.mark.parametrize("act", ["delete", "edit", "pin"])
def test_nothing_is_done_with_others_posts_that_only_they_do(
    ada: Member, eve: Member, act: str
) -> None:
    said = ada.say("Mine.")
    sane(eve.http.post(f"/posts/{said}/{act}", data={"status": "Mine now."}), 404)
    assert "Mine." in eve.http.get(f"/@ada_writes/{said}").text


def test_an_answer_to_a_private_post_says_nothing_of_it(eve: Member, secret: int) -> None:
    sane(posts(eve, in_reply_to_id=str(secret)), 404, 422)
    assert "secret is out" not in eve.http.get(f"/compose?in_reply_to_id={secret}").text


@pytest.mark.parametrize(
    "id", ["0", "-1", "x", "9" * 400, "1e3", "%00", "1%20OR%201=1", "..%2f..", "٣", "1/2"]
)
@pytest.mark.parametrize("act", ["favourite", "repost", "delete", "edit", "praise"])
def test_ids_that_are_none(eve: Member, id: str, act: str) -> None:
    sane(eve.http.post(f"/posts/{id}/{act}", data={"status": "x"}), 404, 405)


@pytest.mark.parametrize(
    "act", ["follow", "block", "mute", "let-follow", "unfollow", "praise", "%00"]
)
@pytest.mark.parametrize("id", ["0", "x", "9" * 400, "-1", "%00"])
def test_people_that_are_none(eve: Member, id: str, act: str) -> None:
    sane(eve.http.post(f"/people/{id}/{act}", data={"next": "//evil.example"}), 404, 303)


@pytest.mark.parametrize(
    "next",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/%0d%0aSet-Cookie:x=y",
        "javascript:1",
    ],
)
@pytest.mark.parametrize("at", ["", "p1", "p1\r\nSet-Cookie: x=y", "\u202e", "x" * 9_000])
def test_a_button_never_leads_elsewhere(eve: Member, next: str, at: str) -> None:
    said = eve.say("Words.")
    answer = eve.http.post(f"/posts/{said}/favourite", data={"next": next, "at": at})
    sane(answer, 303)
    assert answer.headers["Location"].startswith("/") and "evil" not in answer.headers["Location"]
    assert "x" not in answer.cookies
    eve.does(said, "delete")


@pytest.mark.parametrize("query", ["max_id=x", "max_id=-1", "min_id=1e9", "since_id=%00", "limit=-5", "limit=x",
                                   "max_id=" + "9" * 5_000,
                                   "min_id=%D9%A3", "max_id=1;DROP+TABLE+posts", "max_id=%ff"])  # fmt: skip
@pytest.mark.parametrize("path", ["/square", "/home", "/tags/x", "/@eve", "/rooms/none"])
def test_pages_that_are_none(eve: Member, path: str, query: str) -> None:
    sane(eve.http.get(f"{path}?{query}"), 400, 404)


@pytest.mark.parametrize(
    "tag", ["%00", "%3Cscript%3E", "a%20b", "x" * 3_000, "..%2f..", "%F0%9F%92%A9", "%ff", "1"]
)
def test_tags_that_are_none(house: House, tag: str) -> None:
    answer = house.http.get(f"{house.web}/tags/{tag}")
    sane(answer, 404)
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/posts",
        "/posts/1/favourite",
        "/posts/1/delete",
        "/posts/1/edit",
        "/people/1/follow",
        "/settings/import",
    ],
)
def test_strangers_and_other_sites_change_nothing(house: House, eve: Member, path: str) -> None:
    answer = house.http.post(f"{house.web}{path}", data={"status": "x"})
    sane(answer, 303)
    assert answer.headers["Location"].startswith("/login")
    for site in ("https://evil.example", "null"):
        sane(eve.http.post(path, data={"status": "x"}, headers={"Origin": site}), 403)


@pytest.mark.parametrize("size", [8_000_001, 20_000_000])
def test_an_archive_that_is_too_large(eve: Member, size: int) -> None:
    file = ("outbox.json", b"x" * size, "application/json")
    sane(eve.http.post("/settings/import", files={"picture": file}), 413)


def test_more_posts_than_anybody_writes(house: House) -> None:
    """Three hundred in three hours; the one after is told to wait, and reading goes on."""
    zoe = Member(house, "zoe")
    answers = [posts(zoe, status=f"{n}").status_code for n in range(301)]
    assert answers == [303] * 300 + [429]
    sane(zoe.http.get("/home"), 200)


def test_nothing_that_was_tried_reached_the_log(house: House) -> None:
    assert "broke" not in house.log and "Traceback" not in house.log
