"""OAuth 2 as clients speak it, on both databases: registering, the page of consent, codes, tokens, and taking them back."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hustings.social import redirects
from hustings.social.tokens import CODE_MS, HELD_MAX
from hustings.web.mastodon.consent import STATE_MAX
from tests.web.conftest import House, bearer
from tests.web.mastodon.letting_in import (
    CALLBACK,
    OOB,
    VERIFIER,
    allows,
    asking,
    challenge,
    code_in,
    exchanged,
    own_token,
    registered,
    token_of,
    verify,
)
from tests.web.test_accounts import PASSWORD, logs_in, signs_up

FORM = "client_name=Quill&redirect_uris=urn:ietf:wg:oauth:2.0:oob&scopes=read+write"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", ""])
async def test_an_app_registers_by_form_by_json_and_without_a_word_of_what_it_sends(
    house: House, kind: str
) -> None:
    body = FORM
    if kind == "application/json":
        body = '{"client_name":"Quill","redirect_uris":["urn:ietf:wg:oauth:2.0:oob"],"scopes":"read write"}'
    headers = {"Content-Type": kind} if kind else {}
    answer = await house.client.post("/api/v1/apps", content=body.encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    app = answer.json()
    assert app["redirect_uri"] == OOB and app["redirect_uris"] == [OOB]
    assert app["scopes"] == ["read", "write"] and app["client_secret_expires_at"] == 0
    assert isinstance(app["id"], str) and app["website"] is None


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"client_name": ""}, "app_name_malformed"),
        ({"client_name": "q" * 61}, "app_name_malformed"),
        ({"redirect_uris": "javascript:alert(1)"}, "redirect_uri_wrong"),
        ({"redirect_uris": ""}, "redirect_uri_wrong"),
        ({"scopes": "read admin:read"}, "scope_unknown"),
        ({"website": "javascript:alert(1)"}, "website_malformed"),
        ({"website": "https://a.example/" + "a" * 1_000}, "website_malformed"),
    ],
)
async def test_what_no_app_may_register(house: House, wrong: dict[str, str], code: str) -> None:
    said = {"client_name": "q" * 60, "redirect_uris": OOB, **wrong}
    answer = await house.client.post("/api/v1/apps", data=said)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert isinstance(answer.json()["error"], str)


async def test_from_a_log_in_to_a_token(house: House) -> None:
    app = await registered(house, CALLBACK, website="https://quill.example")
    asked = asking(app, state="s&t=ä", code_challenge=challenge(), code_challenge_method="S256")
    async with house.browser() as ada:
        await signs_up(ada)
        await ada.post("/log-out")
        answer = await ada.get("/oauth/authorize", params=asked)
        form = answer.headers["Location"]
        assert answer.status_code == 303 and form.startswith("/login?next=%2Foauth%2Fauthorize%3F")
        onward = parse_qs(urlsplit(form).query)["next"][0]
        answer = await logs_in(ada, next=onward)
        assert answer.headers["Location"] == onward
        page = await ada.get(onward)
        assert (
            "Quill" in page.text and "@ada" in page.text and "https://client.example" in page.text
        )
        assert (
            "form-action 'self' https://client.example;" in page.headers["Content-Security-Policy"]
        )
        answer = await allows(ada, asked)
    where = urlsplit(answer.headers["Location"])
    assert where.netloc == "client.example" and where.query.startswith("kept=1&code=")
    assert parse_qs(where.query)["state"] == ["s&t=ä"]
    answer = await exchanged(house, app, code_in(answer), code_verifier=VERIFIER)
    token = answer.json()
    assert token["token_type"] == "Bearer" and type(token["created_at"]) is int
    assert (
        token["scope"] == "read write follow push" and answer.headers["Cache-Control"] == "no-store"
    )
    assert (await verify(house, token["access_token"])).json()["username"] == "ada"


@pytest.mark.parametrize(
    "uri",
    [OOB, "com.tapbots.Ivory.10217:/request_token", "tusky://oauth", "http://localhost:5173/x"],
)
async def test_where_apps_are_answered(house: House, uri: str) -> None:
    app = await registered(house, f"{uri}\nhttps://other.example/")
    async with house.browser() as ada:
        await signs_up(ada)
        answer = await allows(ada, asking(app, redirect_uri=uri))
    if uri != OOB:
        assert answer.headers["Location"].startswith(f"{uri}?code=")
    answer = await exchanged(house, app, code_in(answer), redirect_uri=uri)
    assert answer.status_code == 200, answer.text


async def test_nobody_is_sent_where_the_app_did_not_say(house: House) -> None:
    app = await registered(house, CALLBACK)
    async with house.browser() as ada:
        await signs_up(ada)
        for wrong in (f"{CALLBACK}&x=1", "https://client.example/back", "https://evil.example/"):
            answer = await ada.get("/oauth/authorize", params=asking(app, redirect_uri=wrong))
            assert answer.status_code == 422 and "Location" not in answer.headers
            answer = await ada.post("/oauth/authorize", data=asking(app, redirect_uri=wrong))
            assert answer.status_code == 422
        answer = await ada.get("/oauth/authorize", params=asking({**app, "client_id": "x" * 43}))
        assert answer.status_code == 401 and "Location" not in answer.headers


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "read write"}, "invalid_scope"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x" * 43}, "invalid_request"),
        ({"code_challenge": "x" * 42, "code_challenge_method": "S256"}, "invalid_request"),
        ({"state": "s" * (STATE_MAX + 1)}, "invalid_request"),
    ],
)
async def test_what_an_app_is_told_at_its_own_address(
    house: House, wrong: dict[str, str], error: str
) -> None:
    app = await registered(house, CALLBACK, scopes="read")
    async with house.browser() as ada:
        await signs_up(ada)
        answer = await ada.get("/oauth/authorize", params=asking(app, **{"state": "s", **wrong}))
        told = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert told["error"] == [error] and told["state"][0].startswith("s")
        answer = await allows(ada, asking(app, state="s" * STATE_MAX), "deny")
        assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]


async def test_force_login_asks_once_more(house: House) -> None:
    app = await registered(house)
    async with house.browser() as ada:
        await signs_up(ada)
        answer = await ada.get("/oauth/authorize", params=asking(app, force_login="true"))
        onward = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
        assert "force_login" not in onward and (await ada.get(onward)).status_code == 200


async def test_a_form_from_elsewhere_lets_nobody_in(house: House) -> None:
    app = await registered(house)
    async with house.browser() as ada:
        await signs_up(ada)
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
            answer = await ada.post(
                "/oauth/authorize", data={**asking(app), "decision": "allow"}, headers=headers
            )
            assert answer.status_code == 403
        page = await ada.get("/oauth/authorize", params=asking(app))
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "c" * 43},
        {"code_verifier": "w" * 43},
        {"code_verifier": None},
        {"code_verifier": "v" * 42},
        {"redirect_uri": "https://client.example/back"},
        {"redirect_uri": None},
    ],
)
async def test_a_code_that_is_shown_wrongly(house: House, wrong: dict[str, Any]) -> None:
    app = await registered(house, CALLBACK)
    pkce = {"code_challenge": challenge(), "code_challenge_method": "S256"}
    async with house.browser() as ada:
        await signs_up(ada)
        code = code_in(await allows(ada, asking(app, **pkce)))
    said = {"code_verifier": VERIFIER, **wrong}
    answer = await exchanged(house, app, said.pop("code", code), **said)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["code"] == "grant_wrong"
    assert (await exchanged(house, app, code, code_verifier=VERIFIER)).status_code == 200


async def test_a_verifier_where_no_challenge_was(house: House) -> None:
    app = await registered(house)
    async with house.browser() as ada:
        await signs_up(ada)
        code = code_in(await allows(ada, asking(app)))
    assert (await exchanged(house, app, code, code_verifier=VERIFIER)).status_code == 400


async def test_a_code_is_good_once_and_used_twice_it_takes_its_token_back(house: House) -> None:
    app, other = await registered(house), await registered(house)
    async with house.browser() as ada:
        await signs_up(ada)
        code = code_in(await allows(ada, asking(app)))
    assert (await exchanged(house, other, code)).status_code == 400, "it is another app's"
    token = (await exchanged(house, app, code)).json()["access_token"]
    assert (await verify(house, token)).status_code == 200
    assert (await exchanged(house, other, code)).status_code == 400
    assert (await verify(house, token)).status_code == 200, "no other app can take it"
    assert (await exchanged(house, app, code)).json()["error"] == "invalid_grant"
    assert (await verify(house, token)).status_code == 401


async def test_a_code_at_its_end_and_one_past_it(house: House) -> None:
    app = await registered(house)
    async with house.browser() as ada:
        await signs_up(ada)
        first = code_in(await allows(ada, asking(app)))
        second = code_in(await allows(ada, asking(app)))
    house.clock[0] += CODE_MS - 1
    assert (await exchanged(house, app, first)).status_code == 200
    house.clock[0] += 1
    assert (await exchanged(house, app, second)).status_code == 400


async def test_the_secret_in_a_header_and_a_wrong_one(house: House) -> None:
    app = await registered(house)
    pair = base64.b64encode(f"{app['client_id']}:{app['client_secret']}".encode()).decode()
    said = {"grant_type": "client_credentials", "scope": "read"}
    answer = await house.client.post(
        "/oauth/token", data=said, headers={"Authorization": f"Basic {pair}"}
    )
    assert answer.status_code == 200 and answer.json()["scope"] == "read"
    for wrong in ({"client_secret": "x" * 43}, {"client_id": "x"}, {"client_secret": None}):
        whole = {**said, "client_id": app["client_id"], "client_secret": app["client_secret"]}
        answer = await house.client.post("/oauth/token", json={**whole, **wrong})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = await house.client.post(
        "/oauth/token", data=said, headers={"Authorization": "Basic !"}
    )
    assert answer.status_code == 401


async def test_an_apps_own_token_is_nobodys(house: House) -> None:
    app = await registered(house)
    token = await own_token(house, app)
    answer = await house.client.get("/api/v1/apps/verify_credentials", headers=bearer(token))
    assert answer.json()["name"] == "Quill" and "client_secret" not in answer.json()
    assert (await verify(house, token)).status_code == 401
    said = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    for grant in ("password", "", "refresh_token"):
        answer = await house.client.post("/oauth/token", data={**said, "grant_type": grant})
        assert answer.json()["error"] == "unsupported_grant_type"
    wide = {**said, "grant_type": "client_credentials", "scope": "profile"}
    assert (await house.client.post("/oauth/token", data=wide)).json()["error"] == "invalid_scope"


async def test_a_token_is_taken_back_by_its_app_alone(house: House) -> None:
    app, other = await registered(house), await registered(house)
    token = await token_of(house, app=app)
    for who, status in ((other, 200), ({**app, "client_secret": "x" * 43}, 401)):
        said = {"client_id": who["client_id"], "client_secret": who["client_secret"]}
        answer = await house.client.post("/oauth/revoke", data={**said, "token": token})
        assert answer.status_code == status
        assert (await verify(house, token)).status_code == 200
    said = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    answer = await house.client.post("/oauth/revoke", data={**said, "token": token})
    assert (answer.status_code, answer.json()) == (200, {})
    answer = await verify(house, token)
    assert (answer.status_code, answer.json()["error"]) == (401, "The access token is invalid.")


async def test_people_see_their_apps_and_turn_them_out(house: House) -> None:
    app = await registered(house)
    async with house.browser() as ada, house.browser() as bob:
        await signs_up(ada)
        await signs_up(bob, "bob")
        tokens = []
        for who in (ada, ada, bob):
            code = code_in(await allows(who, asking(app, scope="read write:statuses")))
            tokens.append((await exchanged(house, app, code)).json()["access_token"])
        page = (await ada.get("/settings/apps")).text
        assert page.count("Quill</b>") == 1 and "change: posts" in page
        answer = await ada.post(f"/settings/apps/{app['id']}/end")
        assert answer.headers["Location"] == "/settings/apps"
        assert [(await verify(house, one)).status_code for one in tokens] == [401, 401, 200]
        assert "Quill" not in (await ada.get("/settings/apps")).text
        assert (await ada.post("/settings/apps/x/end")).status_code == 404


async def test_a_new_password_turns_apps_out(house: House) -> None:
    token = await token_of(house)
    async with house.browser() as ada:
        await logs_in(ada)
        said = {"password": PASSWORD, "wanted": "another bridge in Kyoto, further up"}
        assert (await ada.post("/settings/security/password", data=said)).status_code == 303
    assert (await verify(house, token)).status_code == 401


async def test_of_many_tokens_the_oldest_gives_way(house: House) -> None:
    app = await registered(house)
    tokens = [await own_token(house, app) for _ in range(HELD_MAX + 1)]

    async def good(token: str) -> bool:
        answer = await house.client.get("/api/v1/apps/verify_credentials", headers=bearer(token))
        return answer.status_code == 200

    assert [await good(tokens[0]), await good(tokens[1]), await good(tokens[-1])] == [
        False,
        True,
        True,
    ]


async def test_scopes_are_held(house: House) -> None:
    token = await token_of(house, scopes="read:statuses profile")
    assert (await verify(house, token)).status_code == 200
    answer = await house.client.get("/api/v1/preferences", headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    answer = await house.client.get("/oauth/userinfo", headers=bearer(token))
    assert answer.json()["preferred_username"] == "ada"
    narrow = await token_of(house, "bob", scopes="write:statuses")
    assert (await verify(house, narrow)).status_code == 403


async def test_the_suspended_are_out_at_once(house: House) -> None:
    token = await token_of(house)
    await house.parts.sql.write(_suspend)
    assert (await verify(house, token)).status_code == 401


async def test_what_the_server_says_of_its_way_in(house: House) -> None:
    tree = (await house.client.get("/.well-known/oauth-authorization-server")).json()
    assert tree["code_challenge_methods_supported"] == ["S256"]
    for name in ("token_endpoint", "authorization_endpoint", "app_registration_endpoint"):
        assert (await house.client.get(tree[name])).status_code != 404, name
    assert "admin" not in " ".join(tree["scopes_supported"])


async def test_any_page_may_ask_and_no_cookie_counts(house: House) -> None:
    elsewhere = {"Origin": "https://elk.example", "Sec-Fetch-Site": "cross-site"}
    for path in ("/api/v1/apps", "/oauth/token", "/api/v1/statuses"):
        answer = await house.client.options(path, headers=elsewhere)
        assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    said = {"client_name": "Elk", "redirect_uris": CALLBACK}
    answer = await house.client.post("/api/v1/apps", data=said, headers=elsewhere)
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"
    async with house.browser() as ada:
        await signs_up(ada)
        answer = await ada.get("/api/v1/accounts/verify_credentials")
        assert answer.status_code == 401, "a cookie opens no address that any page may ask"
    for path in ("/", "/login", "/oauth/authorize", "/api/hustings/v1/rooms"):
        answer = await house.client.get(path, headers=elsewhere)
        assert "Access-Control-Allow-Origin" not in answer.headers, path


async def test_plans_are_still_guarded(house: House) -> None:
    elsewhere = {"Origin": "https://evil.example"}
    answer = await house.client.post("/api/hustings/v1/rooms", json={}, headers=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize(
    "uri",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x",
     "http://client.example/", "https://", "https:/x", "https://a.example/#f", "https://u:p@a.example/", "urn:x", "x", "",
     "https://a.example\\@b.example/", "https://a.example/ x", "my app:/x", "app:", "https://a.example;script-src/", "1a:/x",
     "intent://x#Intent;end", "about:blank", "com.app:/x#f", "https://a.example/\u00e4", "view-source:x",
     "a" * 990 + "://" + "b" * 8],
)  # fmt: skip
def test_addresses_that_no_code_is_sent_to(uri: str) -> None:
    with pytest.raises(Exception, match="redirect_uri_wrong"):
        redirects.check(uri)


def test_an_address_at_the_limit_and_too_many_of_them() -> None:
    longest = "https://a.example/" + "a" * (redirects.LONGEST - 18)
    assert redirects.check(longest) == longest
    assert len(redirects.parse([f"app{n}:/x" for n in range(redirects.MOST)])) == redirects.MOST
    for wrong in (longest + "a", [f"app{n}:/x" for n in range(redirects.MOST + 1)], [3], None):
        with pytest.raises(Exception, match="redirect_uri_wrong"):
            redirects.parse(wrong)


def _suspend(connection: Any) -> None:
    from hustings.store.people import accounts

    connection.execute(accounts.update().values(suspended_at_ms=1))
