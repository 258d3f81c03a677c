"""Hands in real Chromium: the queue on the stage page; on the listener page the road from a raised hand to the stage and back.

The stage host is `tests/client/stage_host.py` with the real queue (`features/hands/studio.py`) behind its commands.
The listener's page is served from another origin than the stage, as it is in life.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from hustings.copy import catalogue, read
from hustings.features.hands.studio import Hands
from hustings.pages import event
from hustings.rooms.feature import Stage
from hustings.rooms.journal import Draft, Event
from hustings.rooms.roles import Actor, Refusal
from hustings.wire.errors import CODES
from hustings.wire.ticket import Ticket, read_claims
from tests.client.browsing import *  # noqa: F403
from tests.client.stage_host import KEY, StageHost, now_ms, person

COPY = read(Path(__file__).parents[1] / "copy" / "en.json")

HARNESS = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A talk</title>
<link rel="stylesheet" href="/assets/test/style/tokens.css"><link rel="stylesheet" href="/assets/test/listener/event.css">
<main><section id="hands"></section></main><script type="module" src="/harness.js"></script>"""

# The page around the panel: a player and a pulse by the contract; what happens is written down in its order.
HARNESS_JS = """
import { mount } from "/assets/test/features/hands/panel.js";
window.log = [];
const note = (what) => window.log.push(what);
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  note("microphone asked");
  if (window.refuseMicrophone) throw new DOMException("no", "NotAllowedError");
  const stream = await ask(wish);
  const track = (window.track = stream.getAudioTracks()[0]);
  const stop = track.stop.bind(track);
  track.stop = () => (note("microphone closed"), stop());
  return stream;
};
const send = window.fetch;
window.fetch = (url, init) => {
  if (String(url).includes("/session/")) note(init?.method === "DELETE" ? "session left" : "session asked");
  return send(url, init);
};
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  close() { if (this.connectionState === "connected") note("session closed"); super.close(); }
};
const player = {
  fadeOut: async () => { note("fade begins"); await new Promise((done) => setTimeout(done, 60)); note("faded"); },
  stop: () => note("stopped"), resume: async () => note("resumed"),
};
const pulse = Object.assign(new EventTarget(), { now: { state: "on_air", hands: 3 } });
window.pulsed = (now) => { pulse.now = now; pulse.dispatchEvent(new Event("pulse")); };
window.leave = mount(document.getElementById("hands"), { player, pulse, stageUrl: STAGE, key: KEY, copy: {} });
"""


def token(ticket: Ticket) -> str:
    """The shape of a ticket; nobody here checks its signature."""
    text = base64.urlsafe_b64encode(ticket.claims().encode()).decode().rstrip("=")
    return f"v1.test.{text}.signature"


class Loan:
    """What a room lends to the feature: ids that count, tickets that nobody signs."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def fresh(self) -> str:
        return f"{next(self.numbers):08d}".ljust(22, "x")

    def sign(self, role: str, name: str, ticket_id: str) -> str:
        return token(Ticket(ticket_id, KEY, role, name, 1))


class HandsHost(StageHost):
    """The stage host with knocks, one view for each ticket, and the feature's own queue."""

    def __init__(self) -> None:
        super().__init__()
        self.loan = Loan()
        self.hands = Hands(cast(Stage, self.loan))
        self.revoked: set[str] = set()
        self.knocks: list[dict[str, Any]] = []
        self.lines = itertools.count(1)
        self.seated = Actor("AAAAAAAA", "host", "Ada Quine", "A" * 22, "-")
        self.view["room"] |= {"state": "on_air", "on_air_since_ms": now_ms() - 60_000}

    async def __aenter__(self) -> HandsHost:
        app = web.Application()
        app.on_response_prepare.append(self.any_origin)
        app.add_routes([
            web.get("/assets/{build}/{path:.*}", self.asset),
            web.get("/harness.js", self.harness_js),
            web.get("/listen/{page}", self.listen_page),
            web.get("/live/{key}/pulse.json", self.pulse),
            web.post("/knock/{key}", self.knock),
            web.post("/session/{key}", self.session),
            web.delete("/session/{key}/{id}", self.leave),
            web.get("/events/{key}", self.events),
            web.post("/command/{key}/{name}", self.command),
            web.get("/{key}", self.page),
            web.route("OPTIONS", "/{path:.*}", self.preflight),
        ])  # fmt: skip
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        await self.listen(0)
        self.elsewhere = f"http://127.0.0.1:{self.port}"
        return self

    async def any_origin(self, _: web.Request, reply: web.StreamResponse) -> None:
        allowed = "Authorization, Content-Type, Hustings-Device, Idempotency-Key"
        reply.headers["Access-Control-Allow-Origin"] = "*"
        reply.headers["Access-Control-Allow-Headers"] = allowed
        reply.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, DELETE"
        reply.headers["Access-Control-Expose-Headers"] = "Location"

    async def preflight(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def harness_js(self, _: web.Request) -> web.Response:
        script = HARNESS_JS.replace("STAGE", json.dumps(self.url)).replace("KEY", json.dumps(KEY))
        return web.Response(text=script, content_type="text/javascript")

    async def listen_page(self, request: web.Request) -> web.Response:
        if request.match_info["page"] == "harness":
            return web.Response(text=HARNESS, content_type="text/html")
        room = self.view["room"]
        facts = event.EventFacts(KEY, room["title"], room["state"], room["starts_at_ms"],
            on_air_since_ms=room["on_air_since_ms"], stage=(("Ada Quine", "host"), ("Ben Orr", "speaker")))  # fmt: skip
        page = event.render(
            facts, catalogue("en", "event"), "/assets/test", self.elsewhere, self.url
        )
        return web.Response(body=page, content_type="text/html")

    async def pulse(self, _: web.Request) -> web.Response:
        room = self.view["room"]
        return web.json_response({
            "v": 1, "key": KEY, "title": room["title"], "state": room["state"], "now_ms": now_ms(), "next_s": 1,
            "starts_at_ms": room["starts_at_ms"], "air_at_ms": None, "on_air_since_ms": room["on_air_since_ms"],
            "ended_at_ms": None, "late_reason": "", "listeners": 214, "talked": [], "replay": False, "brownout": None,
            "stage": [{"id": "a", "name": "Ada Quine", "role": "host", "muted": False}],
            **self.hands.pulse(), "stage_url": self.url, "live_url": self.elsewhere, "term": 1,
        })  # fmt: skip

    def actor(self, request: web.Request) -> Actor:
        text = request.headers["Authorization"].split(".")[2]
        claims = read_claims(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Actor(claims.person, claims.role, claims.name, claims.ticket, "-")

    def refusing(self, code: str) -> web.Response:
        return web.json_response({"code": code, "message": CODES[code][1]}, status=CODES[code][0])

    async def knock(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.knocks.append(asked)
        made = Ticket(self.loan.fresh(), KEY, "listener", asked["name"], 1)
        return web.json_response({"ticket": token(made), "person": made.person}, status=201)

    async def session(self, request: web.Request) -> web.Response:
        actor = self.actor(request)
        if actor.ticket in self.revoked:
            return self.refusing("ticket_revoked")
        if actor.role == "listener":
            return self.refusing("role_too_low")
        self.seated = actor
        return await super().session(request)

    async def arrive(self) -> None:
        if not any(one["person"] == self.seated.person for one in self.view["people"]):
            self.view["people"].append(
                person(self.seated.person, self.seated.name, self.seated.role)
            )
        await self.tell()

    async def leave(self, request: web.Request) -> web.Response:
        if self.actor(request).ticket in self.revoked:
            return self.refusing("ticket_revoked")
        self.gone(self.actor(request).person)
        return await super().leave(request)

    def gone(self, who: str) -> None:
        self.view["people"] = [one for one in self.view["people"] if one["person"] != who]

    async def events(self, request: web.Request) -> web.Response:
        actor, after = self.actor(request), request.query.get("after")
        if after == str(self.version) and actor.ticket not in self.revoked:
            async with self.changed:
                await self.changed.wait_for(lambda: after != str(self.version))
        if actor.ticket in self.revoked:
            return self.refusing("ticket_revoked")
        here = any(one["person"] == actor.person for one in self.view["people"])
        you = {
            "person": actor.person, "name": actor.name, "role": actor.role, "muted": False,
            "on_stage": here, "admitted": True,
        }  # fmt: skip
        view = self.view | {"you": you, "features": {"hands": dict(self.hands.view(actor))}}
        told = [{"type": "view", "view": view}]
        return web.json_response({"cursor": str(self.version), "now_ms": now_ms(), "events": told})

    async def command(self, request: web.Request) -> web.Response:
        actor, name = self.actor(request), request.match_info["name"]
        if actor.ticket in self.revoked:
            return self.refusing("ticket_revoked")
        body = await request.json()
        self.commands.append((name, body, actor.person))
        if name == "remove":
            await self.write(self.drafts_of_removal(body["person"]))
        elif name.startswith("hands."):
            try:
                await self.write(self.hands.decide(name[6:], actor, body).drafts)
            except Refusal as refusal:
                return self.refusing(refusal.code)
        return web.json_response({})

    def drafts_of_removal(self, who: str) -> list[Draft]:
        ticket = next((c.ticket for c in self.hands._queue.called.values() if c.person == who), "")
        return [Draft("removed", {"person": who, "ticket": ticket, "by": "AAAAAAAA"})]

    async def write(self, drafts: Any) -> None:
        for draft in drafts:
            self.hands.apply(Event(next(self.lines), 1, 0, now_ms(), draft.type, draft.body))
            if draft.type == "removed":
                self.revoked.add(draft.body["ticket"])
                self.gone(draft.body["person"])
                await self.hang_up()
        await self.tell()

    async def raised(self, name: str, note: str = "", minutes: int = 0) -> str:
        """Somebody else's hand. His person."""
        who = self.loan.fresh()[:8]
        raised = {"person": who, "name": name, "role": "listener", "note": note}
        at_ms = now_ms() - minutes * 60_000
        self.hands.apply(Event(next(self.lines), 1, 0, at_ms, "hands.raised", raised))
        await self.tell()
        return who

    async def ended(self) -> None:
        self.view["room"] |= {"state": "ended", "ended_at_ms": now_ms()}
        self.hands.apply(Event(next(self.lines), 1, 0, now_ms(), "ended", {}))
        await self.tell()

    def sent(self, name: str) -> list[dict[str, Any]]:
        return [body for sent, body, _ in self.commands if sent == name]


@pytest.fixture
async def host() -> AsyncIterator[HandsHost]:
    async with HandsHost() as running:
        yield running


async def listener(browser: Browser, host: HandsHost, page: str = "harness") -> Page:
    """A listener in front of the page."""
    opened = await browser.new_page(reduced_motion="reduce", locale="en-GB")
    opened.on("pageerror", lambda error: print("page:", error))
    opened.set_default_timeout(12_000)
    await opened.goto(f"{host.elsewhere}/listen/{page}")
    await expect(opened.locator("[data-act=raise]")).to_be_visible()
    return opened


async def raise_hand(page: Page, name: str = "Mara Lind", note: str = "The ferry") -> None:
    await page.click("[data-act=raise]")
    await page.fill("#hand-name", name)
    await page.fill("#hand-note", note)
    await page.check("#hand-consent")
    await page.click("[data-act=send]")
    await expect(page.locator("[data-act=lower]")).to_be_visible()


async def call_up(host: HandsHost, page: Page) -> None:
    """The host calls whoever stands first, and he sees it."""
    first = next(iter(host.hands._queue.hands))
    host_actor = Actor("AAAAAAAA", "host", "Ada Quine", "A" * 22, "-")
    await host.write(host.hands.decide("call", host_actor, {"person": first}).drafts)
    await expect(page.locator("[data-act=join]")).to_be_visible()


async def on_stage(page: Page) -> None:
    await page.click("[data-act=join]")
    await expect(page.locator(".hand-words")).to_have_text(COPY["hands.stage.on_air"])


async def log(page: Page) -> list[str]:
    return cast("list[str]", await page.evaluate("window.log"))


class TestListener:
    async def test_to_the_stage_and_back_never_both(
        self, host: HandsHost, browser: Browser
    ) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await expect(page.locator(".hand-place")).to_have_text(COPY["hands.up.place.one"])
        assert host.knocks == [{"name": "Mara Lind", "note": "The ferry"}]
        assert host.sent("hands.raise") == [{"note": "The ferry"}]
        await call_up(host, page)
        assert await log(page) == []  # being called opens nothing
        await on_stage(page)
        assert await log(page) == [
            "fade begins", "faded", "stopped", "microphone asked", "session asked",
        ]  # fmt: skip
        await page.click("[data-act=step-down]")
        await expect(page.locator("[data-act=raise]")).to_be_visible()
        back = (await log(page))[5:]
        assert [one for one in back if one != "session left"] == [
            "session closed", "microphone closed", "resumed",
        ]  # fmt: skip
        await expect(page.locator(".hand-told")).to_have_text(COPY["hands.said.stepped_down"])
        assert await page.evaluate("window.track.readyState") == "ended"
        async with asyncio.timeout(10), host.changed:
            await host.changed.wait_for(lambda: bool(host.revoked))
        assert host.sent("hands.step_down") == [{}]
        assert host.view["people"] == []

    async def test_a_hand_goes_up_only_with_name_and_consent(
        self, host: HandsHost, browser: Browser
    ) -> None:
        page = await listener(browser, host)
        await page.click("[data-act=raise]")
        await page.click("[data-act=send]")
        await expect(page.locator("#hand-wrong")).to_have_text(COPY["hands.form.name.missing"])
        await page.fill("#hand-name", "Mara")
        await page.click("[data-act=send]")
        await expect(page.locator("#hand-wrong")).to_have_text(COPY["hands.form.consent.missing"])
        assert host.knocks == []

    async def test_place_in_the_line_and_lowering(self, host: HandsHost, browser: Browser) -> None:
        ahead = await host.raised("Ravi")
        page = await listener(browser, host)
        await raise_hand(page)
        await expect(page.locator(".hand-place")).to_have_text("You are number 2 in the line.")
        await host.write([Draft("hands.lowered", {"person": ahead, "by": "AAAAAAAA"})])
        await expect(page.locator(".hand-place")).to_have_text(COPY["hands.up.place.one"])
        await page.click("[data-act=lower]")
        await expect(page.locator(".hand-told")).to_have_text(COPY["hands.said.own_lowered"])
        async with asyncio.timeout(10), host.changed:
            await host.changed.wait_for(lambda: not host.hands._queue.hands)
        await raise_hand(page)
        assert len(host.knocks) == 1  # the same ticket again

    async def test_a_dismissed_hand_says_so(self, host: HandsHost, browser: Browser) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        who = next(iter(host.hands._queue.hands))
        await host.write([Draft("hands.lowered", {"person": who, "by": "AAAAAAAA"})])
        await expect(page.locator(".hand-told")).to_have_text(COPY["hands.said.lowered"])

    async def test_a_call_may_be_refused(self, host: HandsHost, browser: Browser) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await call_up(host, page)
        assert "You are called up" in await page.title()
        await page.click("[data-act=not-now]")
        await expect(page.locator(".hand-told")).to_have_text(COPY["hands.said.not_now"])
        async with asyncio.timeout(10), host.changed:
            await host.changed.wait_for(lambda: bool(host.revoked))
        assert await page.title() == "A talk"
        assert await log(page) == []

    async def test_removed_by_the_host(self, host: HandsHost, browser: Browser) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await call_up(host, page)
        await on_stage(page)
        await host.write(host.drafts_of_removal(host.seated.person))
        await expect(page.locator(".hand-told")).to_have_text(COPY["hands.said.removed"])
        assert (await log(page))[-2:] == ["microphone closed", "resumed"]
        assert host.sent("hands.step_down") == []

    async def test_the_end_of_the_room_closes_the_microphone(
        self, host: HandsHost, browser: Browser
    ) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await call_up(host, page)
        await on_stage(page)
        await host.ended()
        await expect(page.locator(".hand-told")).to_have_text(COPY["hands.said.over"])
        assert (await log(page))[-2:] == ["microphone closed", "resumed"]
        await page.evaluate("window.pulsed({state: 'ended', hands: 0})")
        await expect(page.locator("[data-act=raise]")).to_have_count(0)

    async def test_without_permission_one_goes_on_listening(
        self, host: HandsHost, browser: Browser
    ) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await call_up(host, page)
        await page.evaluate("window.refuseMicrophone = true")
        await page.click("[data-act=join]")
        await expect(page.locator(".hand-words")).to_have_text(COPY["hands.microphone.denied"])
        await page.evaluate("window.refuseMicrophone = false")
        await page.click("[data-act=again]")
        await expect(page.locator(".hand-words")).to_have_text(COPY["hands.stage.on_air"])
        await page.click("[data-act=step-down]")
        await expect(page.locator("[data-act=raise]")).to_be_visible()
        assert (await log(page))[-1] in ("resumed", "session left")

    async def test_a_lost_network_heals_and_keeps_the_microphone(
        self, host: HandsHost, browser: Browser
    ) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await call_up(host, page)
        await on_stage(page)
        host.session_refusal = (503, "studio_away")
        await host.hang_up()
        await expect(page.locator(".hand-words")).to_have_text(
            COPY["hands.session.lost"], timeout=15_000
        )
        host.session_refusal = None
        await expect(page.locator(".hand-words")).to_have_text(
            COPY["hands.stage.on_air"], timeout=15_000
        )
        assert (await log(page)).count("microphone asked") == 1
        assert "resumed" not in await log(page)

    async def test_mute_is_at_once_and_space_is_the_microphones(
        self, host: HandsHost, browser: Browser
    ) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await call_up(host, page)
        await on_stage(page)
        await page.click("[data-act=mute]")
        assert await page.evaluate("window.track.enabled") is False
        await expect(page.locator(".hand-words")).to_have_text(COPY["hands.stage.muted"])
        await page.locator("h2").first.focus()
        await page.keyboard.press("Space")
        await expect(page.locator("[data-act=mute]")).to_have_attribute("aria-pressed", "false")
        assert await page.evaluate("window.track.enabled") is True
        muted = [body["muted"] for body in host.sent("mute")]
        assert muted == [True, False]

    async def test_a_reload_finds_the_hand_again(self, host: HandsHost, browser: Browser) -> None:
        page = await listener(browser, host)
        await raise_hand(page)
        await page.reload()
        await expect(page.locator("[data-act=lower]")).to_be_visible()
        assert len(host.knocks) == 1

    async def test_on_the_real_page_the_stream_rests(
        self, host: HandsHost, browser: Browser
    ) -> None:
        page = await listener(browser, host, "page")
        await raise_hand(page)
        await call_up(host, page)
        await on_stage(page)
        await expect(page.locator("#player")).to_be_hidden()
        await page.locator("h2").first.focus()
        await page.keyboard.press("Space")
        await expect(page.locator("[data-act=mute]")).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("#play-word")).to_have_text("Listen")  # the stream did not start
        await page.click("[data-act=step-down]")
        await expect(page.locator("#player")).to_be_visible()
        await expect(page.locator("#play-word")).to_have_text("Stop")  # it goes on


async def stage_page(browser: Browser, host: HandsHost, role: str, name: str) -> Page:
    page = await browser.new_page(reduced_motion="reduce", locale="en-GB")
    made = Ticket("AAAAAAAA".ljust(22, "A"), KEY, role, name, 1)
    await page.goto(f"{host.url}/{KEY}#t={token(made)}")
    await page.check("#consent")
    await page.click("text=Choose a microphone")
    await page.click("text=Join back stage")
    return page


class TestStagePage:
    async def test_the_host_sees_the_order_calls_and_dismisses(
        self, host: HandsHost, browser: Browser
    ) -> None:
        ravi = await host.raised("Ravi Anand", "How do the night buses fit in?", minutes=7)
        await host.raised("Lena Vogt", minutes=3)
        mara = await host.raised("Mara Lind", "The ferry")
        page = await stage_page(browser, host, "host", "Ada Quine")
        names = page.locator("hands-queue .name")
        await expect(names).to_have_text(["Ravi Anand", "Lena Vogt", "Mara Lind"])
        await expect(page.locator("hands-queue")).to_contain_text("7 minutes")
        await page.click(f"[data-act=dismiss-{mara}]")
        await expect(names).to_have_text(["Ravi Anand", "Lena Vogt"])
        await page.click(f"[data-act=call-{ravi}]")
        await expect(names).to_have_text(["Lena Vogt"])
        await expect(page.locator(".hand-raised")).to_contain_text(COPY["hands.up_here.awaited"])
        await expect(page.locator(".hand-raised .name")).to_have_text("Ravi Anand")
        assert host.sent("hands.call") == [{"person": ravi}]
        called = host.hands._queue.called[ravi].person
        host.view["people"].append(person(called, "Ravi Anand", "speaker"))
        await host.tell()
        await expect(page.locator(".hand-raised .name")).to_have_text("Ravi Anand")
        await page.click(f"[data-act=send-back-{called}]")
        await expect(page.locator(".hand-raised li")).to_have_count(0)
        assert host.sent("hands.dismiss")[-1] == {"person": called}

    async def test_a_full_stage_calls_nobody(self, host: HandsHost, browser: Browser) -> None:
        who = await host.raised("Ravi")
        host.view["room"]["speakers_max"] = 1
        page = await stage_page(browser, host, "host", "Ada Quine")
        await expect(page.locator(f"[data-act=call-{who}]")).to_be_disabled()
        await expect(page.locator("hands-queue")).to_contain_text(COPY["hands.queue.full"])

    async def test_a_speaker_raises_and_lowers(self, host: HandsHost, browser: Browser) -> None:
        page = await stage_page(browser, host, "speaker", "Ben Orr")
        hand = page.locator("[data-act=hand]")
        await expect(hand).to_have_attribute("aria-pressed", "false")
        await hand.click()
        await expect(hand).to_have_attribute("aria-pressed", "true")
        await expect(page.locator(".hand-words")).to_have_text(COPY["hands.own.place.one"])
        await hand.click()
        await expect(hand).to_have_attribute("aria-pressed", "false")
        await hand.click()
        await expect(hand).to_have_attribute("aria-pressed", "true")
        host_actor = Actor("BBBBBBBB", "host", "Ada", "B" * 22, "-")
        await host.write(host.hands.decide("call", host_actor, {"person": "AAAAAAAA"}).drafts)
        await expect(page.locator(".hand-words")).to_have_text(COPY["hands.own.seen"])

    async def test_one_who_was_called_up_steps_down(
        self, host: HandsHost, browser: Browser
    ) -> None:
        await host.write([
            Draft("hands.raised", {"person": "x", "name": "Mara", "role": "listener", "note": ""}),
            Draft("hands.called", {"person": "x", "by": "B", "ticket": "A" * 22}),
        ])  # fmt: skip
        page = await stage_page(browser, host, "speaker", "Mara")
        await page.click("[data-act=hand]")
        await expect(page.locator("body")).to_have_attribute("data-scene", "refused")
        assert host.sent("hands.step_down") == [{}]


def test_every_sentence_asked_for_is_there() -> None:
    folder = Path(__file__).parents[1]

    asked: set[str] = set()
    for script in folder.glob("*.js"):
        asked |= set(re.findall(r'"(hands\.[a-z_.]+[a-z])"', script.read_text()))
    commands = {"hands.raise", "hands.lower", "hands.call", "hands.dismiss", "hands.step_down"}
    missing = {one for one in asked - commands if one not in COPY and f"{one}.other" not in COPY}
    assert len(asked) > 30
    assert missing == set()
