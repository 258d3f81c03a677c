"""An app that somebody lets in, on a real server: a client with a token."""

from __future__ import annotations

import re

import httpx

from tests.e2e.harness.names import Names
from tests.e2e.house import House

OOB = "urn:ietf:wg:oauth:2.0:oob"
MARKS = "a" + "\u0301" * 1_000_000
ESCAPES = ("\x00", "\x1b[2J", "\u202e", "\r\nX: y", "\ud800")
HANDLES = Names()
APP = {"client_name": "Quill", "redirect_uris": OOB, "scopes": "read write follow"}


def let_in(house: House, handle: str) -> httpx.Client:
    """Somebody new, through an app. The client keeps one connection; close it.

    A test that is tried again gets another person: `handle` with a number behind it.
    """
    handle = HANDLES.free(handle, "_")
    with httpx.Client(
        base_url=house.web, headers={"Origin": house.web}, timeout=20, trust_env=False
    ) as browser:
        said = {"handle": handle, "password": "a bridge in Kyoto"}
        assert browser.post("/sign-up", data=said).status_code == 303
        app = browser.post("/api/v1/apps", data=APP).json()
        query = {
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": OOB,
            "scope": APP["scopes"],
        }
        page = browser.post("/oauth/authorize", data={**query, "decision": "allow"})
        code = re.search(r'<input id="code" value="([^"]+)"', page.text)
        assert code is not None
        given = {
            **{name: app[name] for name in ("client_id", "client_secret")},
            "grant_type": "authorization_code",
            "code": code[1],
            "redirect_uri": OOB,
        }
        token = browser.post("/oauth/token", data=given).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=house.web, headers=headers, timeout=20, trust_env=False)


def own_id(client: httpx.Client) -> str:
    return str(client.get("/api/v1/accounts/verify_credentials").json()["id"])


def sane(house: House, answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text[:500]
    assert isinstance(answer.json()["error"], str) and answer.json()["code"]
    assert "Traceback" not in answer.text and "sqlalchemy" not in answer.text.lower()
    assert "Traceback" not in house.log
