"""Accounts through the API, on both databases: one's own, others', signing up under each rule, confirming an address."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hustings.social import fields
from hustings.web.mastodon import params
from hustings.wire.errors import Refused
from tests.web.conftest import House, bearer
from tests.web.mastodon.letting_in import own_token, registered, token_of, verify
from tests.web.test_accounts import PASSWORD, logs_in, owner_of, signs_up

MAIL = {"MAIL__HOST": "mail.example.org", "MAIL__FROM_ADDRESS": "a@example.org"}
NEW = {
    "username": "eve",
    "email": "eve@example.org",
    "password": PASSWORD,
    "agreement": "true",
    "locale": "en",
}


async def update(house: House, token: str, **said: Any) -> httpx.Response:
    return await house.client.patch(
        "/api/v1/accounts/update_credentials", headers=bearer(token), **said
    )


async def test_a_profile_is_changed_by_form_by_json_and_in_parts(house: House) -> None:
    token = await token_of(house)
    form = {
        "display_name": "Ada",
        "note": "First.\nSecond <b>\n\nhttps://a.example/x?y&z.",
        "bot": "1",
        "source[privacy]": "unlisted",
        "source[sensitive]": "true",
        "fields_attributes[0][name]": "Web",
        "fields_attributes[0][value]": "https://ada.example",
        "fields_attributes[1][name]": "",
        "fields_attributes[1][value]": "",
    }
    own = (await update(house, token, data=form)).json()
    link = (
        '<a href="https://a.example/x?y&amp;z" rel="nofollow noopener noreferrer" target="_blank">'
    )
    assert own["note"] == (
        f"<p>First.<br />Second &lt;b&gt;</p><p>{link}https://a.example/x?y&amp;z</a>.</p>"
    )
    assert own["source"]["note"] == form["note"] and own["source"]["privacy"] == "unlisted"
    assert own["source"]["sensitive"] is True and own["bot"] is True
    assert own["fields"][0]["value"].startswith('<a href="https://ada.example"')
    assert own["source"]["fields"] == [
        {"name": "Web", "value": "https://ada.example", "verified_at": None}
    ]
    own = (await update(house, token, json={"source": {"language": "de"}})).json()
    assert own["source"]["language"] == "de" and own["display_name"] == "Ada"
    own = (await update(house, token, files={"display_name": (None, "Ada L")})).json()
    assert own["display_name"] == "Ada L" and len(own["fields"]) == 1
    picture = await update(house, token, files={"avatar": ("a.png", b"x", "image/png")})
    assert (picture.status_code, picture.json()["code"]) == (422, "media_malformed")
    told = await house.client.get("/api/v1/preferences", headers=bearer(token))
    assert told.json()["posting:default:visibility"] == "unlisted"
    assert told.json()["posting:default:language"] == "de"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"display_name": "a" * 61}, "name_malformed"),
        ({"note": "a" * 501}, "note_too_long"),
        ({"source": {"privacy": "everybody"}}, "preference_malformed"),
        ({"source": {"language": "<b>"}}, "preference_malformed"),
        ({"bot": "perhaps"}, "preference_malformed"),
        ({"fields_attributes": [{"name": "a"}] * 5}, "preference_malformed"),
        ({"fields_attributes": [{"name": "a", "value": "b" * 256}]}, "preference_malformed"),
        ({"fields_attributes": "x"}, "preference_malformed"),
        ({"fields_attributes": ["x"]}, "preference_malformed"),
        ({"display_name": 3}, "bad_request"),
        ({"avatar": "a picture"}, "media_malformed"),
        ({"avatar": ["x"]}, "media_malformed"),
        ({"header_description": 3}, "bad_request"),
        ({"avatar_description": "a" * 1_501}, "media_alt_too_long"),
    ],
)
async def test_what_no_profile_may_be(house: House, said: dict[str, Any], code: str) -> None:
    token = await token_of(house)
    answer = await update(house, token, json=said)
    assert answer.json()["code"] == code and answer.status_code in (400, 422)
    limits = {
        "display_name": "a" * 60,
        "note": "a" * 500,
        "fields_attributes": [{"name": "a", "value": "b" * fields.FIELD_MAX}] * 4,
    }
    assert (await update(house, token, json=limits)).status_code == 200


async def test_others_are_seen_by_id_and_by_name(house: House) -> None:
    token = await token_of(house)
    id = (await verify(house, token)).json()["id"]
    async with house.browser() as bob:
        await signs_up(bob, "bob")
    for path in (f"{id}", "lookup?acct=ADA", "lookup?acct=@ada@localhost:8000"):
        account = (await house.client.get(f"/api/v1/accounts/{path}")).json()
        assert account["acct"] == "ada" and "source" not in account and account["id"] == id
    several = await house.client.get(f"/api/v1/accounts?id[]={id}&id[]=1&id[]={id}")
    assert [one["acct"] for one in several.json()] == ["ada", "ada"]
    for path in (
        "1",
        "x",
        "9" * 40,
        "lookup?acct=eve",
        "lookup?acct=ada@elsewhere.example",
        "lookup",
    ):
        answer = await house.client.get(f"/api/v1/accounts/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "account_unknown"), path


async def sign_up(house: House, **said: Any) -> httpx.Response:
    token = await own_token(house, await registered(house))
    return await house.client.post("/api/v1/accounts", headers=bearer(token), json={**NEW, **said})


async def test_signing_up_where_no_mail_is_sent_is_done_at_once(house: House) -> None:
    answer = await sign_up(house)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert (await verify(house, token)).json()["username"] == "eve"
    again = await house.client.post("/api/v1/emails/confirmations", headers=bearer(token))
    assert (again.status_code, again.json()["code"]) == (403, "email_confirmed")
    checked = await house.client.get("/api/v1/emails/check_confirmation", headers=bearer(token))
    assert checked.json() is True


@pytest.mark.parametrize(
    ("wrong", "field", "word"),
    [
        ({"username": "a"}, "username", "ERR_INVALID"),
        ({"username": "admin"}, "username", "ERR_RESERVED"),
        ({"username": "ada"}, "username", "ERR_TAKEN"),
        ({"email": "x"}, "email", "ERR_INVALID"),
        ({"password": "short"}, "password", "ERR_TOO_SHORT"),
        ({"agreement": False}, "agreement", "ERR_ACCEPTED"),
        ({"agreement": None}, "agreement", "ERR_ACCEPTED"),
    ],
)
async def test_what_is_wrong_with_a_sign_up_is_said_by_field(
    house: House, wrong: dict[str, Any], field: str, word: str
) -> None:
    async with house.browser() as ada:
        await signs_up(ada)
    answer = await sign_up(house, **wrong)
    assert answer.status_code == 422, answer.text
    assert answer.json()["details"][field][0]["error"] == word
    assert isinstance(answer.json()["error"], str)


async def test_signing_up_needs_an_app_with_its_own_token(house: House) -> None:
    answer = await house.client.post("/api/v1/accounts", json=NEW)
    assert answer.status_code == 401
    app = await registered(house, scopes="read")
    token = await own_token(house, app, "read")
    answer = await house.client.post("/api/v1/accounts", json=NEW, headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("club", [{"SQUARE__SIGN_UP": "closed"}], indirect=True)
async def test_where_nobody_signs_up(club: House) -> None:
    answer = await sign_up(club)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")


@pytest.mark.parametrize("club", [{"SQUARE__SIGN_UP": "invite"}], indirect=True)
async def test_where_an_invitation_is_needed(club: House) -> None:
    answer = await sign_up(club)
    assert answer.json()["details"]["invite_code"][0]["error"] == "ERR_INVALID"


@pytest.mark.parametrize("club", [{"SQUARE__SIGN_UP": "approval"}], indirect=True)
async def test_where_somebody_lets_people_in(club: House) -> None:
    token = (await sign_up(club, reason="I write plays.")).json()["access_token"]
    answer = await verify(club, token)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_let_in")
    app = await registered(club)
    async with club.browser() as eve, club.browser() as ona:
        await logs_in(eve, "eve")
        page = await eve.get("/oauth/authorize", params={"client_id": app["client_id"],
            "redirect_uri": app["redirect_uri"], "response_type": "code"})  # fmt: skip
        assert page.status_code == 403 and "not let in yet" in page.text
        await owner_of(club, ona)
        id = await club.parts.sql.read(_id_of, "eve")
        assert (await ona.post(f"/moderation/people/{id}/let-in")).status_code == 303
    assert (await verify(club, token)).status_code == 200


@pytest.mark.parametrize("club", [MAIL], indirect=True)
async def test_where_an_address_is_confirmed(club: House) -> None:
    answer = await sign_up(club, email=None)
    assert answer.json()["details"]["email"][0]["error"] == "ERR_BLANK"
    token = (await sign_up(club)).json()["access_token"]
    answer = await verify(club, token)
    assert (answer.status_code, answer.json()["code"]) == (403, "email_unconfirmed")
    said = {"email": "Eve@elsewhere.example"}
    path = "/api/v1/emails/confirmations"
    assert (await club.client.post(path, headers=bearer(token), data=said)).status_code == 200
    assert (await club.client.post(path, headers=bearer(token))).status_code == 200
    assert await club.parts.sql.read(_letters) == 2, "one for each address, however often asked"
    checked = await club.client.get("/api/v1/emails/check_confirmation", headers=bearer(token))
    assert checked.json() is False
    taken = await sign_up(club, username="eva", email="eve@ELSEWHERE.example")
    assert taken.json()["details"]["email"][0]["error"] == "ERR_TAKEN"
    wrong = await club.client.post(path, headers=bearer(token), data={"email": "x"})
    assert wrong.status_code == 422
    member = await club.parts.sql.read(_member, "eve")
    assert member.email == "Eve@elsewhere.example" and not member.confirmed


def _id_of(connection: Any, handle: str) -> int:
    return int(_member(connection, handle).account.id)


def _member(connection: Any, handle: str) -> Any:
    from hustings.social import accounts

    return accounts.named(connection, handle)


def _letters(connection: Any) -> int:
    import sqlalchemy as sa

    from hustings.store.jobs import jobs

    return int(connection.execute(sa.select(sa.func.count()).select_from(jobs)).scalar_one())


@pytest.mark.parametrize(
    ("pairs", "tree"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("id[]", "1"), ("id[]", "2")], {"id": ["1", "2"]}),
        ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("f[0][name]", "x"), ("f[0][value]", "y")], {"f": {"0": {"name": "x", "value": "y"}}}),
        ([("poll[options][]", "x")], {"poll": {"options": ["x"]}}),
        ([("a[b][c][d]", "x")], {"a": {"b": {"c": {"d": "x"}}}}),
    ],
)
def test_names_are_nested(pairs: list[tuple[str, object]], tree: dict[str, Any]) -> None:
    assert params.nested(pairs) == tree


@pytest.mark.parametrize(
    "pairs",
    [
        [("a[b][c][d][e]", "x")],
        [("a", "1"), ("a[b]", "2")],
        [("a[]", "1"), ("a[b]", "2")],
        [(f"n{n}", "1") for n in range(params.FIELDS_MAX + 1)],
    ],
)
def test_names_that_do_not_fit(pairs: list[tuple[str, object]]) -> None:
    with pytest.raises(Refused, match="bad_request"):
        params.nested(pairs)
    params.nested([(f"n{n}", "1") for n in range(params.FIELDS_MAX)])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"["),
        ("application/json", b"[]"),
        ("application/json", b"[" * 60_000),
        ("application/x-www-form-urlencoded", b"client_name=%ff"),
        ("application/x-www-form-urlencoded", b"a=1&" * (params.FIELDS_MAX + 1)),
        ("multipart/form-data", b"x"),
        ("text/html", b"x"),
    ],
)
async def test_bodies_that_cannot_be_read(house: House, kind: str, body: bytes) -> None:
    answer = await house.client.post("/api/v1/apps", content=body, headers={"Content-Type": kind})
    assert answer.json()["code"] == "bad_request" and answer.status_code == 400, answer.text
