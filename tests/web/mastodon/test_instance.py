"""What the server says of itself: each thing that clients broke on elsewhere is a test here."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from hustings.web.rates import KEPT_MAX, REQUESTS_MAX, WINDOW_MS, Rates
from tests.web.conftest import NOW_MS, House, bearer
from tests.web.mastodon.letting_in import own_token, registered, token_of, verify
from tests.web.test_accounts import owner_of, signs_up

SEMVER = re.compile(r"4\.5\.0 \(compatible; Hustings \d+\.\d+\.\d+\)")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def tree_of(house: House, path: str) -> dict[str, Any]:
    answer = await house.client.get(path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_both_shapes_of_the_instance(house: House) -> None:
    async with house.browser() as ona:
        await owner_of(house, ona)
    first, second = [await tree_of(house, f"/api/v{n}/instance") for n in (1, 2)]
    assert first["uri"] == second["domain"] == "localhost:8000", "a host and no address"
    assert SEMVER.fullmatch(first["version"]) and SEMVER.fullmatch(second["version"])
    assert second["api_versions"] == {"mastodon": 2}
    for tree in (first, second):
        assert tree["configuration"]["statuses"]["max_characters"] == 500
        assert "audio/mpeg" in tree["configuration"]["media_attachments"]["supported_mime_types"]
    assert first["thumbnail"].startswith("http://localhost:8000/assets/")
    assert second["thumbnail"]["url"] == first["thumbnail"]
    assert first["contact_account"]["username"] == second["contact"]["account"]["username"] == "ona"
    assert first["stats"]["user_count"] == 1 and second["usage"]["users"]["active_month"] == 1


async def test_who_is_active_was_here_within_the_month(house: House) -> None:
    token = await token_of(house)
    house.clock[0] += 31 * 86_400_000
    node = await tree_of(house, "/nodeinfo/2.0")
    assert node["usage"]["users"] == {"total": 1, "activeMonth": 0, "activeHalfyear": 1}
    await verify(house, token)
    assert (await tree_of(house, "/nodeinfo/2.0"))["usage"]["users"]["activeMonth"] == 1


@pytest.mark.parametrize(
    ("club", "enabled", "approval"),
    [
        ({"SQUARE__SIGN_UP": "open"}, True, False),
        ({"SQUARE__SIGN_UP": "approval"}, True, True),
        ({"SQUARE__SIGN_UP": "invite"}, False, False),
        ({"SQUARE__SIGN_UP": "closed"}, False, False),
    ],
    indirect=["club"],
)
async def test_who_may_sign_up_is_said(club: House, enabled: bool, approval: bool) -> None:
    said = (await tree_of(club, "/api/v2/instance"))["registrations"]
    assert (said["enabled"], said["approval_required"]) == (enabled, approval)
    assert (await tree_of(club, "/api/v1/instance"))["registrations"] is enabled


async def test_the_node_is_found_and_is_not_called_mastodon(house: House) -> None:
    links = (await tree_of(house, "/.well-known/nodeinfo"))["links"]
    assert links == [
        {
            "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
            "href": "http://localhost:8000/nodeinfo/2.0",
        }
    ]
    node = await tree_of(house, "/nodeinfo/2.0")
    assert node["software"]["name"] == "hustings" and node["protocols"] == []


async def test_an_account_is_found_by_its_names(house: House) -> None:
    async with house.browser() as ada:
        await signs_up(ada, "Ada_L")
    meta = await house.client.get("/.well-known/host-meta")
    assert 'template="http://localhost:8000/.well-known/webfinger?resource={uri}"' in meta.text
    asked = ["acct:ada_l@localhost:8000", "http://localhost:8000/@Ada_L", "ada_L@LOCALHOST:8000"]
    for resource in asked:
        answer = await house.client.get(
            "/.well-known/webfinger", params={"resource": resource}, headers={"Origin": "https://x"}
        )
        assert answer.json()["subject"] == "acct:Ada_L@localhost:8000", resource
        assert answer.headers["Content-Type"].startswith("application/jrd+json")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for resource, status in (("", 400), ("acct:eve@localhost:8000", 404), ("acct:ada_l@x.y", 404)):
        answer = await house.client.get("/.well-known/webfinger", params={"resource": resource})
        assert answer.status_code == status and isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("path", ["custom_emojis", "announcements", "instance/rules"])
async def test_what_is_empty_because_there_is_none(house: House, path: str) -> None:
    assert (await house.client.get(f"/api/v1/{path}")).json() == []


async def test_what_is_not_here_is_not_found(house: House) -> None:
    for path in ("/api/v2/filters", "/api/v1/nothing", "/api/v2/nothing"):
        answer = await house.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert isinstance(answer.json()["error"], str)
    assert (await house.client.get("/api/hustings/v1/nothing")).json()["message"]


async def test_the_pictures_are_there(house: House) -> None:
    token = await token_of(house)
    account = (await verify(house, token)).json()
    for name in ("avatar", "avatar_static", "header", "header_static"):
        assert account[name].endswith(".png") and account[name].startswith("http://localhost:8000/")
    assert STAMP.fullmatch(account["created_at"]) and account["created_at"].endswith("00.000Z")


async def test_how_often_an_account_may_ask(house: House) -> None:
    token, other = await token_of(house), await token_of(house, "bob")
    first = await verify(house, token)
    left = int(first.headers["X-RateLimit-Remaining"])
    assert (left, first.headers["X-RateLimit-Limit"]) == (REQUESTS_MAX - 1, str(REQUESTS_MAX))
    assert STAMP.fullmatch(first.headers["X-RateLimit-Reset"])
    for _ in range(left):
        answer = await verify(house, token)
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (200, "0")
    answer = await verify(house, token)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and answer.headers["Retry-After"]
    assert "X-RateLimit-Remaining" in answer.headers["Access-Control-Expose-Headers"]
    assert (await verify(house, other)).status_code == 200
    house.clock[0] += WINDOW_MS
    assert (await verify(house, token)).status_code == 200


async def test_how_often_a_place_without_a_token_may_ask(house: House) -> None:
    async with house.browser("203.0.113.9") as far, house.browser("203.0.113.10") as other:
        for _ in range(REQUESTS_MAX):
            answer = await far.get("/api/v2/instance")
        assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (200, "0")
        assert (await far.get("/api/v2/instance")).status_code == 429
        assert (await other.get("/api/v2/instance")).status_code == 200
        app = await registered(house)
        headers = bearer(await own_token(house, app))
        answer = await far.get("/api/v1/apps/verify_credentials", headers=headers)
        assert answer.status_code == 429, "an app's own token is no way around it"


def test_what_is_kept_of_askers_is_bounded() -> None:
    rates = Rates()
    for number in range(KEPT_MAX + 1):
        rates.take(str(number), NOW_MS)
    assert rates.take("1", NOW_MS).left == REQUESTS_MAX - 2
    assert rates.take("0", NOW_MS).left == REQUESTS_MAX - 1, "the oldest gave way"
    assert rates.take("1", NOW_MS + WINDOW_MS).left == REQUESTS_MAX - 1


@pytest.mark.parametrize("token", ["x", "x" * 43, "ä" * 43, "\u0660" * 43])
async def test_a_token_that_never_was(house: House, token: str) -> None:
    headers = httpx.Headers([(b"Authorization", b"Bearer " + token.encode())])
    for path in ("/api/v1/accounts/verify_credentials", "/api/v2/instance"):
        answer = await house.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_wrong")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
