"""Who asks, by the token in the request, and how often: what every address of the API meets first.

Which scope a token needs is what the address says of itself (`described`)."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from hustings.social import tokens
from hustings.social.tokens import Bearer
from hustings.web.guard import client_network, is_loopback
from hustings.web.mastodon import described
from hustings.web.mastodon.crossing import RATE
from hustings.web.parts import Parts
from hustings.web.rates import DELETED_MAX, DELETED_WINDOW_MS, Rates
from hustings.wire.errors import Refused

_FOUND = "hustings.bearer"


@dataclass(frozen=True, slots=True)
class Mine:
    """A token of a member whom others may see."""

    account: int
    app: int
    bearer: Bearer


class Callers:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rates = Rates()
        self._deleted = Rates(DELETED_WINDOW_MS, DELETED_MAX)

    async def enter(self, request: Request) -> None:
        """Counts the request. Errors: `token_wrong` for one that came with a token that is not good; `too_many`."""
        found = await self._bearer(request)
        request.scope[_FOUND] = found
        forwarded = self._parts.settings.web.forwarded_header
        network = client_network(request.scope, forwarded)
        alone = found is None or found.account is None
        if alone and not forwarded and is_loopback(network):
            return  # this machine itself, as in `Guard`
        who = network if found is None or found.account is None else f"account {found.account}"
        rate = self._rates.take(who, self._parts.now_ms())
        request.scope[RATE] = rate
        if rate.left < 0:
            raise Refused("too_many")

    def reader(self, request: Request) -> int | None:
        """The account that reads what strangers may read too, None for a stranger. Errors: `scope_missing`."""
        found: Bearer | None = request.scope[_FOUND]
        if found is None:
            return None
        tokens.check_scope(found, described.here(request).scope)
        return found.account if found.confirmed and found.approved else None

    def deletes(self, request: Request) -> Mine:
        """Somebody who deletes, which is counted by itself. Errors: those of `mine`, `too_many`."""
        mine = self.mine(request)
        rate = self._deleted.take(str(mine.account), self._parts.now_ms())
        request.scope[RATE] = rate
        if rate.left < 0:
            raise Refused("too_many")
        return mine

    def app(self, request: Request) -> Bearer:
        """A token, somebody's or the app's own. Errors: `token_wrong`, `scope_missing`."""
        found: Bearer | None = request.scope[_FOUND]
        if found is None:
            raise Refused("token_wrong")
        scope = described.here(request).scope
        if scope:
            tokens.check_scope(found, scope)
        return found

    def waiting(self, request: Request) -> Bearer:
        """Somebody, also who is not let in yet. Errors: `token_wrong`, `scope_missing`."""
        found = self.app(request)
        if found.account is None:
            raise Refused("token_wrong")
        return found

    def mine(self, request: Request) -> Mine:
        """Somebody whom others may see. Errors: `token_wrong`, `scope_missing`, `email_unconfirmed`, `not_let_in`."""
        found = self.waiting(request)
        if not found.confirmed:
            raise Refused("email_unconfirmed")
        if not found.approved:
            raise Refused("not_let_in")
        return Mine(found.account or 0, found.app, found)

    async def _bearer(self, request: Request) -> Bearer | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        return await self.bearer(token.strip())

    async def bearer(self, token: str) -> Bearer:
        """Whose token that is. Errors: `token_wrong`."""
        sql, now_ms = self._parts.sql, self._parts.now_ms()
        found = await sql.read(tokens.bearer, token)
        if now_ms - found.used_at_ms > tokens.SEEN_EVERY_MS:
            await sql.write(tokens.seen, found.token, now_ms)
        return found
