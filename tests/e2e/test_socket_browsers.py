"""The page's own way for a voice with stock Chromium and Firefox at its other end: WebCodecs, the door's WebSocket, RTP packets.

No server: a door and a switchboard of its own. The page says a tone that it makes itself; every packet comes back into its ear.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hustings.door.app import Limits, build
from hustings.door.files import Files
from hustings.door.sockets import Sockets
from hustings.door.studio import StudioSocket
from hustings.wire.limits import Buckets
from hustings.wire.ticket import Signer, Ticket, Verifier
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.waiting import until
from tests.studio.calling_by_tcp import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

CLIENT = Path(__file__).parents[2] / "client"
ENTER = """async (stage) => {
  const {SocketRoad} = await import("/assets/x/stage/socket-road.js");
  if (!(await SocketRoad.can())) return "cannot";
  const sound = new AudioContext(), tone = sound.createOscillator(), out = sound.createMediaStreamDestination();
  tone.connect(out); tone.start();
  window.road = new SocketRoad();
  road.addEventListener("closed", () => window.isOver = true);
  const session = await road.open(stage, out.stream.getAudioTracks()[0], new AbortController().signal);
  window.analyser = sound.createAnalyser();
  sound.createMediaStreamSource(road.stream).connect(analyser);
  return session;
}"""
EAR = """() => {
  const block = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(block);
  return {packets: road.packets, peak: Math.max(...block.map(Math.abs)), over: Boolean(window.isOver)};
}"""


JOIN = """async (ticket) => {
  const {StageProtocol} = await import("/assets/x/room/protocol.js");
  const {StageSession} = await import("/assets/x/stage/session.js");
  const sound = new AudioContext(), tone = sound.createOscillator(), out = sound.createMediaStreamDestination();
  tone.connect(out); tone.start();
  window.protocol = new StageProtocol({base: "", key: "demo", ticket, device: "d".repeat(22)});
  window.session = new StageSession(protocol);
  window.states = [];
  session.addEventListener("state", () => states.push(`${session.state} by ${session.road}`));
  session.join(out.stream.getAudioTracks()[0]);
}"""
STATES = "() => window.states"


class Browser(Protocol):
    """What both have."""

    def evaluate(self, script: str, argument: Any = None) -> Any: ...


class Door:
    """A door with the page's scripts, and the stage behind it, in a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "published").mkdir()
        shutil.copytree(CLIENT, folder / "published" / "assets" / "x")
        (folder / "published" / "stage.html").write_text("<!doctype html><title>Stage</title>")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="door")
        self.thread.start()
        key = Ed25519PrivateKey.generate()
        self.ticket = Signer("web", key).sign(Ticket("t" * 22, "demo", "speaker", "Ann", 5))
        self.run(self._open(Verifier({"web": key.public_key()})))

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)

    async def _open(self, verifier: Verifier) -> None:
        self.stage = await Stage(self.folder).open()
        self.stage.sessions._on_packet = self._echo
        studio = web.Application()
        studio.router.add_post("/rooms/demo/socket", self._socket)
        studio.router.add_post("/rooms/demo/session", self._session)
        self.inner = web.AppRunner(studio)
        await self.inner.setup()
        await web.UnixSite(self.inner, str(self.folder / "studio.sock")).start()
        self.client = StudioSocket(self.folder / "studio.sock")
        app = build(
            lambda: verifier,
            self.client,
            Files(self.folder / "published"),
            Limits(Buckets(60), Buckets(60), Buckets(60)),
            "",
            Sockets(self.stage.relay, ()),
        )
        self.outer = web.AppRunner(app, access_log=None)
        await self.outer.setup()
        site = web.TCPSite(self.outer, "localhost", 0)
        await site.start()
        self.address = f"localhost:{self.outer.addresses[0][1]}"

    async def _socket(self, request: web.Request) -> web.Response:
        session, _ = await self.stage.sessions.open_socket("ann")
        return web.json_response({"session": session}, status=201)

    async def _session(self, request: web.Request) -> web.Response:
        """A call whose every candidate leads nowhere (RFC 5737)."""
        self.stage.board._announced = ["192.0.2.1"]
        offer = await request.read()
        session, answer = await self.stage.sessions.open("ann", offer, "session")
        return web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={"Location": f"/session/demo/{session}"},
        )

    def _echo(self, person: str, packet: Any) -> None:
        self.stage.packets.append((person, packet))
        self.stage.sessions.send(person, packet.payload)

    async def _end(self) -> None:
        await self.outer.cleanup()
        await self.client.close()
        await self.stage.shut()
        await self.inner.cleanup()

    def end(self) -> None:
        self.run(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_voice_goes_out_and_comes_back(
    door: Door, request: pytest.FixtureRequest, kind: str
) -> None:
    browser: Any
    if kind == "firefox":
        browser = request.getfixturevalue("firefox")
        browser.goto(f"http://{door.address}/demo")
    else:
        browser = request.getfixturevalue("people").person("socket", autoplay=True).page
        browser.goto(f"http://{door.address}/demo")
    stage = {
        "url": f"ws://{door.address}/session/demo/socket",
        "ticket": door.ticket,
        "device": "d" * 22,
    }
    session = browser.evaluate(ENTER, stage)
    assert len(session) == 22, session
    packets = door.stage.packets
    until(lambda: len(packets) >= 100, 60, "a hundred packets")
    until(lambda: browser.evaluate(EAR)["peak"] > 0.2, 30, "the tone in the ear")
    said = [packet for _, packet in list(packets)]
    steps = {
        (b.sequence - a.sequence, b.timestamp - a.timestamp) for a, b in itertools.pairwise(said)
    }
    assert steps == {(1, 960)}
    assert 3 in {packet.level for packet in said}, "a sine of full scale"
    door.run(door.stage.sessions.close_person("ann"))
    until(lambda: browser.evaluate(EAR)["over"], 10, "the end, told to the page")


def test_a_page_whose_call_leads_nowhere_takes_its_own_way(
    door: Door,
    people: People,  # noqa: F405
) -> None:
    """Four seconds for the call, then the WebSocket; and again by itself when studio ends the session."""
    page = people.person("nowhere", autoplay=True).page
    page.goto(f"http://{door.address}/demo")
    page.evaluate(JOIN, door.ticket)
    stood = "here by socket"
    until(lambda: page.evaluate(STATES)[-1:] == [stood], 60, "the session by socket")
    packets = door.stage.packets
    until(lambda: len(packets) >= 50, 30, "fifty packets")
    door.run(door.stage.sessions.close_person("ann"))
    packets.clear()
    until(lambda: page.evaluate(STATES).count(stood) >= 2, 60, "the session again")
    until(lambda: len(packets) >= 50, 30, "fifty packets again")
    assert page.evaluate(STATES)[0] == "joining by call"
