"""Order as moderators keep it: their pages, on both databases, and what is over for whom it is about."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import sqlalchemy as sa

from hustings.store.people import members
from tests.web.conftest import House, bearer
from tests.web.mastodon.letting_in import own_token, registered
from tests.web.test_accounts import is_in, logs_in, owner_of, signs_up
from tests.web.test_square import account, does, plain, read, says

WHY = "Sold watches <b>in</b> every room."


@dataclass
class Desk:
    """ona owns the server and moe looks after it, each in a browser; ada writes."""

    house: House
    ona: httpx.AsyncClient
    moe: httpx.AsyncClient
    ada: httpx.AsyncClient

    async def does(
        self, act: str, handle: str = "ada", by: httpx.AsyncClient | None = None, **fields: str
    ) -> httpx.Response:
        id = await account(self.house, handle)
        return await (by or self.moe).post(
            f"/moderation/people/{id}/{act}", data={"why": WHY, **fields}
        )

    async def file(self, handle: str = "ada", by: httpx.AsyncClient | None = None) -> str:
        return await read(by or self.moe, f"/moderation/people/{await account(self.house, handle)}")


async def makes_moderator(house: House, handle: str) -> None:
    id = await account(house, handle)
    there = members.update().where(members.c.account == id).values(role="moderator")
    await house.parts.sql.write(lambda c: c.execute(there))


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Desk]:
    async with house.browser() as ona, house.browser() as moe, house.browser() as ada:
        await owner_of(house, ona)
        await signs_up(moe, "moe")
        await makes_moderator(house, "moe")
        await signs_up(ada, "ada", email="ada@example.org")
        yield Desk(house, ona, moe, ada)


async def test_from_the_desk_to_a_member_to_the_act(desk: Desk) -> None:
    id = await says(desk.ada, "Watches!")
    page = await read(desk.moe, "/moderation")
    assert 'href="/moderation/people"' in page and 'href="/moderation/log"' in page
    found = await read(desk.moe, "/moderation/people?q=ad")
    (href,) = set(re.findall(r'href="(/moderation/people/\d+)"', found))
    file = await read(desk.moe, href)
    assert "ada@example.org" in file and "Watches!" in file and "In good standing" in file
    assert await is_in(desk.ada)
    assert (await desk.does("suspend")).headers["Location"] == href
    file = plain(await read(desk.moe, href))
    assert "Suspended" in file and "moe @moe suspended ada @ada" in file
    assert "Sold watches &lt;b&gt;in&lt;/b&gt; every room." in file
    assert not await is_in(desk.ada)
    assert (await logs_in(desk.ada)).status_code == 403
    for path in (f"/@ada/{id}", "/@ada"):
        assert (await desk.house.client.get(path)).status_code == 404
    await desk.does("lift")
    assert "Watches!" in await read(desk.house.client, "/@ada")
    assert (await logs_in(desk.ada)).status_code == 303


async def test_a_ban_is_lifted_by_an_owner_alone(desk: Desk) -> None:
    await desk.does("ban")
    file = plain(await desk.file())
    assert "Banned" in file and "There is nothing here that you could do" in file
    answer = await desk.does("lift")
    assert answer.status_code == 403 and "This is not yours to decide" in answer.text
    async with desk.house.browser() as again:
        answer = await signs_up(again, "ada2", email="ada+two@example.org")
        assert answer.status_code == 403 and "cannot sign up here" in answer.text
    assert (await desk.does("lift", by=desk.ona)).status_code == 303
    assert (await logs_in(desk.ada)).status_code == 303


async def test_a_limited_account_is_not_on_the_square(desk: Desk) -> None:
    await says(desk.ada, "Watches!")
    await desk.does("limit")
    assert "Watches!" not in await read(desk.house.client, "/square")
    page = await read(desk.house.client, "/@ada")
    assert "Watches!" in page and "This account is limited here" in page


async def test_an_act_without_a_reason_comes_back_at_its_field(desk: Desk) -> None:
    answer = await desk.does("ban", why="   ")
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    answer = await desk.does("ban", why="x" * 501)
    assert answer.status_code == 422 and "x" * 501 in answer.text
    assert await is_in(desk.ada)
    assert (await desk.does("ban", why="x" * 500)).status_code == 303


async def test_an_account_stands_so_already(desk: Desk) -> None:
    await desk.does("limit")
    answer = await desk.does("limit")
    assert answer.status_code == 409 and "does not stand so" in answer.text


async def test_a_post_is_taken_away_and_its_place_says_so(desk: Desk) -> None:
    id = await says(desk.ada, "Watches!")
    await does(desk.ona, id, "repost")
    page = await read(desk.moe, f"/@ada/{id}")
    assert f'href="/moderation/posts/{id}"' in page
    assert f"/moderation/posts/{id}" not in await read(desk.ada, f"/@ada/{id}")
    assert "Watches!" in await read(desk.moe, f"/moderation/posts/{id}")
    answer = await desk.moe.post(f"/moderation/posts/{id}/remove", data={"why": ""})
    assert answer.status_code == 422 and "Watches!" in answer.text
    answer = await desk.moe.post(f"/moderation/posts/{id}/remove", data={"why": WHY})
    assert answer.headers["Location"] == f"/moderation/people/{await account(desk.house, 'ada')}"
    page = plain(await read(desk.house.client, f"/@ada/{id}", 410))
    assert "Taken away by a moderator on" in page and "Watches!" not in page
    assert "Watches!" not in await read(desk.house.client, "/@ona")
    assert (await desk.moe.get(f"/moderation/posts/{id}")).status_code == 404
    assert "took away a post of" in plain(await desk.file())


async def test_the_log_has_everything_and_pages(desk: Desk) -> None:
    for _ in range(21):
        await desk.does("limit")
        await desk.does("lift")
    page = await read(desk.moe, "/moderation/log")
    assert page.count('class="quoted"') == 40
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page)
    rest = plain(await read(desk.moe, older.replace("&amp;", "&")))
    assert "ona @ona became an owner" in rest
    some = plain(await read(desk.moe, "/moderation/log?act=limited&by=moe&about=ada"))
    assert (
        "limited ada" in some
        and "lifted what stood" not in some.split("Anything")[-1].split("Show")[-1]
    )
    assert "Nothing." in plain(await read(desk.moe, "/moderation/log?by=nobody"))


async def test_these_pages_are_for_moderators(desk: Desk) -> None:
    id = await account(desk.house, "ada")
    post = await says(desk.ada, "Words.")
    paths = (
        "/moderation/people",
        f"/moderation/people/{id}",
        "/moderation/log",
        f"/moderation/posts/{post}",
    )
    async with desk.house.browser() as stranger:
        for path in paths:
            assert (await desk.ada.get(path)).status_code == 403, path
            assert (await stranger.get(path)).status_code == 303, path
    answer = await desk.does("ban", "moe", by=desk.ada)
    assert answer.status_code == 403
    assert (
        await desk.ada.post(f"/moderation/posts/{post}/remove", data={"why": WHY})
    ).status_code == 403
    for path in ("people/1", "people/x", "posts/1", "posts/x", f"people/{id}/burn", "people/1/ban"):
        method = desk.moe.post if path.count("/") == 2 else desk.moe.get
        assert (
            await method(
                f"/moderation/{path}", **({"data": {"why": WHY}} if path.count("/") == 2 else {})
            )
        ).status_code == 404, path


async def test_a_form_from_elsewhere_does_nothing(desk: Desk) -> None:
    id = await account(desk.house, "ada")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = await desk.moe.post(
            f"/moderation/people/{id}/ban", data={"why": WHY}, headers=headers
        )
        assert answer.status_code == 403, headers
    assert await is_in(desk.ada)


async def test_only_public_posts_stand_in_a_file(desk: Desk) -> None:
    await says(desk.ada, "For all.")
    await says(desk.ada, "For few.", visibility="private")
    file = await desk.file()
    assert "For all." in file and "For few." not in file


async def test_a_moderator_turned_member_is_one(desk: Desk) -> None:
    id = await account(desk.house, "moe")
    there = members.update().where(members.c.account == id).values(role="member")
    await desk.house.parts.sql.write(lambda c: c.execute(there))
    assert (await desk.does("ban")).status_code == 403
    asked = sa.select(members.c.role).where(members.c.account == id)
    assert await desk.house.parts.sql.read(lambda c: c.execute(asked).scalar_one()) == "member"


async def test_domains_are_blocked_and_lifted(desk: Desk) -> None:
    blocks = "/moderation/blocks"
    answer = await desk.moe.post(
        f"{blocks}/email", data={"domain": "Spam.example", "why": "<b>Bots</b>"}
    )
    assert answer.headers["Location"] == f"{blocks}#email"
    async with desk.house.browser() as new:
        answer = await signs_up(new, "newcomer", email="x@sub.spam.example")
        assert answer.status_code == 403 and "cannot sign up here" in answer.text
    api = {
        "username": "viaapi",
        "email": "x@spam.example",
        "password": "a bridge in Kyoto",
        "agreement": "true",
    }
    app = await registered(desk.house)
    token = await own_token(desk.house, app)
    answer = await desk.house.client.post("/api/v1/accounts", json=api, headers=bearer(token))
    assert answer.status_code == 403 and answer.json()["code"] == "email_blocked"
    said = {"domain": "far.example", "said": "Floods us.", "why": "See the log.", "suspends": "on"}
    await desk.moe.post(f"{blocks}/server", data=said)
    page = await read(desk.moe, blocks)
    assert "&lt;b&gt;Bots&lt;/b&gt;" in page and "far.example" in page and "See the log." in page
    (told,) = (await desk.house.client.get("/api/v1/instance/domain_blocks")).json()
    assert (told["domain"], told["severity"], told["comment"]) == (
        "far.example",
        "suspend",
        "Floods us.",
    )
    answer = await desk.moe.post(f"{blocks}/server", data=said)
    assert (
        answer.status_code == 409
        and 'value="far.example"' in answer.text
        and "checked" in answer.text
    )
    for kind in ("email", "server"):
        (href,) = re.findall(rf'action="({blocks}/{kind}/\d+/lift)"', page)
        assert (await desk.ada.post(href)).status_code == 403
        assert (await desk.moe.post(href)).status_code == 303
        assert (await desk.moe.post(href)).status_code == 404
        answer = await desk.moe.post(f"{blocks}/{kind}", data={"domain": "no domain"})
        assert answer.status_code == 422 and 'value="no domain"' in answer.text
        assert (await desk.ada.post(f"{blocks}/{kind}", data=said)).status_code == 403
    assert (await desk.ada.get(blocks)).status_code == 403
    assert (await desk.moe.post(f"{blocks}/else", data=said)).status_code == 404
    assert (await desk.moe.post(f"{blocks}/else/1/lift")).status_code == 404
    log = plain(await read(desk.moe, "/moderation/log"))
    assert "blocked the server far.example" in log and "lifted the block of spam.example" in log
