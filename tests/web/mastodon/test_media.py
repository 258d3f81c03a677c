"""Pictures and sounds through the API, on both databases, with work's lanes beside it: sent, made, described, posted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from hustings.social import media
from hustings.store.engine import Database, sqlite_url
from hustings.web.uploads import UPLOADS_MAX, UPLOADS_WINDOW_MS
from hustings.work.ledger import Ledger
from hustings.work.media import Making
from hustings.work.runner import Runner
from tests import media_files as files
from tests.web.conftest import House
from tests.web.mastodon.posting import Author, author

Work = Callable[[], Awaitable[None]]
SMALL = {"MEDIA__PICTURE_BYTES_MAX": "100000", "MEDIA__SOUND_BYTES_MAX": "120000"}


async def working(house: House) -> AsyncIterator[Work]:
    settings = house.settings
    ledger = Ledger(Database(settings.database.url or sqlite_url(settings.database_path)))
    making = Making(settings, ledger)

    async def work() -> None:
        for lane in media.LANES.values():
            runner = Runner(lane, making, ledger, lambda: house.clock[0], lambda: 0.0)
            for _ in range(8):
                await runner.step()
                await runner.settle()

    yield work
    ledger.close()


@pytest.fixture
async def work(house: House) -> AsyncIterator[Work]:
    async for one in working(house):
        yield one


async def sent(who: Author, raw: bytes, version: int = 2, **said: str) -> httpx.Response:
    url = f"http://localhost:8000/api/v{version}/media"
    # what a sender calls it is no matter
    return await who.call(
        "POST", url, files={"file": ("../x.svg", raw, "image/svg+xml")}, data=said
    )


async def media_of(who: Author, work: Work, *raws: bytes, **said: str) -> list[str]:
    answers = [await sent(who, raw, **said) for raw in raws]
    assert [one.status_code for one in answers] == [202] * len(raws), answers[-1].text
    await work()
    return [str(one.json()["id"]) for one in answers]


async def test_a_picture_from_its_sender_to_a_reader(house: House, work: Work) -> None:
    ada = await author(house)
    answer = await sent(ada, files.located(), description="A bridge", credit="Photo: Ona")
    tree = answer.json()
    assert (answer.status_code, tree["type"], tree["url"]) == (202, "image", None)
    assert (await ada.call("GET", f"media/{tree['id']}")).status_code == 206
    await work()
    made = await ada.get(f"media/{tree['id']}")
    assert made["url"].startswith("http://localhost:8001/media/"), "the live host, and no other"
    assert made["meta"]["original"] == {
        "width": 40,
        "height": 60,
        "size": "40x60",
        "aspect": 0.666667,
    }
    assert made["description"] == "A bridge" and made["hustings"] == {"credit": "Photo: Ona"}
    answer = await ada.call(
        "PUT", f"media/{tree['id']}", data={"focus": "0.5,-0.25", "description": "Ä"}
    )
    assert answer.json()["meta"]["focus"] == {"x": 0.5, "y": -0.25}
    assert (
        answer.json()["description"] == "Ä" and answer.json()["hustings"]["credit"] == "Photo: Ona"
    )
    post = await ada.new("", media_ids=[tree["id"]])
    read = (await house.client.get(f"/api/v1/statuses/{post['id']}")).json()
    assert read["content"] == "" and read["media_attachments"] == [answer.json()]
    name = made["url"].partition("/media/")[2]
    assert (house.settings.media_dir / name).read_bytes().startswith(b"\xff\xd8")
    for host_path in (f"/media/{name}", f"/assets/../media/{name}", f"/assets/{name}"):
        assert (await house.client.get(host_path)).status_code == 404
    assert await ada.code("PUT", f"media/{tree['id']}", json={"description": "late"}) == (
        422,
        "media_used",
    )


async def test_a_sound_that_its_sender_waits_for(house: House, work: Work) -> None:
    ada = await author(house)

    async def until_made() -> None:
        while not list(house.settings.spool_dir.glob("*")):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        while list(house.settings.spool_dir.glob("*")):
            await work()

    answer, _ = await asyncio.gather(sent(ada, files.wav(), version=1), until_made())
    tree = answer.json()
    assert (answer.status_code, tree["type"]) == (200, "audio")
    assert tree["url"].endswith(".m4a") and tree["meta"]["duration"] == pytest.approx(0.5, abs=0.1)
    assert (await ada.new("Listen", media_ids=[tree["id"]]))["media_attachments"] == [tree]


async def test_both_instances_say_what_may_be_sent(house: House) -> None:
    for version in (1, 2):
        tree = (await house.client.get(f"/api/v{version}/instance")).json()["configuration"]
        assert tree["statuses"]["max_media_attachments"] == 4
        limits = tree["media_attachments"]
        assert "image/webp" in limits["supported_mime_types"]
        assert limits["image_size_limit"] == house.settings.media.picture_bytes_max
        assert limits["image_matrix_limit"] == house.settings.media.picture_pixels_max


@pytest.mark.parametrize("club", [SMALL], indirect=True)
async def test_bytes_at_the_limit_and_one_past_it(club: House) -> None:
    ada = await author(club)
    for raw, most in ((files.picture(), 100_000), (files.wav(), 120_000)):
        at = raw + bytes(most - len(raw))
        assert (await sent(ada, at)).status_code == 202
        answer = await sent(ada, at + b"\0")
        assert (answer.status_code, answer.json()["code"]) == (413, "media_too_large")
        assert answer.json()["bytes_max"] == most
    assert len(list(club.settings.spool_dir.iterdir())) == 2
    answer = await sent(ada, files.wav() + bytes(250_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_thirty_in_half_an_hour(house: House) -> None:
    ada = await author(house)
    for _ in range(UPLOADS_MAX):
        assert (await sent(ada, b"nothing")).status_code == 422
    answer = await sent(ada, b"nothing")
    assert (answer.status_code, answer.json()["code"]) == (429, "uploads_many")
    assert answer.headers["X-RateLimit-Limit"] == str(UPLOADS_MAX)
    assert (await sent(await author(house, "bob"), b"nothing")).status_code == 422
    house.clock[0] += UPLOADS_WINDOW_MS
    assert (await sent(ada, b"nothing")).status_code == 422


@pytest.mark.parametrize(
    ("field", "at", "past", "code"),
    [
        ("description", "é" * 1_500, "é" * 1_501, "media_alt_too_long"),
        ("credit", "é" * 200, "é" * 201, "media_credit_too_long"),
        ("focus", "1,-1", "1.01,0", "media_focus_malformed"),
        ("focus", "0.0,0", "nan,0", "media_focus_malformed"),
        ("focus", "", "1", "media_focus_malformed"),
    ],
)
async def test_what_may_be_said_of_one(
    house: House, field: str, at: str, past: str, code: str
) -> None:
    ada = await author(house)
    answer = await sent(ada, files.picture(), **{field: at})
    assert answer.status_code == 202
    assert await ada.code("PUT", f"media/{answer.json()['id']}", json={field: past}) == (422, code)
    answer = await sent(ada, files.picture(), **{field: past})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_which_may_stand_in_a_post(house: House, work: Work) -> None:
    ada, bob = await author(house), await author(house, "bob")
    pictures = await media_of(ada, work, *[files.picture(size=(40, 30 + n)) for n in range(5)])
    (sound,) = await media_of(ada, work, files.sound())
    (another,) = await media_of(ada, work, files.wav())
    (broken,) = await media_of(ada, work, files.picture()[:99])
    waiting = (await sent(ada, files.picture())).json()["id"]

    async def code(who: Author, *ids: str) -> tuple[int, str]:
        return await who.code("POST", "statuses", json={"status": "x", "media_ids": list(ids)})

    assert await code(bob, pictures[0]) == (404, "media_unknown")
    assert await bob.code("GET", f"media/{pictures[0]}") == (404, "media_unknown")
    assert await bob.code("PUT", f"media/{pictures[0]}", json={"description": "x"}) == (
        404,
        "media_unknown",
    )
    assert await code(ada, *pictures) == (422, "media_many")
    assert await code(ada, sound, another) == (422, "media_many")
    assert await code(ada, sound, pictures[0]) == (422, "media_many")
    assert await code(ada, waiting) == (422, "media_busy")
    assert await code(ada, broken) == (422, "media_malformed")
    assert await ada.code("GET", f"media/{broken}") == (422, "media_malformed")
    assert await ada.get("timelines/public") == []
    post = await ada.new("", media_ids=pictures[:4])
    assert [one["id"] for one in post["media_attachments"]] == pictures[:4]
    assert await code(ada, pictures[0]) == (422, "media_used")
    assert (await ada.new("once", media_ids=[sound, sound]))["media_attachments"][0]["id"] == sound


async def test_an_edit_changes_pictures_and_the_history_shows_them(
    house: House, work: Work
) -> None:
    ada = await author(house)
    first, second = await media_of(
        ada, work, files.picture(), files.picture("PNG", (9, 9)), description="old"
    )
    post = await ada.new("Look", media_ids=[first])
    house.clock[0] += 1_000
    path = f"statuses/{post['id']}"

    async def edited(**said: Any) -> list[tuple[str, str]]:
        house.clock[0] += 1_000
        answer = await ada.call("PUT", path, json=said)
        assert answer.status_code == 200, answer.text
        return [(one["id"], one["description"]) for one in answer.json()["media_attachments"]]

    assert await edited(status="Look here") == [(first, "old")], "what is not said stays"
    told = [{"id": first, "description": "new"}]
    assert await edited(media_attributes=told) == [(first, "new")]
    assert await edited(media_ids=[second, first]) == [(second, "old"), (first, "new")]
    assert await edited(media_ids=[second]) == [(second, "old")]
    history = await ada.get(f"{path}/history")
    assert [
        [(one["id"], one["description"]) for one in said["media_attachments"]] for said in history
    ] == [
        [(first, "old")],
        [(first, "old")],
        [(first, "new")],
        [(second, "old"), (first, "new")],
        [(second, "old")],
    ]
    wrong = {"json": {"media_attributes": [{"id": first, "description": "x"}]}}
    assert await ada.code("PUT", path, **wrong) == (404, "media_unknown")
    assert await ada.code("PUT", path, json={"status": "", "media_ids": []}) == (422, "post_empty")


async def test_a_post_deleted_to_be_written_anew_keeps_its_picture(
    house: House, work: Work
) -> None:
    ada = await author(house)
    first, second = await media_of(ada, work, files.picture(), files.picture("PNG"))
    post = await ada.new("Tpyo", media_ids=[first])
    assert [one["id"] for one in await ada.get("timelines/public?only_media=true")] == [post["id"]]
    gone = (await ada.call("DELETE", f"statuses/{post['id']}")).json()
    assert gone["media_attachments"][0]["id"] == first and gone["text"] == "Tpyo"
    again = await ada.new("Typo", media_ids=[first])
    assert again["media_attachments"][0]["id"] == first
    await ada.new("Nothing to see")
    found = await ada.get(f"accounts/{ada.id}/statuses?only_media=true")
    assert [one["id"] for one in found] == [again["id"]]
    for_good = await ada.new("For good", media_ids=[second])
    await ada.call("DELETE", f"statuses/{for_good['id']}?delete_media=true")
    async for one in making_of(house):
        await one.sweep(house.clock[0])
    assert await ada.code("GET", f"media/{second}") == (404, "media_unknown")
    assert (await ada.call("GET", f"media/{first}")).status_code == 200


async def making_of(house: House) -> AsyncIterator[Making]:
    settings = house.settings
    ledger = Ledger(Database(settings.database.url or sqlite_url(settings.database_path)))
    yield Making(settings, ledger)
    ledger.close()


async def test_scopes_and_strangers(house: House) -> None:
    from tests.web.mastodon.letting_in import token_of

    ada = await author(house)
    ada.token = await token_of(house, "eve", scopes="read write:statuses")
    assert (await sent(ada, files.picture())).json()["code"] == "scope_missing"
    assert await ada.code("GET", "media/1") == (403, "scope_missing")
    stranger = await house.client.post("/api/v2/media", files={"file": files.picture()})
    assert stranger.status_code == 401 and not house.settings.spool_dir.exists()
