"""What every request meets first: a limit on its body, the question where a form came from, and the headers of the answer."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hustings.settings import Media
from hustings.social.media import PICTURES_MAX
from hustings.wire.errors import Refused
from hustings.wire.limits import Buckets

BODY_MAX = 65_536
BODY_WAIT_S = 8.0
BODY_BYTES_PER_S = 16_384
"""A body has eight seconds, and one more for every 16 KiB that have come: a picture on a slow line gets through."""
CHANGES_PER_MINUTE = 120
READS_PER_MINUTE = 1_200
ENTRIES_PER_MINUTE = 30
ENTRIES = ("/login", "/sign-up", "/settings", "/moderation", "/forgot", "/reset", "/confirm")
ENTRIES_OF_APPS = frozenset(("/api/v1/accounts", "/api/v1/emails/confirmations"))
"""Where passwords and codes are tried, and letters asked for: one network gets
this many tries, all of these addresses together."""
OPEN = ("/api/v1/", "/api/v2/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo")
OPEN_TO_READ = ("/.well-known/", "/nodeinfo/")
"""What pages of any origin may ask: nothing here reads a cookie, a token of the app alone opens it."""
FORM_ROOM = 65_536
"""What a form with a picture may hold besides the picture."""
MEDIA = ("/api/v1/media", "/api/v2/media")
WRITING = re.compile(r"/posts(/[0-9]{1,19}/edit)?")
"""Where pictures and sounds of posts come in: one a request, or all of a post."""
PORTRAITS = ("/api/v1/accounts/update_credentials", "/settings/profile")
"""Where an account's two pictures come in."""


def policy(form_to: str = "", media_from: str = "") -> str:
    """The content security policy of a page; `form_to` is another place where its form may lead, `media_from` where pictures
    and sounds of posts come from, and the player of a room that a post stands beside."""
    more = f" {media_from}" if media_from else ""
    frames = media_from or "'none'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{more}; media-src 'self'{more}; "
        f"connect-src 'self'; frame-src {frames}; form-action 'self'{form_to and ' '}{form_to}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    # "no-referrer" would make a browser send `Origin: null` with our own forms
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"microphone=(), camera=(), geolocation=()"),
)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class Guard:
    """ASGI around the application. `refuse` writes an answer; `picture_bytes_max` widens the limit of multipart bodies."""

    def __init__(
        self,
        app: ASGIApp,
        public_url: str,
        picture_bytes_max: int,
        refuse: Callable[[Scope, Refused], ASGIApp],
        forwarded_header: str,
        now_s: Callable[[], float],
        media: Media | None = None,
        live_url: str = "",
    ) -> None:
        self._app = app
        self._one_max = (media.bytes_max if media else 0) + FORM_ROOM
        several = PICTURES_MAX * media.picture_bytes_max if media else 0
        self._two_max = (2 * media.picture_bytes_max if media else 0) + FORM_ROOM
        self._several_max = max(several + FORM_ROOM, self._one_max)
        self._headers = (
            (b"content-security-policy", policy(media_from=live_url).encode()),
            *HEADERS,
        )
        self._public = urlsplit(public_url)
        self._form_max = picture_bytes_max + FORM_ROOM
        self._refuse = refuse
        self._forwarded = forwarded_header
        self._now_s = now_s
        self._changes = Buckets(CHANGES_PER_MINUTE)
        self._reads = Buckets(READS_PER_MINUTE)
        self._entries = Buckets(ENTRIES_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in self._headers if name not in named),
                ]
            await send(message)

        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check_flood(scope)
            if not is_open(scope):
                self._check_origin(scope["method"], headers)
            counted = Counted(receive, self._limit(str(scope["path"]), headers), self._now_s)
            counted.announce(headers.get(b"content-length", "0"))
            await self._app(scope, counted, send_with_headers)
        except Refused as refused:
            await self._refuse(scope, refused)(scope, receive, send_with_headers)

    def _check_flood(self, scope: Scope) -> None:
        """Before a byte of a body is read. This machine itself is not counted where no proxy is named: then loopback is
        its owner, and behind an unnamed proxy (`doctor` says so) all the world would share one bucket. Errors: `too_many`.
        """
        network = client_network(scope, self._forwarded)
        if not self._forwarded and is_loopback(network):
            return
        safe = scope["method"] in SAFE_METHODS
        asked = [self._reads if safe else self._changes]
        path = str(scope["path"])
        if not safe and (path.startswith(ENTRIES) or path in ENTRIES_OF_APPS):
            asked.append(self._entries)
        if not all(buckets.take(network, self._now_s()) for buckets in asked):
            raise Refused("too_many")

    def _limit(self, path: str, headers: dict[bytes, str]) -> int:
        if not headers.get(b"content-type", "").lower().startswith("multipart/form-data"):
            return BODY_MAX
        if path in MEDIA:
            return self._one_max
        if path in PORTRAITS:
            return self._two_max
        return self._several_max if WRITING.fullmatch(path) else self._form_max

    def _check_origin(self, method: str, headers: dict[bytes, str]) -> None:
        """Only our own pages, and programs that are no browsers, may change anything. Errors: `cross_site`."""
        if method in SAFE_METHODS:
            return
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        if site is not None and site not in ("same-origin", "none"):
            raise Refused("cross_site")
        if origin is not None and not self._ours(origin):
            raise Refused("cross_site")

    def _ours(self, origin: str) -> bool:
        try:
            there = urlsplit(origin)
            same_port = there.port == self._public.port
        except ValueError:
            return False
        if there.scheme != self._public.scheme or not same_port:
            return False
        if there.hostname == self._public.hostname:
            return True
        return is_local(self._public.hostname) and is_local(there.hostname)


class Counted:
    """A request's body, counted, and timed from when reading begins: what we did before that is not its sender's doing.

    Errors: `Refused` with `body_too_large`, before the body is read when it says its length, or `too_slow`.
    """

    def __init__(self, receive: Receive, limit: int, now_s: Callable[[], float]) -> None:
        self._receive = receive
        self._limit = limit
        self._now_s = now_s
        self._began_s: float | None = None
        self._seen = 0
        self._whole = False

    def announce(self, length: str) -> None:
        if not (length.isascii() and length.isdigit()):
            raise Refused("bad_request")
        if len(length) > 15 or int(length) > self._limit:
            raise Refused("body_too_large", bytes_max=self._limit)

    async def __call__(self) -> Message:
        if self._whole:  # whoever listens on hears of the client's end, whenever that is
            return await self._receive()
        if self._began_s is None:
            self._began_s = self._now_s()
        left_s = self._began_s + BODY_WAIT_S + self._seen / BODY_BYTES_PER_S - self._now_s()
        if left_s <= 0:
            raise Refused("too_slow")
        try:
            async with asyncio.timeout(left_s):
                message = await self._receive()
        except TimeoutError:
            raise Refused("too_slow") from None
        self._whole = not message.get("more_body", False)
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise Refused("body_too_large", bytes_max=self._limit)
        return message


def is_open(scope: Scope) -> bool:
    """Whether pages of any origin may ask this."""
    path = str(scope["path"])
    safe = scope["method"] in SAFE_METHODS
    return path.startswith(OPEN) or (safe and path.startswith(OPEN_TO_READ))


def is_local(host: str | None) -> bool:
    """Whether a host name means this very machine and nothing else."""
    return host is not None and (host in LOOPBACK_NAMES or host.endswith(".localhost"))


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "::/64"  # what ::1 counts for


def client_network(scope: Scope, forwarded_header: str) -> str:
    """The client's address, an IPv6 one as its /64: what a bucket is kept for."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if forwarded_header:
        wanted = forwarded_header.lower().encode()
        found = [value for name, value in scope["headers"] if name == wanted]
        if found:
            # the last hop is the one that our own proxy wrote
            address = found[-1].decode("latin-1").split(",")[-1].strip()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
