"""The calls on studio's Unix socket (`docs/protocol.md`, "Studio's socket"). Only door, web, edge and demo reach it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from hustings.rooms.roles import Actor, Refusal
from hustings.rtc.sdp import OFFER_MAX, Mode
from hustings.studio import metrics
from hustings.studio.ground import LATENESS_KEPT
from hustings.studio.house import DIRECTORY, Guest, House, plan_of
from hustings.wire.edge_report import read_report
from hustings.wire.errors import Refused
from hustings.wire.ticket import read_claims

LOG = logging.getLogger("hustings.studio")
BODY_MAX = OFFER_MAX
CUT_MAX, TICKET_CHARS = 50, 22
KEY = re.compile(r"[a-z0-9-]{3,64}|[A-Za-z0-9_-]{22}")
EDGE = re.compile(r"[A-Za-z0-9-]{1,40}")
MODES: dict[str, Mode] = {"session": "session", "whip": "whip", "whep": "whep"}
STATUS_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(house: House) -> web.Application:
    """The application over `house`, which must have been started."""
    app = web.Application(middlewares=[_answers], client_max_size=BODY_MAX + 1)
    calls = Calls(house)
    app.add_routes(
        [
            web.get("/healthz", calls.health),
            web.get("/metrics", calls.metrics),
            web.get("/rooms", calls.rooms),
            web.get("/rooms/{key}", calls.room),
            web.put("/rooms/{key}", calls.hand_over),
            web.delete("/rooms/{key}", calls.withdraw),
            web.post("/rooms/{key}/{mode:session|whip|whep}", calls.session),
            web.post("/rooms/{key}/socket", calls.socket),
            web.delete("/rooms/{key}/session/{session}", calls.leave),
            web.patch("/rooms/{key}/session/{session}", calls.restart),
            web.get("/rooms/{key}/events", calls.events),
            web.post("/rooms/{key}/commands/{command}", calls.command),
            web.post("/rooms/{key}/knock", calls.knock),
            web.post("/rooms/{key}/cut", calls.cut),
            web.get("/rooms/{key}/recording/{token}/{file:.+}", calls.recording),
            web.get("/feed/{key}", calls.feed),
            web.post("/edges/{edge}", calls.edge_report),
        ]
    )
    return app


@web.middleware
async def _answers(request: web.Request, handler: Next) -> web.StreamResponse:
    """Every "no" as JSON with its code (`handler` is aiohttp's keyword)."""
    try:
        return await handler(request)
    except Refusal as refusal:
        refused = Refused(refusal.code, **refusal.detail)
    except Refused as error:
        refused = error
    except web.HTTPException as error:
        refused = Refused(STATUS_CODES.get(error.status, "bad_request"))
    except Exception:
        LOG.exception("studio could not answer %s", request.method)
        refused = Refused("unexpected")
    return web.Response(status=refused.status, body=refused.body(), content_type="application/json")


class Calls:
    """What each call does."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def health(self, request: web.Request) -> web.Response:
        rooms = sum(live.room.alive for live in self._house)
        ticks = request.query.get("ticks", "")
        last = min(int(ticks), LATENESS_KEPT) if ticks.isdecimal() else LATENESS_KEPT
        late = self._house.ground.lateness.p99_ms(last)
        return web.json_response({"ok": True, "rooms": rooms, "tick_late_ms_p99": late})

    async def metrics(self, request: web.Request) -> web.Response:
        rooms = [
            metrics.Room(live.key, live.voices, live.echoing)
            for live in self._house
            if live.room.alive
        ]
        text = metrics.page(rooms, self._house.ground.lateness.p99_ms() / 1000)
        return web.Response(text=text, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def rooms(self, request: web.Request) -> web.Response:
        facts = [self._house.facts(live.key) for live in list(self._house)]
        return web.json_response({"rooms": facts})

    async def room(self, request: web.Request) -> web.Response:
        key = _key(request)
        await self._house.ready(key)
        return web.json_response(self._house.facts(key))

    async def hand_over(self, request: web.Request) -> web.Response:
        key = _key(request)
        new = await self._house.plan(plan_of(key, await _tree(request)))
        return web.json_response(self._house.facts(key), status=201 if new else 200)

    async def withdraw(self, request: web.Request) -> web.Response:
        key = _key(request)
        await self._house.ready(key)
        self._house.withdraw(key)
        return web.json_response({})

    async def session(self, request: web.Request) -> web.Response:
        guest, actor = await self._who(request)
        offer = await request.read()
        session, answer = await guest.asking.session(
            actor, offer, MODES[request.match_info["mode"]]
        )
        return web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={
                "Location": f"/session/{guest.live.key}/{session}",
                "ETag": guest.asking.tag(session),
            },
        )

    async def socket(self, request: web.Request) -> web.Response:
        guest, actor = await self._who(request)
        return web.json_response({"session": await guest.asking.socket(actor)}, status=201)

    async def leave(self, request: web.Request) -> web.Response:
        guest, actor = await self._who(request)
        await guest.asking.leave(actor, request.match_info["session"])
        return web.json_response({})

    async def restart(self, request: web.Request) -> web.Response:
        guest, actor = await self._who(request)
        session, fragment = request.match_info["session"], await request.read()
        answer = guest.asking.restart(actor, session, fragment, request.headers.get("If-Match", ""))
        if not answer:
            return web.Response(status=204)
        return web.Response(
            text=answer,
            content_type="application/trickle-ice-sdpfrag",
            headers={"ETag": guest.asking.tag(session)},
        )

    async def events(self, request: web.Request) -> web.Response:
        guest, actor = await self._who(request)
        return web.json_response(
            await guest.asking.events(actor, request.query.get("after", "")), dumps=_dumps
        )

    async def command(self, request: web.Request) -> web.Response:
        guest, actor = await self._who(request)
        body = await _tree(request)
        once = request.headers.get("Idempotency-Key", "")[:64]
        status, answer = guest.asking.command(actor, request.match_info["command"], body, once)
        return web.Response(status=status, body=answer, content_type="application/json")

    async def cut(self, request: web.Request) -> web.Response:
        """From web, which knows whose tickets they are."""
        guest, tree = await self._guest(_key(request)), await _tree(request)
        tickets, ends = tree.get("tickets"), tree.get("ends")
        if not isinstance(tickets, list) or len(tickets) > CUT_MAX or type(ends) is not bool:
            raise Refused("bad_request")
        if not all(isinstance(one, str) and len(one) == TICKET_CHARS for one in tickets):
            raise Refused("bad_request", field="tickets")
        guest.asking.cut(tickets, ends)
        return web.json_response({})

    async def knock(self, request: web.Request) -> web.Response:
        guest = await self._guest(_key(request))
        return web.json_response(guest.asking.knock(await _tree(request)), status=201)

    async def recording(self, request: web.Request) -> web.StreamResponse:
        guest = await self._guest(_key(request))
        token, file = request.match_info["token"], request.match_info["file"]
        for feature in guest.live.features:
            # A download may have to be put together from pieces: a thread's work.
            path = await asyncio.to_thread(feature.download, token, file)
            if path is not None:
                name = file.replace("/", "-")
                disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
                return web.FileResponse(path, headers=disposition)
        raise Refused("not_found")

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """Frames without end. A follower that stops reading is cut by its queue, or by the socket's own patience."""
        key = request.match_info["key"]
        if key != DIRECTORY:
            await self._house.ready(_key(request))
        feed = self._house.feed(key)
        after = request.query.get("from", "")
        response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        words_only = request.query.get("only") == "journal"
        frames = feed.follow(int(after) if after.isdigit() else None, words_only)
        try:
            await response.prepare(request)
            async for chunk in frames:
                await response.write(chunk)
        except ConnectionError:
            pass  # the follower went; it will be back
        finally:
            await frames.aclose()
        return response

    async def edge_report(self, request: web.Request) -> web.Response:
        """How many beacons an edge worker counted, and how full it is."""
        edge = request.match_info["edge"]
        if not EDGE.fullmatch(edge):
            raise Refused("bad_request")
        try:
            report = read_report(await _tree(request))
        except ValueError:
            raise Refused("bad_request") from None
        self._house.note_edge(edge, report)
        return web.json_response({})

    async def _guest(self, key: str) -> Guest:
        """The room. Errors: `Refusal("room_unknown")`."""
        await self._house.ready(key)
        return self._house.find(key)

    async def _who(self, request: web.Request) -> tuple[Guest, Actor]:
        """The room, and the actor behind door's claims. Errors: `Refusal`, `Refused`."""
        key = _key(request)
        claims = request.headers.get("Hustings-Claims")
        if not claims:
            raise Refused("ticket_missing")
        ticket = read_claims(claims)
        if ticket.room != key:
            raise Refused("ticket_wrong_room")
        actor = Actor(
            person=ticket.person,
            role=ticket.role,
            name=ticket.name,
            ticket=ticket.ticket,
            device=request.headers.get("Hustings-Device", "-")[:64],
        )
        return await self._guest(key), actor


def _key(request: web.Request) -> str:
    key = request.match_info["key"]
    if not KEY.fullmatch(key):
        raise Refused("room_unknown")
    return key


async def _tree(request: web.Request) -> dict[str, Any]:
    """The JSON object in a request's body; empty for an empty one. Errors: `Refused("bad_request")`."""
    raw = await request.read()
    try:
        tree = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise Refused("bad_request") from None
    if not isinstance(tree, dict):
        raise Refused("bad_request")
    return tree


def _dumps(tree: Any) -> str:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
