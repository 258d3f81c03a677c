"""The stage host's addresses (`docs/protocol.md`, "Stage host")."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from hustings.door.files import Files
from hustings.door.sockets import Sockets
from hustings.door.studio import PASSED_ON, StudioSocket
from hustings.patience import heed
from hustings.wire.errors import RETRY_AFTER, Refused
from hustings.wire.limits import Buckets
from hustings.wire.ticket import Ticket, Verifier

OFFER_MAX, FRAGMENT_MAX, COMMAND_MAX, KNOCK_MAX = 65_536, 8_192, 16_384, 4_096
IF_MATCH_MAX = 64
BODY_WAIT_S = 5.0
ASKS_PER_MINUTE = 3_000
"""A page asks once for each change that it is told; thirteen of them may share one address."""
CHECKED_MAX = 1_024
KEY = re.compile(r"[a-z0-9-]{3,64}|[A-Za-z0-9_-]{22}")
COMMAND = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40})?")
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Hustings-Device, Idempotency-Key, If-Match",
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Expose-Headers": "ETag, Location, Retry-After",
    "Access-Control-Max-Age": "86400",
    "Timing-Allow-Origin": "*",
}
STATUS_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
LOG = logging.getLogger("hustings.door")
Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(
    verifier: Callable[[], Verifier],
    studio: StudioSocket,
    files: Files,
    limits: Limits,
    forwarded: str,
    sockets: Sockets,
) -> web.Application:
    """The application. `verifier` is asked at each request, so that a key made later counts."""
    app = web.Application(middlewares=[heed, _answers], client_max_size=OFFER_MAX + 1)
    door = Door(verifier, studio, files, limits, forwarded, sockets)
    app.add_routes(
        [
            web.get("/healthz", door.health),
            web.get(r"/assets/{path:.+}", door.asset),
            web.get("/session/{key}/socket", door.socket),
            web.post("/session/{key}", door.session),
            web.post("/whip/{key}", door.session),
            web.post("/whep/{key}", door.session),
            web.delete("/session/{key}/{session}", door.leave),
            web.patch("/session/{key}/{session}", door.restart),
            web.get("/events/{key}", door.events),
            web.post("/command/{key}/{command}", door.command),
            web.post("/knock/{key}", door.knock),
            web.get("/recording/{key}/{token}/{file:.+}", door.recording),
            web.get("/{key}", door.page),
        ]
    )
    return app


@web.middleware
async def _answers(request: web.Request, handler: Next) -> web.StreamResponse:
    """CORS on every answer, and every "no" as JSON with its code (`handler` is aiohttp's keyword)."""
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=CORS)
    try:
        response = await handler(request)
    except Refused as refused:
        response = _no(refused)
    except web.HTTPException as error:
        response = _no(Refused(STATUS_CODES.get(error.status, "bad_request")))
    except Exception:
        LOG.exception("door could not answer %s", request.match_info.route.name or request.method)
        response = _no(Refused("unexpected"))
    if not response.prepared:
        response.headers.update(CORS)
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _no(refused: Refused) -> web.Response:
    again = RETRY_AFTER.get(refused.status)
    return web.Response(
        status=refused.status, body=refused.body(), headers=again, content_type="application/json"
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Buckets by place, each asked before a body is read: knocks, offers, requests with a ticket, wrong tickets."""

    knocks: Buckets
    offers: Buckets
    wrong: Buckets
    asks: Buckets = field(default_factory=lambda: Buckets(ASKS_PER_MINUTE))


class Checked:
    """Tickets whose signature held, so that a flood of forged ones costs the place that they come from its right to be
    looked at, and not those who are inside."""

    def __init__(self, wrong: Buckets) -> None:
        self._wrong = wrong
        self._known: OrderedDict[tuple[str, str], Ticket] = OrderedDict()
        self._by: Verifier | None = None

    def ticket(self, verifier: Verifier, token: str, key: str, address: str) -> Ticket:
        """Errors: `Refused` with `too_many` where the wrong ones were too many, or as `Verifier.verify`."""
        if verifier is not self._by:  # a key came or went
            self._by = verifier
            self._known.clear()
        known = self._known.get((token, key))
        if known is not None:
            return known
        if self._wrong.empty(address, time.monotonic()):
            raise Refused("too_many")
        try:
            ticket = verifier.verify(token, key)
        except Refused:
            self._wrong.take(address, time.monotonic())
            raise
        if len(self._known) >= CHECKED_MAX:
            self._known.popitem(last=False)
        self._known[(token, key)] = ticket
        return ticket


class Door:
    """What each address does. Between two requests it keeps the buckets, and which tickets it has checked."""

    def __init__(
        self,
        verifier: Callable[[], Verifier],
        studio: StudioSocket,
        files: Files,
        limits: Limits,
        forwarded: str,
        sockets: Sockets,
    ) -> None:
        self._sockets = sockets
        self._verifier = verifier
        self._studio = studio
        self._files = files
        self._limits = limits
        self._forwarded = forwarded
        self._checked = Checked(limits.wrong)

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def page(self, request: web.Request) -> web.Response:
        _key(request)
        return self._files.page(request.headers.get("Accept-Encoding", ""))

    async def asset(self, request: web.Request) -> web.Response:
        return self._files.asset(
            request.match_info["path"], request.headers.get("Accept-Encoding", "")
        )

    async def session(self, request: web.Request) -> web.Response:
        """`POST /session|whip|whep/{key}`: an offer in, an answer out."""
        _take(self._limits.offers, self._address(request))
        kind = request.path.split("/")[1]
        headers = self._claims(request)
        if request.content_type != "application/sdp":
            raise Refused("offer_malformed")
        offer = await _body(request, OFFER_MAX, "offer_too_large")
        return await self._pass(request, "POST", f"/rooms/{_key(request)}/{kind}", headers, offer)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """`GET /session/{key}/socket`: a voice through the page's own way. The ticket is its first message."""
        address, key = self._address(request), _key(request)
        _take(self._limits.offers, address)

        async def ask(token: str, device: str) -> str:
            ticket = self._checked.ticket(self._verifier(), token, key, address)
            headers = {
                "Hustings-Claims": ticket.claims(),
                "Hustings-Device": device if TOKEN.fullmatch(device) else "-",
                "Hustings-Address": address,
            }
            status, _, raw = await self._studio.ask("POST", f"/rooms/{key}/socket", headers)
            tree = json.loads(raw)
            if status != 201:
                raise Refused(tree["code"])
            return str(tree["session"])

        return await self._sockets.serve(request, address, ask)

    async def leave(self, request: web.Request) -> web.Response:
        headers = self._claims(request)
        return await self._pass(request, "DELETE", _session(request), headers)

    async def restart(self, request: web.Request) -> web.Response:
        """`PATCH` of a session: an ICE restart, or candidates (RFC 9725 §4.3)."""
        headers = self._claims(request)
        if request.content_type != "application/trickle-ice-sdpfrag":
            raise Refused("method_not_allowed")
        match = request.headers.get("If-Match", "")
        if len(match) > IF_MATCH_MAX or not match.isascii():
            raise Refused("bad_request")
        headers["If-Match"] = match
        fragment = await _body(request, FRAGMENT_MAX, "offer_too_large")
        return await self._pass(request, "PATCH", _session(request), headers, fragment)

    async def events(self, request: web.Request) -> web.Response:
        headers = self._claims(request)
        after = request.query.get("after", "")
        if not re.fullmatch(r"[A-Za-z0-9._-]{0,64}", after):
            raise Refused("bad_request")
        query = f"after={after}" if after else ""
        return await self._pass(
            request, "GET", f"/rooms/{_key(request)}/events", headers, query=query
        )

    async def command(self, request: web.Request) -> web.Response:
        headers = self._claims(request)
        command = request.match_info["command"]
        if not COMMAND.fullmatch(command):
            raise Refused("command_unknown")
        once = request.headers.get("Idempotency-Key", "")
        if len(once) > 64 or not once.isascii():
            raise Refused("bad_request")
        headers["Idempotency-Key"] = once
        headers["Content-Type"] = "application/json"
        body = await _body(request, COMMAND_MAX, "body_too_large")
        return await self._pass(
            request, "POST", f"/rooms/{_key(request)}/commands/{command}", headers, body
        )

    async def knock(self, request: web.Request) -> web.Response:
        """No ticket here: the bucket is asked before the body is read."""
        address = self._address(request)
        _take(self._limits.knocks, address)
        headers = {
            "Hustings-Address": address,
            "Hustings-Device": _device(request),
            "Content-Type": "application/json",
        }
        body = await _body(request, KNOCK_MAX, "body_too_large")
        return await self._pass(request, "POST", f"/rooms/{_key(request)}/knock", headers, body)

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """A download, passed on piece by piece; the token in its address is studio's to judge."""
        token, file = request.match_info["token"], request.match_info["file"]
        if (
            not TOKEN.fullmatch(token)
            or not re.fullmatch(r"[A-Za-z0-9_./-]{1,128}", file)
            or ".." in file
        ):
            raise Refused("not_found")
        try:
            async with self._studio.open(
                f"/rooms/{_key(request)}/recording/{token}/{file}"
            ) as answer:
                kept = {
                    name: answer.headers[name]
                    for name in (*PASSED_ON, "Content-Length")
                    if name in answer.headers
                }
                response = web.StreamResponse(status=answer.status, headers={**kept, **CORS})
                await response.prepare(request)
                async for piece in answer.content.iter_chunked(65_536):
                    await response.write(piece)
                await response.write_eof()
                return response
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise Refused("studio_away") from None

    async def _pass(
        self,
        request: web.Request,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes = b"",
        query: str = "",
    ) -> web.Response:
        status, kept, raw = await self._studio.ask(method, path, headers, body, query)
        return web.Response(status=status, headers=kept, body=raw)

    def _claims(self, request: web.Request) -> dict[str, str]:
        """The headers that go inward, once the ticket's signature and room hold. Errors: `Refused`."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused("ticket_missing")
        address = self._address(request)
        _take(self._limits.asks, address)
        ticket = self._checked.ticket(self._verifier(), token.strip(), _key(request), address)
        return {
            "Hustings-Claims": ticket.claims(),
            "Hustings-Device": _device(request),
            "Hustings-Address": address,
            "Content-Type": request.content_type,
        }

    def _address(self, request: web.Request) -> str:
        if self._forwarded and (given := request.headers.get(self._forwarded)):
            return given.split(",")[-1].strip()[:64]
        return request.remote or ""


def _take(buckets: Buckets, address: str) -> None:
    if not buckets.take(address, time.monotonic()):
        raise Refused("too_many")


def _key(request: web.Request) -> str:
    key = request.match_info["key"]
    if not KEY.fullmatch(key):
        raise Refused("room_unknown")
    return key


def _session(request: web.Request) -> str:
    """A session's address at studio."""
    session = request.match_info["session"]
    if not TOKEN.fullmatch(session):
        raise Refused("session_unknown")
    return f"/rooms/{_key(request)}/session/{session}"


def _device(request: web.Request) -> str:
    device = request.headers.get("Hustings-Device", "-")
    return device if device == "-" or TOKEN.fullmatch(device) else "-"


async def _body(request: web.Request, longest: int, code: str) -> bytes:
    """A request's body. Errors: `Refused(code)` when it is longer, before it is read whole; `bad_request` when it is slow."""
    if (request.content_length or 0) > longest:
        raise Refused(code)
    raw = bytearray()
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            async for piece in request.content.iter_any():
                raw += piece
                if len(raw) > longest:
                    raise Refused(code)
    except TimeoutError:
        raise Refused("bad_request") from None
    return bytes(raw)
