"""Lists through the API, on both databases, and by clients that nobody here wrote."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social.lists import LISTS_MAX, TITLE_MAX
from tests.web.conftest import House
from tests.web.mastodon.conftest import Served
from tests.web.mastodon.posting import Author, author
from tests.web.mastodon.test_clients import asked, masto, mastodon_py, toot, toot_logs_in
from tests.web.mastodon.test_streaming import WAIT_S, Heard, next_of, socket_of, subscribe
from tests.web.mastodon.typed import faults


async def followed(house: House) -> tuple[Author, Author, Author]:
    """ada, who follows bob and not eve."""
    ada, bob, eve = [await author(house, name) for name in ("ada", "bob", "eve")]
    await ada.post(f"accounts/{bob.id}/follow")
    return ada, bob, eve


async def test_a_list_from_its_making_to_its_end(house: House) -> None:
    ada, bob, eve = await followed(house)
    assert await ada.get("lists") == []
    made = await ada.post("lists", title=" Next  door ")
    assert made == {
        "id": made["id"],
        "title": "Next door",
        "replies_policy": "list",
        "exclusive": False,
    }
    assert faults("UserList", made) == []
    path = f"lists/{made['id']}"
    assert await ada.get("lists") == [made] and await ada.get(path) == made
    changed = (await ada.call("PUT", path, data={"exclusive": "true"})).json()
    assert changed == {**made, "exclusive": True}
    assert await ada.post(f"{path}/accounts", account_ids=[bob.id]) == {}
    (member,) = await ada.get(f"{path}/accounts?limit=0")
    assert member["id"] == bob.id and faults("Account", member) == []
    assert await ada.get(f"accounts/{bob.id}/lists") == [changed]
    assert await ada.get(f"accounts/{eve.id}/lists") == []
    said = [(await bob.new(f"{n}"))["id"] for n in range(3)][::-1]
    await eve.new("Not in it.")
    assert await ada.walk(f"timelines/list/{made['id']}?limit=2") == [said[:2], said[2:]]
    assert await ada.get("timelines/home") == []  # it is exclusive
    query = f"account_ids[]={bob.id}"
    assert (await ada.call("DELETE", f"{path}/accounts?{query}")).json() == {}
    assert await ada.get(f"timelines/list/{made['id']}") == []
    assert [one["id"] for one in await ada.get("timelines/home")] == said
    assert (await ada.call("DELETE", path)).json() == {}
    assert await ada.code("GET", path) == (404, "list_unknown")


async def test_members_come_in_pages(house: House) -> None:
    ada, bob, eve = await followed(house)
    await ada.post(f"accounts/{eve.id}/follow")
    made = await ada.post("lists", title="Two")
    await ada.post(f"lists/{made['id']}/accounts", account_ids=[bob.id, eve.id])
    path = f"lists/{made['id']}/accounts"
    assert await ada.walk(f"{path}?limit=1") == [[eve.id], [bob.id]]
    await ada.post(f"accounts/{bob.id}/unfollow")
    assert [one["id"] for one in await ada.get(path)] == [eve.id]


async def test_another_s_list_is_not_there(house: House) -> None:
    ada, bob, eve = await followed(house)
    await eve.post(f"accounts/{bob.id}/follow")
    id = (await ada.post("lists", title="Mine"))["id"]
    for one, which in ((eve, id), (ada, "0"), (ada, "x"), (ada, "9" * 40), (ada, "-1")):
        for method, path, tree in (
            ("GET", f"lists/{which}", None),
            ("PUT", f"lists/{which}", {"title": "His"}),
            ("DELETE", f"lists/{which}", None),
            ("GET", f"lists/{which}/accounts", None),
            ("POST", f"lists/{which}/accounts", {"account_ids": [bob.id]}),
            ("DELETE", f"lists/{which}/accounts", {"account_ids": [bob.id]}),
            ("GET", f"timelines/list/{which}", None),
        ):
            assert await one.code(method, path, json=tree) == (404, "list_unknown"), (method, path)
    assert (await ada.get(f"lists/{id}"))["title"] == "Mine"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({}, 422, "list_title_malformed"),
        ({"title": ""}, 422, "list_title_malformed"),
        ({"title": "a" * (TITLE_MAX + 1)}, 422, "list_title_malformed"),
        ({"title": 5}, 400, "bad_request"),
        ({"title": "a", "replies_policy": "all"}, 422, "list_replies_unknown"),
        ({"title": "a", "exclusive": "perhaps"}, 422, "preference_malformed"),
    ],
)
async def test_what_no_list_may_be(
    house: House, said: dict[str, Any], status: int, code: str
) -> None:
    ada = await author(house)
    assert await ada.code("POST", "lists", json=said) == (status, code)
    assert await ada.get("lists") == []
    assert (await ada.post("lists", title="a" * TITLE_MAX))["title"] == "a" * TITLE_MAX


async def test_only_whom_one_follows_and_no_more_than_fifty(house: House) -> None:
    ada, bob, eve = await followed(house)
    made = [await ada.post("lists", title=f"{n}") for n in range(LISTS_MAX)]
    assert await ada.code("POST", "lists", json={"title": "a"}) == (422, "lists_full")
    path = f"lists/{made[0]['id']}/accounts"
    for wrong in ([eve.id], [bob.id, eve.id], [ada.id]):
        said = {"account_ids": wrong}
        assert await ada.code("POST", path, json=said) == (422, "list_not_followed")
    said = {"account_ids": ["x"]}
    assert await ada.code("POST", path, json=said) == (404, "account_unknown")
    assert await ada.get(path) == []


def test_mastodon_py_keeps_lists_and_hears_them(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    him = bob.me()
    ada.account_follow(him.id)
    made = ada.list_create("Next door", replies_policy="none", exclusive=False)
    ada.list_accounts_add(made, [him.id])
    assert [one.id for one in ada.list_accounts(made)] == [him.id]
    assert [one.id for one in ada.account_lists(him.id)] == [made.id]
    assert ada.list_update(made, "Those next door", exclusive=True).exclusive
    assert faults("UserList", asked(served, f"/api/v1/lists/{made.id}", ada.access_token)) == []
    heard = Heard()
    handle = ada.stream_list(made, heard, run_async=True)
    assert heard.open.wait(WAIT_S)
    ada.status_post("Not in it")
    post = bob.status_post("In it", visibility="private")
    kind, came = heard.came.get(timeout=WAIT_S)
    assert (kind, came.id) == ("update", post.id)
    assert [one.id for one in ada.timeline_list(made)] == [post.id]
    bob.status_delete(post.id)
    assert heard.came.get(timeout=WAIT_S) == ("delete", str(post.id))
    handle.close()
    ada.list_accounts_delete(made, [him.id])
    assert ada.list_accounts(made) == []
    ada.list_delete(made)
    assert ada.lists() == []


async def test_a_socket_hears_one_s_own_lists_only(served: Served) -> None:
    ada, bob, eve = (mastodon_py(served, name) for name in ("ada", "bob", "eve"))
    ada.account_follow(bob.me().id)
    made = ada.list_create("Next door")
    ada.list_accounts_add(made, [bob.me().id])
    id = str(made.id)
    for token, query in ((eve.access_token, f"&stream=list&list={id}"),):
        with pytest.raises(Exception, match="404"):
            async with socket_of(served, token, query):
                raise AssertionError
    async with socket_of(served, eve.access_token) as socket:
        for wrong in (id, "0", "x", ""):
            await subscribe(socket, "list", list=wrong)
            assert (await next_of(socket))["code"] == "list_unknown"
    async with socket_of(served, ada.access_token) as socket:
        await subscribe(socket, "list", list=id)
        await subscribe(socket, "nonsense")
        assert (await next_of(socket))["code"] == "stream_unknown"
        eve.status_post("Not in it")
        bob.status_post("In it")
        one = await next_of(socket)
        assert one["stream"] == ["list", id] and "In it" in one["payload"]


MASTO_LISTS = """
import { createRestAPIClient } from "masto";
const [url, ada, bob] = process.argv.slice(1);
const rest = createRestAPIClient({ url, accessToken: ada }), other = createRestAPIClient({ url, accessToken: bob });
const him = await other.v1.accounts.verifyCredentials();
await rest.v1.accounts.$select(him.id).follow();
const made = await rest.v1.lists.create({ title: "Next door" });
await rest.v1.lists.$select(made.id).accounts.create({ accountIds: [him.id] });
const post = await other.v1.statuses.create({ status: "In it" });
const members = await rest.v1.lists.$select(made.id).accounts.list();
const read = await rest.v1.timelines.list.$select(made.id).list();
const holding = await rest.v1.accounts.$select(him.id).lists.list();
const changed = await rest.v1.lists.$select(made.id).update({ title: "Next", repliesPolicy: "followed" });
await rest.v1.lists.$select(made.id).accounts.remove({ accountIds: [him.id] });
const after = await rest.v1.lists.$select(made.id).accounts.list();
await rest.v1.lists.$select(made.id).remove();
const left = await rest.v1.lists.list();
console.log(JSON.stringify({ made, post, members, read, holding, changed, after, left }));
"""


def test_masto_keeps_lists(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    told = masto(served, MASTO_LISTS, str(ada.access_token), str(bob.access_token))
    assert [one["acct"] for one in told["members"]] == ["bob"] and told["after"] == told[
        "left"
    ] == []
    assert [one["id"] for one in told["read"]] == [told["post"]["id"]]
    assert [one["id"] for one in told["holding"]] == [told["made"]["id"]]
    assert told["changed"]["repliesPolicy"] == "followed" and told["changed"]["title"] == "Next"


def test_toot_keeps_lists(served: Served) -> None:
    toot_logs_in(served)
    bob = mastodon_py(served, "bob")
    toot(served, "follow", "bob")
    toot(served, "lists", "create", "Next door", "--replies-policy", "followed")
    toot(served, "lists", "add", "Next door", "bob")
    bob.status_post("Said in it")
    assert "bob" in toot(served, "lists", "accounts", "Next door")
    assert "Said in it" in toot(served, "timelines", "list", "Next door")
    toot(served, "lists", "remove", "Next door", "bob")
    assert "bob" not in toot(served, "lists", "accounts", "Next door")
    toot(served, "lists", "delete", "Next door")
    assert "Next door" not in toot(served, "lists", "list")
