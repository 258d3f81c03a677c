"""Quotes through the API, on both databases: written, counted, listed, taken back, and by clients that nobody here wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import House
from tests.web.mastodon.conftest import Served
from tests.web.mastodon.posting import Author, author
from tests.web.mastodon.test_clients import asked, masto, mastodon_py
from tests.web.mastodon.test_clients_posting import typescript_says
from tests.web.mastodon.test_streaming import WAIT_S, Heard
from tests.web.mastodon.typed import faults


async def three(house: House) -> tuple[Author, Author, Author]:
    return await author(house), await author(house, "bob"), await author(house, "eve")


async def test_a_quote_as_apps_read_it(house: House) -> None:
    ada, bob, eve = await three(house)
    old = await ada.new("Seen <b>before</b>.")
    assert old["quote"] is None and old["quotes_count"] == 0
    assert old["quote_approval"] == {
        "automatic": ["public"],
        "manual": [],
        "current_user": "automatic",
    }
    made = await bob.new("See.", quoted_status_id=old["id"])
    assert made["quote"]["state"] == "accepted"
    inner = made["quote"]["quoted_status"]
    assert (inner["id"], inner["created_at"]) == (old["id"], old["created_at"])
    assert inner["content"] == old["content"] and inner["account"]["acct"] == "ada"
    assert inner["quote"] is None and inner["quotes_count"] == 1 and inner["reblog"] is None
    link = f'<a href="{old["url"]}" rel="nofollow noopener">{old["url"]}</a>'
    assert made["content"] == f'<p class="quote-inline">RE: {link}</p><p>See.</p>'
    linked = await bob.new(f"See {old['url']}", quoted_status_id=old["id"])
    assert "quote-inline" not in linked["content"]
    deep = await eve.new("Deeper.", quoted_status_id=made["id"])
    assert deep["quote"]["quoted_status"]["quote"] == {
        "state": "accepted",
        "quoted_status_id": old["id"],
    }
    assert "quote-inline" not in deep["quote"]["quoted_status"]["content"]
    wrapper = await eve.post(f"statuses/{made['id']}/reblog")
    assert wrapper["reblog"]["quote"]["quoted_status"]["id"] == old["id"]
    for tree in (old, made, deep, wrapper):
        assert faults("Status", tree) == []
    assert faults("Quote", made["quote"]) == []
    assert faults("ShallowQuote", deep["quote"]["quoted_status"]["quote"]) == []
    (told,) = await ada.get("notifications?types[]=quote&limit=1")
    assert told["type"] == "quote" and told["status"]["id"] == linked["id"]
    assert faults("Notification", told) == []


async def test_an_edit_keeps_the_quote_and_is_told(house: House) -> None:
    ada, bob, _ = await three(house)
    old, other = await ada.new("Old."), await ada.new("Other.")
    made = await bob.new("See.", quoted_status_id=old["id"])
    path = f"statuses/{made['id']}"
    house.clock[0] += 1_000
    for said in ({"status": "See!"}, {"status": "See?", "quoted_status_id": old["id"]}):
        answer = await bob.call("PUT", path, json=said)
        assert answer.json()["quote"]["quoted_status"]["id"] == old["id"], answer.text
    refused = await bob.code("PUT", path, json={"status": "No", "quoted_status_id": other["id"]})
    assert refused == (422, "quote_fixed")
    said = await bob.get(f"{path}/history")
    assert len(said) == 3 and said[0]["quote"]["state"] == "accepted"
    assert [fault for one in said for fault in faults("StatusEdit", one)] == []
    await ada.call("PUT", f"statuses/{old['id']}", json={"status": "New."})
    (told,) = await bob.get("notifications?types[]=quoted_update")
    assert told["status"]["id"] == old["id"]


async def test_the_author_takes_it_back(house: House) -> None:
    ada, bob, eve = await three(house)
    old = await ada.new("Mine.")
    made = await bob.new("See.", quoted_status_id=old["id"])
    path = f"statuses/{old['id']}/quotes/{made['id']}/revoke"
    for one in (bob, eve):
        assert await one.code("POST", path) == (404, "post_unknown")
    for wrong in (f"statuses/{made['id']}/quotes/{old['id']}/revoke", "statuses/x/quotes/y/revoke"):
        assert await ada.code("POST", wrong) == (404, "post_unknown")
    after = await ada.post(path)
    assert after["id"] == made["id"] and after["content"] == "<p>See.</p>"
    assert after["quote"] == {"state": "revoked", "quoted_status": None}
    assert await ada.post(path) == after
    assert (await bob.get(f"statuses/{made['id']}"))["quote"] == after["quote"]
    assert (await bob.get(f"statuses/{old['id']}"))["quotes_count"] == 0
    assert faults("Status", after) == []


async def test_quotes_come_in_pages(house: House) -> None:
    ada, bob, eve = await three(house)
    old = await ada.new("Mine.")
    path = f"statuses/{old['id']}/quotes"
    assert await eve.get(path) == []
    made = [(await bob.new(f"{n}", quoted_status_id=old["id"]))["id"] for n in range(3)][::-1]
    assert await eve.walk(f"{path}?limit=2") == [made[:2], made[2:]]
    answer = await house.client.get(f"/api/v1/{path}")
    assert [one["id"] for one in answer.json()] == made
    await ada.post(f"accounts/{eve.id}/block")
    assert await eve.code("GET", path) == (404, "post_unknown")


async def test_who_may_quote_is_said_in_three_places(house: House) -> None:
    ada, bob, eve = await three(house)
    await bob.post(f"accounts/{ada.id}/follow")
    source = {"source": {"quote_policy": "followers"}}
    me = (await ada.call("PATCH", "accounts/update_credentials", json=source)).json()
    assert me["source"]["quote_policy"] == "followers"
    assert (await ada.get("preferences"))["posting:default:quote_policy"] == "followers"
    wrong = {"source": {"quote_policy": "everybody"}}
    assert await ada.code("PATCH", "accounts/update_credentials", json=wrong) == (
        422,
        "preference_malformed",
    )
    post = await ada.new("For followers to quote.")
    path = f"statuses/{post['id']}"
    assert (await bob.get(path))["quote_approval"]["current_user"] == "automatic"
    approval = (await eve.get(path))["quote_approval"]
    assert approval == {"automatic": ["followers"], "manual": [], "current_user": "denied"}
    said = {"status": "See.", "quoted_status_id": post["id"]}
    assert await eve.code("POST", "statuses", json=said) == (403, "quote_forbidden")
    assert (await bob.post("statuses", **said))["quote"]["state"] == "accepted"
    nobody = {"quote_approval_policy": "nobody"}
    answer = await ada.call("PUT", f"{path}/interaction_policy", json=nobody)
    assert answer.json()["quote_approval"]["automatic"] == []
    assert await bob.code("POST", "statuses", json=said) == (403, "quote_forbidden")
    for one, tree, no in (
        (bob, nobody, (404, "post_unknown")),
        (ada, {}, (422, "quote_policy_unknown")),
        (ada, {"quote_approval_policy": {"public": 1}}, (422, "quote_policy_unknown")),
    ):
        assert await one.code("PUT", f"{path}/interaction_policy", json=tree) == no
    edited = {"status": "Anew.", "quote_approval_policy": "public"}
    answer = await ada.call("PUT", path, json=edited)
    assert answer.json()["quote_approval"]["automatic"] == ["public"]
    private = await ada.new("Ours.", visibility="private", quote_approval_policy="public")
    assert private["quote_approval"]["automatic"] == []


@pytest.mark.parametrize(
    ("act", "state", "words"),
    [
        ("block", "blocked_account", True),
        ("mute", "muted_account", True),
        ("blocked", "unauthorized", False),
        ("deleted", "deleted", False),
    ],
)
async def test_states_of_a_quote(house: House, act: str, state: str, words: bool) -> None:
    ada, bob, eve = await three(house)
    old = await ada.new("Secret.")
    made = await bob.new("See.", quoted_status_id=old["id"])
    if act == "deleted":
        assert (await ada.call("DELETE", f"statuses/{old['id']}")).status_code == 200
    elif act == "blocked":
        await ada.post(f"accounts/{eve.id}/block")
    else:
        await eve.post(f"accounts/{ada.id}/{act}")
    for path in (f"statuses/{made['id']}", f"statuses?id[]={made['id']}", "timelines/public"):
        answer = await eve.get(path)
        tree = answer if isinstance(answer, dict) else answer[0]
        assert tree["quote"]["state"] == state and "quote-inline" not in tree["content"]
        assert ("Secret" in repr(tree)) is words and faults("Status", tree) == []


def test_mastodon_py_quotes(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    heard = Heard()
    handle = ada.stream_user(heard, run_async=True)
    assert heard.open.wait(WAIT_S)
    post = ada.status_post("Mine", quote_approval_policy="public")
    assert post.quote_approval.current_user == "automatic"
    assert heard.came.get(timeout=WAIT_S)[0] == "update"
    made = bob.status_post("His", quoted_status_id=post.id)
    assert made.quote.state == "accepted" and made.quote.quoted_status.id == post.id
    kind, told = heard.came.get(timeout=WAIT_S)
    assert (kind, told.type, told.status.quote.quoted_status.id) == (
        "notification",
        "quote",
        post.id,
    )
    assert [one.id for one in ada.status_quotes(post.id)] == [made.id]
    assert ada.status(post.id).quotes_count == 1
    edited = bob.status_update(made.id, "His still")
    assert edited.quote.quoted_status.id == post.id
    assert ada.status_quote_revoke(post.id, made.id).quote.state == "revoked"
    after = ada.status_update_quote_approval_policy(post.id, "nobody")
    assert after.quote_approval.automatic == [] and ada.status_quotes(post.id) == []
    handle.close()
    found: list[str] = []
    for id in (post.id, made.id):
        tree = asked(served, f"/api/v1/statuses/{id}", ada.access_token)
        found += faults("Status", tree)
    assert found == [], "\n".join(found)


def test_a_stream_shows_quoted_words_to_those_who_may_see_them(served: Served) -> None:
    ada, bob, eve = (mastodon_py(served, name) for name in ("ada", "bob", "eve"))
    post = ada.status_post("Secret words")
    ada.account_block(eve.me().id)
    came: dict[str, Any] = {}
    ears = {"bob": bob, "eve": eve}
    heard = {name: Heard() for name in ears}
    handles = [one.stream_local(heard[name], run_async=True) for name, one in ears.items()]
    assert all(one.open.wait(WAIT_S) for one in heard.values())
    made = bob.status_post("See", quoted_status_id=post.id)
    for name, one in heard.items():
        kind, came[name] = one.came.get(timeout=WAIT_S)
        assert kind == "update" and came[name].id == made.id
    assert came["bob"].quote.state == "accepted" and "Secret" in str(came["bob"])
    assert came["bob"].quote_approval.current_user == "automatic"
    assert came["eve"].quote.state == "unauthorized" and "Secret" not in str(came["eve"])
    assert "quote-inline" in came["bob"].content and "quote-inline" not in came["eve"].content
    wrapper = bob.status_post("Again", quoted_status_id=post.id)
    ada.status_quote_revoke(post.id, wrapper.id)
    found = [one.came.get(timeout=WAIT_S) for one in heard.values() for _ in range(2)]
    edits = [status for kind, status in found if kind == "edit"]
    assert [one.quote.state for one in edits] == ["revoked", "revoked"]
    for handle in handles:
        handle.close()


MASTO_QUOTES = """
import { createRestAPIClient } from "masto";
const [url, ada, bob] = process.argv.slice(1);
const rest = createRestAPIClient({ url, accessToken: ada }), other = createRestAPIClient({ url, accessToken: bob });
const post = await rest.v1.statuses.create({ status: "Mine", quoteApprovalPolicy: "public" });
const quote = await other.v1.statuses.create({ status: "His", quotedStatusId: post.id });
const deep = await rest.v1.statuses.create({ status: "Deep", quotedStatusId: quote.id });
const quotes = await rest.v1.statuses.$select(post.id).quotes.list();
const told = (await rest.v1.notifications.list({ types: ["quote"] }))[0];
const me = await rest.v1.accounts.verifyCredentials();
console.log(JSON.stringify({ post, quote, deep, quotes, told, me }));
"""


def test_masto_quotes_and_its_types_agree(served: Served, tmp_path: Path) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    told = masto(served, MASTO_QUOTES, str(ada.access_token), str(bob.access_token))
    assert told["quote"]["quote"]["quotedStatus"]["id"] == told["post"]["id"]
    assert told["deep"]["quote"]["quotedStatus"]["quote"]["quotedStatusId"] == told["post"]["id"]
    assert [one["id"] for one in told["quotes"]] == [told["quote"]["id"]]
    assert told["told"]["type"] == "quote" and told["me"]["source"]["quotePolicy"] == "public"
    kinds = {
        **dict.fromkeys(("post", "quote", "deep"), "mastodon.v1.Status"),
        "quotes": "mastodon.v1.Status[]",
        "me": "mastodon.v1.Account",
    }
    assert (said := typescript_says(told, tmp_path, kinds)) == "", said
