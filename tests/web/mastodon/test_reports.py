"""Reports by apps: ours to read, and as clients that nobody here wrote send them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from hustings.social import reports as domain
from hustings.social.paging import Page
from hustings.social.reports import COMMENT_MAX, Report
from tests.web.conftest import House
from tests.web.mastodon import typed
from tests.web.mastodon.conftest import Served
from tests.web.mastodon.letting_in import registered, token_of
from tests.web.mastodon.posting import Author, author
from tests.web.mastodon.test_clients import masto, mastodon_py
from tests.web.mastodon.test_clients_posting import typescript_says
from tests.web.mastodon.typed import faults

THEIR_NAME = typed.ABSENT | {"Report.rules_ids"}
"""What Mastodon.py calls `rule_ids`."""


async def kept(house: House) -> list[Report]:
    return await house.parts.sql.read(domain.page, Page(), False)


async def test_a_report_is_kept_and_answered(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    post = await ada.new("Watches!")
    said = {
        "account_id": ada.id,
        "status_ids": [post["id"]],
        "comment": "Again.",
        "category": "spam",
        "forward": True,
    }
    tree = await bob.post("reports", **said)
    assert tree["target_account"]["id"] == ada.id and tree["status_ids"] == [post["id"]]
    assert (tree["category"], tree["comment"], tree["action_taken"]) == ("spam", "Again.", False)
    assert tree["forwarded"] is False and tree["rule_ids"] == []
    (found,) = await kept(house)
    assert str(found.id) == tree["id"] and found.by is not None and found.by.handle == "bob"
    await bob.call("POST", "reports", data={"account_id": ada.id, "status_ids[]": post["id"]})
    assert (await kept(house))[0].posts == (int(post["id"]),)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"account_id": "5"}, 404, "account_unknown"),
        ({}, 404, "account_unknown"),
        ({"account_id": ["1"]}, 404, "account_unknown"),
        ({"status_ids": ["5"]}, 404, "post_unknown"),
        ({"status_ids": ["x"]}, 404, "post_unknown"),
        ({"status_ids": [str(n) for n in range(1, 22)]}, 422, "report_posts_many"),
        ({"comment": "x" * (COMMENT_MAX + 1)}, 422, "report_comment_too_long"),
        ({"category": "rude"}, 422, "report_category_unknown"),
        ({"category": {"a": 1}}, 422, "report_category_unknown"),
        ({"rule_ids": ["1"]}, 422, "rule_unknown"),
    ],
)
async def test_what_is_no_report(
    house: House, said: dict[str, Any], status: int, code: str
) -> None:
    ada, bob = await author(house), await author(house, "bob")
    tree = {"account_id": ada.id, **said} if said else {}
    assert await bob.code("POST", "reports", json=tree) == (status, code)
    assert await kept(house) == []


async def test_who_may_report(house: House) -> None:
    ada = await author(house)
    assert await ada.code("POST", "reports", json={"account_id": ada.id}) == (422, "report_oneself")
    answer = await house.client.post("/api/v1/reports", json={"account_id": ada.id})
    assert answer.status_code == 401
    app = await registered(house, scopes="read write:statuses")
    narrow = Author(house, await token_of(house, "bob", "read write:statuses", app), "")
    assert await narrow.code("POST", "reports", json={"account_id": ada.id}) == (
        403,
        "scope_missing",
    )


def test_mastodon_py_reports(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    post = ada.status_post("Watches!")
    found = bob.report(ada.me().id, [post.id], comment="Again.", category="spam")
    assert found.target_account.acct == "ada" and found.comment == "Again."
    assert [str(one) for one in found.status_ids] == [str(post.id)] and not found.action_taken
    headers = {"Authorization": f"Bearer {bob.access_token}"}
    answer = httpx.post(
        f"{served.url}/api/v1/reports",
        json={"account_id": str(ada.me().id)},
        headers=headers,
        trust_env=False,
    )
    assert faults("Report", answer.json(), THEIR_NAME) == []


MASTO_REPORTS = """
import { createRestAPIClient } from "masto";
const [url, token, target, status] = process.argv.slice(1);
const rest = createRestAPIClient({ url, accessToken: token });
const report = await rest.v1.reports.create({ accountId: target, statusIds: [status], comment: "Again.", category: "spam" });
console.log(JSON.stringify({ report }));
"""


def test_masto_reports_and_its_type_agrees(served: Served, tmp_path: Path) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    post = ada.status_post("Watches!")
    told = masto(served, MASTO_REPORTS, str(bob.access_token), str(ada.me().id), str(post.id))
    assert told["report"]["statusIds"] == [str(post.id)]
    kinds = {"report": "mastodon.v1.Report"}
    assert (said := typescript_says(told, tmp_path, kinds)) == "", said
