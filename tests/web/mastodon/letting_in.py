"""How an app gets its token, step by step, as clients do it."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.web.conftest import House, bearer
from tests.web.test_accounts import signs_up

OOB = "urn:ietf:wg:oauth:2.0:oob"
CALLBACK = "https://client.example/back?kept=1"
ALL = "read write follow push"
VERIFIER = "v" * 43


def challenge(verifier: str = VERIFIER) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def registered(
    house: House, uri: str = OOB, scopes: str = ALL, **more: Any
) -> dict[str, Any]:
    said = {"client_name": "Quill", "redirect_uris": uri, "scopes": scopes, **more}
    answer = await house.client.post("/api/v1/apps", data=said)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def asking(app: dict[str, Any], **more: str) -> dict[str, str]:
    """The query with which an app opens its person's browser."""
    return {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": app["redirect_uris"][0],
        "scope": " ".join(app["scopes"]),
        **more,
    }


async def allows(
    browser: httpx.AsyncClient, asked: dict[str, str], decision: str = "allow"
) -> httpx.Response:
    """The page, and its button: with what the form carries and nothing else."""
    page = await browser.get("/oauth/authorize", params=asked)
    assert page.status_code == 200, page.text
    carried = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(
            r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text
        )
    }
    return await browser.post("/oauth/authorize", data={**carried, "decision": decision})


def code_in(answer: httpx.Response) -> str:
    """From the page that shows it, or from the address that it leads to."""
    if answer.status_code == 200:
        found = re.search(r'<input id="code" value="([^"]+)"', answer.text)
        assert found is not None
        return found[1]
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


async def exchanged(house: House, app: dict[str, Any], code: str, **more: Any) -> httpx.Response:
    said = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": app["redirect_uris"][0],
        **more,
    }
    return await house.client.post("/oauth/token", data=said)


async def token_of(
    house: House, handle: str = "ada", scopes: str = ALL, app: dict[str, Any] | None = None
) -> str:
    """Somebody new, and a token of an app of his."""
    app = app or await registered(house, scopes=scopes)
    async with house.browser() as browser:
        await signs_up(browser, handle)
        code = code_in(await allows(browser, asking(app, scope=scopes)))
    answer = await exchanged(house, app, code)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def own_token(house: House, app: dict[str, Any], scopes: str = ALL) -> str:
    """The app's own."""
    said = {
        "grant_type": "client_credentials",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "scope": scopes,
    }
    answer = await house.client.post("/oauth/token", data=said)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def verify(house: House, token: str) -> httpx.Response:
    return await house.client.get("/api/v1/accounts/verify_credentials", headers=bearer(token))
