"""Reports as members send them and moderators work them off, by forms, on both databases."""

from __future__ import annotations

import re

import httpx
import pytest

from hustings.social.reports import COMMENT_MAX
from tests.web.conftest import House
from tests.web.test_accounts import is_in, signs_up
from tests.web.test_order import WHY, Desk, desk
from tests.web.test_square import account, plain, read, says

__all__ = ["desk"]


async def reports(desk: Desk, client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    id = await account(desk.house, "ada")
    said = {"account_id": str(id), "category": "spam", "comment": "Watches <b>again</b>.", **fields}
    return await client.post("/report", data=said)


async def test_from_a_post_to_the_queue_to_the_end(desk: Desk) -> None:
    id = await says(desk.ada, "Watches!")
    private = await says(desk.ada, "For few.", visibility="private")
    async with desk.house.browser() as bob:
        await signs_up(bob, "bob")
        page = await read(bob, f"/@ada/{id}")
        (href,) = re.findall(r'href="(/report\?[^"]+)"', page)
        form = await read(bob, href.replace("&amp;", "&"))
        assert f'name="post-{id}" checked' in form and f"post-{private}" not in form
        answer = await reports(desk, bob, **{f"post-{id}": "on"})
        assert answer.status_code == 303, answer.text
        assert "Thank you" in await read(bob, answer.headers["Location"])
    page = await read(desk.moe, "/square")
    assert "1 open" in page  # beside the way to the queue
    assert "/moderation" not in await read(desk.ada, "/home")
    queue = await read(desk.moe, "/moderation/reports")
    assert "Spam: ada @ada" in plain(queue) and "Watches &lt;b&gt;again&lt;/b&gt;." in queue
    (case,) = set(re.findall(r'href="(/moderation/reports/\d+)"', queue))
    page = await read(desk.moe, case)
    assert "Watches!" in page and "@bob" in page and f"/moderation/posts/{id}" in page
    assert (await desk.moe.post(f"{case}/take")).headers["Location"] == case
    assert "Taken up by" in await read(desk.moe, case)
    assert "Spam" in await read(desk.moe, "/moderation/reports?show=mine")
    report = case.rsplit("/", 1)[1]
    about = await account(desk.house, "ada")
    answer = await desk.moe.post(
        f"/moderation/people/{about}/note", data={"note": "Third time.", "report": report}
    )
    assert answer.headers["Location"] == f"{case}#notes"
    assert "Third time." in await read(desk.moe, case)
    answer = await desk.moe.post(
        f"/moderation/people/{about}/ban", data={"why": WHY, "report": report}
    )
    assert answer.headers["Location"] == "/moderation/reports"
    assert not await is_in(desk.ada)
    assert "Nothing waits." in await read(desk.moe, "/moderation/reports")
    assert "Spam" in await read(desk.moe, "/moderation/reports?show=resolved")
    page = plain(await read(desk.moe, case))
    assert "Watches!" in page and "Banned" in page and "Resolved" in page
    await desk.moe.post(f"{case}/reopen")
    assert "Resolve it" in await read(desk.moe, case)
    assert "Spam" in await read(desk.moe, "/moderation/reports")
    file = plain(await desk.file())
    assert "Third time." in file and "resolved a report about" in file


@pytest.mark.parametrize(
    "club", [{"SQUARE__RULES": '["Talk to each other.", "Sell <b>nothing</b>."]'}], indirect=True
)
async def test_rules_can_be_named(club: House) -> None:
    async with club.browser() as ada, club.browser() as bob:
        await signs_up(ada, "ada")
        await signs_up(bob, "bob")
        id = await account(club, "ada")
        form = await read(bob, f"/report?account={id}")
        assert "Sell &lt;b&gt;nothing&lt;/b&gt;." in form
        for number, status in ((2, 303), (3, 422), (0, 422)):
            answer = await bob.post(
                "/report",
                data={"account_id": str(id), "category": "violation", f"rule-{number}": "on"},
            )
            assert answer.status_code == status, number
        rules = (await club.client.get("/api/v1/instance/rules")).json()
        assert [(one["id"], one["text"]) for one in rules] == [
            ("1", "Talk to each other."),
            ("2", "Sell <b>nothing</b>."),
        ]


async def test_what_was_typed_comes_back_with_what_is_wrong(desk: Desk) -> None:
    long = "x" * (COMMENT_MAX + 1)
    answer = await reports(desk, desk.moe, comment=long, category="legal")
    assert (
        answer.status_code == 422 and 'aria-invalid="true"' in answer.text and long in answer.text
    )
    assert 'value="legal" checked' in answer.text
    assert (await reports(desk, desk.moe, category="rude")).status_code == 422
    assert (await reports(desk, desk.moe, comment="x" * COMMENT_MAX)).status_code == 303


async def test_nobody_is_reported_who_is_not_there_nor_oneself(desk: Desk) -> None:
    for account_id in ("1", "x", ""):
        assert (await reports(desk, desk.moe, account_id=account_id)).status_code == 404
    id = await account(desk.house, "ada")
    answer = await desk.ada.get(f"/report?account={id}")
    assert answer.status_code == 422 and "Nobody reports himself" in answer.text
    assert (await reports(desk, desk.ada)).status_code == 422
    assert (await reports(desk, desk.moe, **{"post-5": "on"})).status_code == 404
    async with desk.house.browser() as stranger:
        assert (
            (await stranger.get(f"/report?account={id}")).headers["Location"].startswith("/login")
        )


async def test_the_queue_is_for_moderators(desk: Desk) -> None:
    await reports(desk, desk.moe)
    queue = await read(desk.moe, "/moderation/reports")
    (case,) = set(re.findall(r'href="(/moderation/reports/\d+)"', queue))
    for path in ("/moderation/reports", case):
        assert (await desk.ada.get(path)).status_code == 403
    for act in ("take", "resolve", "reopen"):
        assert (await desk.ada.post(f"{case}/{act}")).status_code == 403
        assert (await desk.moe.post(f"/moderation/reports/1/{act}")).status_code == 404
    assert (await desk.moe.post(f"{case}/burn")).status_code == 404
    assert (await desk.moe.get("/moderation/reports?after=x")).status_code == 400
    about = await account(desk.house, "ada")
    long = await desk.moe.post(
        f"/moderation/people/{about}/note",
        data={"note": "x" * 1001, "report": case.rsplit("/", 1)[1]},
    )
    assert long.status_code == 422 and "x" * 1001 in long.text
    assert (
        await desk.moe.post(f"/moderation/people/{about}/note", data={"note": "Seen."})
    ).status_code == 303
    assert "Seen." in await desk.file()
    assert (
        await desk.ada.post(f"/moderation/people/{about}/note", data={"note": "Seen."})
    ).status_code == 403


async def test_a_report_is_answered_from_a_file_with_an_error(desk: Desk) -> None:
    await reports(desk, desk.ona)
    queue = await read(desk.moe, "/moderation/reports")
    (report,) = set(re.findall(r'href="/moderation/reports/(\d+)"', queue))
    answer = await desk.does("ban", why="", report=report)
    assert answer.status_code == 422 and f'name="report" value="{report}"' in answer.text
    assert (await desk.does("ban", report="5")).status_code == 404  # and nothing was done
    assert await is_in(desk.ada)
