"""Who a request comes from, by its cookie; and the two cookies that web sets.

The session cookie is a random token. The other one says that this browser logged in to that account before: it opens
nothing, but strangers who try passwords cannot shut its owner out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from hustings.social import notifications, reports, sessions
from hustings.social.seal import Seal
from hustings.social.sessions import Visitor
from hustings.web.guard import SAFE_METHODS
from hustings.web.sql import Sql
from hustings.wire.errors import Refused

KNOWN_S = 400 * 86_400  # the longest that browsers keep a cookie
NONCE_CHARS = 22
UNREAD_SHOWN = 99


class Visitors:
    def __init__(self, sql: Sql, seal: Seal, public_url: str, now_ms: Callable[[], int]) -> None:
        self._sql = sql
        self._seal = seal
        self._now_ms = now_ms
        self._secure = public_url.startswith("https://")
        # the prefix makes browsers refuse it from any other host or path (RFC 6265bis, 4.1.3.2); it needs TLS
        prefix = "__Host-" if self._secure else ""
        self._session, self._known = f"{prefix}hustings", f"{prefix}hustings-known"

    async def of(self, request: Request) -> Visitor | None:
        """None for a stranger. Errors: `cross_site` when a change comes with a cookie and without a word of where from."""
        token = request.cookies.get(self._session, "")
        if len(token) != sessions.TOKEN_CHARS:
            return None
        if request.method not in SAFE_METHODS and not _says_where_from(request):
            raise Refused("cross_site")
        now_ms = self._now_ms()
        found = await self._sql.read(_found, token, now_ms, request.method in SAFE_METHODS)
        if found is None:
            return None
        visitor, seen_at_ms = found
        if now_ms - seen_at_ms > sessions.SEEN_EVERY_MS:
            await self._sql.write(sessions.seen, visitor.session, now_ms)
        return visitor

    async def needed(self, request: Request) -> Visitor:
        """Errors: `log_in_needed`."""
        visitor = await self.of(request)
        if visitor is None:
            raise Refused("log_in_needed")
        return visitor

    async def moderator(self, request: Request) -> Visitor:
        """Errors: `log_in_needed`, `not_allowed`."""
        visitor = await self.needed(request)
        if not visitor.moderates:
            raise Refused("not_allowed")
        return visitor

    def let_in(self, response: Response, token: str, account: int) -> Response:
        """Sets both cookies."""
        self._set(response, self._session, token, sessions.IDLE_MS // 1000)
        nonce = secrets.token_urlsafe(16)
        mark = self._seal.mark(f"known {account} {nonce}")
        self._set(response, self._known, f"{nonce}{mark}", KNOWN_S)
        return response

    def forget(self, response: Response) -> Response:
        """The session's cookie goes; that this browser is known stays."""
        self._set(response, self._session, "", 0)
        return response

    def knows(self, request: Request, account: int) -> str:
        """A name for this browser when it logged in to this account before, else ""."""
        text = request.cookies.get(self._known, "")
        nonce, mark = text[:NONCE_CHARS], text[NONCE_CHARS:]
        right = self._seal.mark(f"known {account} {nonce}")
        return nonce if secrets.compare_digest(mark.encode(), right.encode()) else ""

    def _set(self, response: Response, name: str, value: str, max_age_s: int) -> None:
        response.set_cookie(
            name, value, max_age_s, path="/", secure=self._secure, httponly=True, samesite="lax"
        )


def _found(
    connection: Connection, token: str, now_ms: int, counted: bool
) -> tuple[Visitor, int] | None:
    """`counted`: with how many notifications are new to him, as every page of the square says it."""
    found = sessions.visitor(connection, token, now_ms)
    if found is None or not counted:
        return found
    ask = notifications.unread
    unread = ask(connection, found[0].account, notifications.Wish(), now_ms, UNREAD_SHOWN)
    waiting = reports.open_ones(connection, UNREAD_SHOWN) if found[0].moderates else 0
    return replace(found[0], unread=unread, reports=waiting), found[1]


def _says_where_from(request: Request) -> bool:
    """Every browser that people use says so with a form; `Guard` has looked at what it says."""
    return "origin" in request.headers or "sec-fetch-site" in request.headers
