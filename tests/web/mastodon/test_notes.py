"""Notes for oneself and familiar followers through the API and on pages, on both databases."""

from __future__ import annotations

from tests.web.conftest import House, bearer
from tests.web.mastodon.letting_in import token_of
from tests.web.mastodon.posting import author
from tests.web.mastodon.typed import faults
from tests.web.test_accounts import signs_up


async def test_a_note_through_the_api(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    made = await ada.post(f"accounts/{bob.id}/note", comment="Met <b> in Kyoto")
    assert made["note"] == "Met <b> in Kyoto" and made["id"] == bob.id
    assert faults("Relationship", made) == []
    (seen,) = await ada.get(f"accounts/relationships?id[]={bob.id}")
    assert seen == made
    assert (await bob.get(f"accounts/relationships?id[]={ada.id}"))[0]["note"] == ""
    assert (await ada.post(f"accounts/{bob.id}/follow"))["note"] == made["note"]
    assert (await ada.post(f"accounts/{bob.id}/note"))["note"] == ""
    path = f"accounts/{bob.id}/note"
    assert await ada.code("POST", path, json={"comment": 3}) == (400, "bad_request")
    much = {"comment": "x" * 2_001}
    assert await ada.code("POST", path, json=much) == (422, "comment_too_long")
    assert await ada.code("POST", "accounts/1/note", json={}) == (404, "account_unknown")
    reading = await token_of(house, "eve", scopes="read")
    answer = await house.client.post(f"/api/v1/{path}", headers=bearer(reading))
    assert answer.json()["code"] == "scope_missing"


async def test_familiar_followers(house: House) -> None:
    ada, bob, eve = [await author(house, name) for name in ("ada", "bob", "eve")]
    await ada.post(f"accounts/{eve.id}/follow")
    await eve.post(f"accounts/{bob.id}/follow")
    asked = f"accounts/familiar_followers?id[]={bob.id}&id[]={eve.id}&id[]=1"
    found = await ada.get(asked)
    assert [(one["id"], [who["acct"] for who in one["accounts"]]) for one in found] == [
        (bob.id, ["eve"]),
        (eve.id, []),
    ]
    assert faults("FamiliarFollowers", found[0]) == []
    assert await ada.get("accounts/familiar_followers") == []
    assert (await house.client.get(f"/api/v1/{asked}")).status_code == 401


async def test_a_note_on_a_page(house: House) -> None:
    bob = await author(house, "bob")
    async with house.browser() as ada:
        await signs_up(ada)
        assert "Nobody but you" in (await ada.get("/@bob")).text
        answer = await ada.post(
            f"/people/{bob.id}/note", data={"note": "</textarea><b>", "next": "/@bob"}
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "/@bob")
        page = (await ada.get("/@bob")).text
        assert "&lt;/textarea&gt;&lt;b&gt;</textarea>" in page and "<details open>" in page
        assert "own-note" not in (await ada.get("/@ada")).text
        answer = await ada.post(f"/people/{bob.id}/note", data={"note": "x" * 2_001})
        assert answer.status_code == 422
    assert "own-note" not in (await house.client.get("/@bob")).text
    answer = await house.client.post(f"/people/{bob.id}/note", data={"note": "x"})
    assert answer.status_code in (303, 403)
