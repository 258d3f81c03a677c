"""Archives from elsewhere: what is read of them, and what only looks like one. Then: taken in, on both databases."""

from __future__ import annotations

import json
import time
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest

from hustings.social import archives, imports, jobs, timelines
from hustings.social.archives import Claimed
from hustings.social.ids import Ids, moment
from hustings.social.lanes import IMPORTS
from hustings.social.paging import Page
from hustings.wire.errors import Refused
from hustings.work.child import Bounds
from hustings.work.importing import BOUNDS, Importing
from hustings.work.ledger import Ledger
from tests.social.square import WEB, Square, ids

NOW_MS = 1_800_000_000_000
MAY_25_MS = 1_685_023_200_000  # 25 May 2023, 14:00
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def note(**over: Any) -> dict[str, Any]:
    written = {
        "type": "Note",
        "id": "https://m.example/users/ada/statuses/1",
        "published": "2023-05-25T14:00:00Z",
        "content": "<p>It began <b>late</b>.<br>Again.</p><p>#Hour &amp; <a href='https://a.example/b'>"
        "<span class='invisible'>https://</span>a.example/b</a></p>",
        "summary": None,
        "sensitive": False,
        "to": [PUBLIC],
        "cc": ["https://m.example/users/ada/followers"],
        "contentMap": {"en": "x"},
    }
    return {"type": "Create", "object": {**written, **over}}


def outbox(*activities: Any) -> bytes:
    return json.dumps({"type": "OrderedCollection", "orderedItems": list(activities)}).encode()


def tweet(**over: Any) -> dict[str, Any]:
    said = {
        "id_str": "17",
        "full_text": "It began &lt;late&gt; https://t.example/x",
        "created_at": "Thu May 25 14:00:00 +0000 2023",
        "lang": "en",
        "entities": {
            "urls": [{"url": "https://t.example/x", "expanded_url": "https://a.example/b"}]
        },
    }
    return {"tweet": {**said, **over}}


def tweets(*entries: Any) -> bytes:
    return b"window.YTD.tweets.part0 = " + json.dumps(list(entries)).encode()


def test_a_note_of_an_outbox() -> None:
    assert archives.read(outbox(note()), NOW_MS) == (
        [
            Claimed(
                MAY_25_MS,
                "It began late.\nAgain.\n\n#Hour & https://a.example/b",
                "",
                False,
                "en",
                "public",
                "https://m.example/users/ada/statuses/1",
            )
        ],
        0,
    )


def test_a_tweet() -> None:
    ((one,), passed) = archives.read(tweets(tweet(), tweet(full_text="RT @bob: his")), NOW_MS)
    assert (one.at_ms, one.text, passed) == (MAY_25_MS, "It began <late> https://a.example/b", 1)
    assert (one.origin, one.language) == ("https://x.com/i/web/status/17", "en")


@pytest.mark.parametrize(
    ("to", "cc", "visibility"),
    [
        ([PUBLIC], [], "public"),
        ("as:Public", None, "public"),
        (["https://m.example/users/ada/followers"], [PUBLIC], "unlisted"),
        (["https://m.example/users/ada/followers"], [], "private"),
    ],
)
def test_who_could_see_it_there_can_see_it_here(to: Any, cc: Any, visibility: str) -> None:
    ((one,), _) = archives.read(outbox(note(to=to, cc=cc)), NOW_MS)
    assert one.visibility == visibility


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "Announce", "object": "https://other.example/1"},
        note(to=["https://m.example/users/bob"], cc=[]),
        note(type="Tombstone"),
        note(published="2023-13-45"),
        note(published="2099-01-01T00:00:00Z"),
        note(published="1066-10-14T00:00:00Z"),
        note(published="99999-01-01T00:00:00Z"),
        note(published=7),
        note(content=""),
        note(content=None),
        note(content={"a": 1}),
        note(content="<script></script>\u202e"),
        note(content="x" * (archives.TEXT_MAX + 1)),
        note(summary="x" * (archives.SPOILER_MAX + 1)),
        note(id="javascript:alert(1)"),
        note(id="https://a.example/" + "x" * archives.ORIGIN_MAX),
        note(url="https://a.example/\n<script>"),
        note(url=["https://a.example"]),
        note(to=None, cc=None),
        {},
        [],
        "x",
        7,
        None,
        {"type": "Create", "object": "https://m.example/1"},
    ],
)
def test_what_cannot_be_a_post_is_passed_over(entry: Any) -> None:
    found, passed = archives.read(outbox(entry, note()), NOW_MS)
    assert (len(found), passed) == (1, 1)


@pytest.mark.parametrize("bad", [{"id_str": "x"}, {"full_text": None}, {"created_at": "yesterday"}, {"entities": {"urls": [1]}},
                                 {"id_str": None}, {"entities": 5}])  # fmt: skip
def test_tweets_that_are_none(bad: dict[str, Any]) -> None:
    found, passed = archives.read(tweets(tweet(**bad), tweet()), NOW_MS)
    assert passed == (0 if bad == {"full_text": None} else 1)
    assert len(found) == 2 - passed


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"orderedItems": {}}', b"window.YTD.tweets.part0 = {}", b"window.YTD.",
     b"[" * 900_000,
     b'{"orderedItems": ' + b"[" * 900_000, b"PK\x03\x04", b"<html>"],
)  # fmt: skip
def test_what_is_no_archive(raw: bytes) -> None:
    with pytest.raises(Refused, match="archive_malformed"):
        archives.read(raw, NOW_MS)


@pytest.mark.parametrize("more", [0, 1])
def test_an_archive_has_its_limits(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    monkeypatch.setattr(archives, "POSTS_MAX", 2)
    raw = outbox(*[note(id=f"https://m.example/{n}") for n in range(2 + more)])
    assert [len(archives.read(raw, NOW_MS)[0]), archives.read(raw, NOW_MS)[1]] == [2, more]
    monkeypatch.setattr(archives, "BYTES_MAX", len(raw) - more)
    if more:
        with pytest.raises(Refused, match="archive_too_large"):
            archives.read(raw, NOW_MS)


@pytest.mark.parametrize(
    "html",
    [
        "<" * 99_000,
        "<p>" * 33_000,
        "&" * 99_000,
        "<!--" * 24_000,
        "<a href='" * 11_000,
        "</" * 49_000,
    ],
)
def test_markup_of_every_kind_is_read_quickly(html: str) -> None:
    began = time.process_time()
    archives.plain(html)
    assert time.process_time() - began < 2.0


async def test_an_archive_is_read_once_and_its_posts_are_claims(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(bob, ada)
    square.care(bob)
    raw = outbox(note(), note(id="https://m.example/2", published="2022-01-01T00:00:00Z"), "x")
    made = square.id()
    square.write(imports.bring, made, ada, raw, square.now_ms)
    with pytest.raises(Refused, match="import_under_way"):
        square.write(imports.bring, square.id(), ada, raw, square.now_ms)
    ledger = Ledger(square.database)
    importing = Importing(ledger, Ids(), WEB, lambda: square.now_ms)
    (job,) = square.database.claim(lambda c: jobs.take(c, IMPORTS, "h", 1, square.now_ms))
    await importing(job)
    await importing(job)
    (done,) = square.read(imports.listed, ada)
    assert (done.taken, done.passed, done.fault, done.ended_at_ms) == (2, 1, None, square.now_ms)
    assert square.read(imports.waiting, made) is None
    newest, older = square.read(timelines.account, None, ada, Page())
    assert moment(newest.id) == newest.at_ms == MAY_25_MS and older.at_ms < MAY_25_MS
    claim = newest.claim
    assert claim is not None and claim.by is not None
    assert (claim.by.id, claim.claimed_at_ms, claim.imported_at_ms) == (
        ada,
        MAY_25_MS,
        square.now_ms,
    )
    assert claim.origin == "https://m.example/users/ada/statuses/1"
    assert square.home(bob) == square.home(ada) == square.square() == []
    assert ids(square.read(timelines.tag, None, "hour", Page(), square.now_ms)) == []
    # the same archive again, and another's with the same addresses in it
    for who, taken in ((ada, 0), (bob, 2)):
        square.write(imports.bring, square.id(), who, raw, square.now_ms)
        (job,) = square.database.claim(lambda c: jobs.take(c, IMPORTS, "h", 1, square.now_ms))
        await importing(job)
        assert square.read(imports.listed, who)[0].taken == taken
    repost = square.repost(bob, newest.id)
    assert square.home(bob) == [repost]
    ledger.close()


async def brought(
    square: Square, account: int, raw: bytes, bounds: Bounds = BOUNDS
) -> imports.Import:
    """What came of an archive."""
    square.write(imports.bring, square.id(), account, raw, square.now_ms)
    ledger = Ledger(square.database)
    (job,) = square.database.claim(lambda c: jobs.take(c, IMPORTS, "h", 1, square.now_ms))
    await Importing(ledger, Ids(), WEB, lambda: square.now_ms, bounds)(job)
    ledger.close()
    return square.read(imports.listed, account)[0]


async def test_what_is_no_archive_is_told(square: Square) -> None:
    (ada,) = square.people("ada")
    assert (await brought(square, ada, b"PK")).fault == "archive_malformed"
    with pytest.raises(Refused, match="archive_malformed"):
        square.write(imports.bring, square.id(), ada, b"", square.now_ms)


@pytest.mark.parametrize(
    "bounds",
    [replace(BOUNDS, cpu_s=0), replace(BOUNDS, wall_s=0.01), replace(BOUNDS, memory_bytes=1)],
)
async def test_a_child_past_its_limits_takes_nothing_in(square: Square, bounds: Bounds) -> None:
    raw = outbox(*(note(content="A word. " * 1_000) for _ in range(200)))
    done = await brought(square, *square.people("ada"), raw, bounds)
    assert (done.taken, done.fault) == (0, "archive_malformed")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"fault": "<b>"}',
        '{"passed": "x"}',
        '[1]\n{"passed": 0}',
        '[{"at_ms": 1}]\n{"passed": 0}',
        '[99999999999999, "Later than now", "", false, null, "public", "https://m.example/1"]\n{"passed": 0}',
        '[1600000000000, "", "", false, null, "public", "https://m.example/1"]\n{"passed": 0}',
        '[1600000000000, "A", "", false, null, "direct", "https://m.example/1"]\n{"passed": 0}',
        '[1600000000000, "A", "", false, "<b>", "public", "https://m.example/1"]\n{"passed": 0}',
        '[1600000000000, "A", "", false, null, "public", "javascript:alert(1)"]\n{"passed": 0}',
        '[1600000000000, "A", "", 0, null, "public", "https://m.example/1"]\n{"passed": 0}',
    ],
)
async def test_a_child_that_was_taken_over_is_not_believed(
    square: Square, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken_over.py").write_text(f"print({answer!r}, end='')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("hustings.work.importing.MODULE", "taken_over")
    done = await brought(square, *square.people("ada"), outbox(note()))
    assert (done.taken, done.fault) == (0, "archive_malformed")


def test_a_post_comes_through_another_process_as_it_was() -> None:
    raw = outbox(note(), note(summary="A word", sensitive=True, contentMap={"de": "<p>Das</p>"}))
    found, _ = archives.read(raw, NOW_MS)
    assert len(found) == 2
    for one in found:
        assert archives.claimed(json.loads(json.dumps(astuple(one))), NOW_MS) == one


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_brought_has_its_limit(
    square: Square, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    monkeypatch.setattr(imports, "BYTES_MAX", 5)
    (ada,) = square.people("ada")
    if more:
        with pytest.raises(Refused, match="archive_too_large"):
            square.write(imports.bring, square.id(), ada, b"123456", square.now_ms)
    else:
        square.write(imports.bring, square.id(), ada, b"12345", square.now_ms)
