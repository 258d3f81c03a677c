"""Answers in Mastodon's shapes: a "no" is `{"error": sentence}` with our stable code beside it; OAuth's say RFC 6749's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pydantic_core import to_json
from starlette.responses import Response

from hustings.wire.errors import RETRY_AFTER, Refused

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
OAUTH = ("/oauth/token", "/oauth/revoke", "/oauth/userinfo")
SPOKEN = ("/api/v1/", "/api/v2/", "/.well-known/", "/nodeinfo/", *OAUTH)
OAUTH_WORDS = {
    "bad_request": "invalid_request",
    "challenge_malformed": "invalid_request",
    "client_unknown": "invalid_client",
    "grant_wrong": "invalid_grant",
    "grant_unsupported": "unsupported_grant_type",
    "response_type_unsupported": "unsupported_response_type",
    "scope_unknown": "invalid_scope",
    "token_wrong": "invalid_token",
    "scope_missing": "insufficient_scope",
    "access_denied": "access_denied",
}
"""What RFC 6749 (4.1.2.1, 5.2) and RFC 6750 (3.1) call our codes."""


def speaks(path: str) -> bool:
    """Whether what is asked there is answered in these shapes."""
    return path.startswith(SPOKEN)


def no(path: str, refused: Refused) -> Response:
    """A "no" to an app."""
    said: dict[str, object] = {"error": refused.sentence}
    status = refused.status
    if path.startswith(OAUTH) and refused.code in OAUTH_WORDS:
        said = {"error": OAUTH_WORDS[refused.code], "error_description": refused.sentence}
        status = 400 if refused.code == "scope_unknown" else status
    headers = dict(RETRY_AFTER.get(status, {}))
    if status == 401:
        headers["WWW-Authenticate"] = f'Bearer realm="Hustings", error="{_bearer(refused)}"'
    tree = {**said, "code": refused.code, **refused.detail}
    return Response(json.dumps(tree), status, headers, "application/json")


def yes(tree: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Nothing of an account is kept by what lies between."""
    return Response(to_json(tree), status, {**NO_STORE, **(headers or {})}, "application/json")


def moment(at_ms: int) -> str:
    """As clients parse it, with milliseconds and Z (`2026-11-30T02:00:00.000Z`)."""
    when = datetime.fromtimestamp(at_ms // 1000, UTC).isoformat()
    return f"{when[:19]}.{at_ms % 1000:03d}Z"


def day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).date().isoformat()


def _bearer(refused: Refused) -> str:
    return "invalid_client" if refused.code == "client_unknown" else "invalid_token"
