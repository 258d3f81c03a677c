"""What browsers ask before a page of another origin may use the API (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

Any origin, never with credentials: nothing behind these addresses reads a cookie.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hustings.web.guard import OPEN, OPEN_TO_READ
from hustings.web.mastodon.answers import moment
from hustings.web.rates import Rate

METHODS = "POST, PUT, DELETE, GET, PATCH, OPTIONS"
SHOWN = "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After"
DAY_S = 86_400
RATE = "hustings.rate"
"""Where the scope keeps what is left to whoever asks."""
PREFLIGHT = (
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key"),
    (b"access-control-max-age", str(DAY_S).encode()),
)


class Crossing:
    """ASGI around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        crossed = scope["type"] == "http" and str(scope["path"]).startswith((*OPEN, *OPEN_TO_READ))
        if not crossed:
            await self._app(scope, receive, send)
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_headers(scope)]
            await send(message)

        if scope["method"] == "OPTIONS":
            await send_open(
                {"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT)}
            )
            await send_open({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, send_open)


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    rate = scope.get(RATE)
    left = _left(rate) if isinstance(rate, Rate) else {}
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", SHOWN.encode()),
        *((name.lower().encode(), value.encode()) for name, value in left.items()),
    ]


def _left(rate: Rate) -> dict[str, str]:
    """https://docs.joinmastodon.org/api/rate-limits/"""
    return {
        "X-RateLimit-Limit": str(rate.most),
        "X-RateLimit-Remaining": str(max(0, rate.left)),
        "X-RateLimit-Reset": moment(rate.reset_at_ms),
    }
