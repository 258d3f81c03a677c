"""The director against a small house: real HTTP, real WHIP sessions into studio's own `Sessions`, a room of one dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hustings import keyring, settings
from hustings.demo.calls import Calls
from hustings.demo.director import Director
from hustings.demo.sound import SILENCE, Conversation
from hustings.rtc.rtp import RtpPacket
from hustings.studio.sessions import Sessions
from hustings.studio.switchboard import Switchboard
from hustings.wire.ticket import Signer, Ticket, Verifier

VOICES = {"Ana": [b"\xf8" + bytes([n]) for n in range(50)], "Ben": [SILENCE] * 50}


class House:
    """Door, studio and web in one: what the demo asks of them, and nothing more."""

    def __init__(self, verifier: Verifier) -> None:
        self.room: dict[str, Any] = {}
        self.asked: list[str] = []
        self.heard: dict[str, list[bytes]] = {}
        self.links: dict[str, str] = {}
        self.web_has_it = False
        self._verifier = verifier
        self.board = Switchboard()
        self.board.open(0)
        self.sessions = Sessions(self.board, "demo", self._packet, self._link)
        self.app = web.Application()
        self.app.add_routes(
            [
                web.get("/rooms/demo", self._facts),
                web.put("/rooms/demo", self._put),
                web.post("/api/hustings/v1/rooms", self._plan),
                web.get("/events/demo", self._events),
                web.post("/command/demo/{command}", self._command),
                web.post("/whip/demo", self._whip),
                web.delete("/session/demo/{session}", self._leave),
            ]
        )

    def _ticket(self, request: web.Request) -> Ticket:
        return self._verifier.verify(request.headers["Authorization"].split()[1], "demo")

    def _packet(self, person: str, packet: RtpPacket) -> None:
        self.heard.setdefault(person, []).append(bytes(packet.payload))

    def _link(self, person: str, up: bool) -> None:
        self.links[person] = "here" if up else "reconnecting"

    async def _facts(self, request: web.Request) -> web.Response:
        if not self.room:
            return web.json_response({"code": "room_unknown"}, status=404)
        return web.json_response(self.room)

    async def _plan(self, request: web.Request) -> web.Response:
        self.asked.append("plan")
        if self.web_has_it:
            return web.json_response({"code": "key_taken"}, status=409)
        wanted = await request.json()
        assert request.headers["Hustings-Planner"]
        self.room = {**wanted, "state": "planned"}
        return web.json_response({}, status=201)

    async def _put(self, request: web.Request) -> web.Response:
        self.asked.append("put")
        self.room = {**await request.json(), "state": "planned"}
        return web.json_response({}, status=201)

    async def _events(self, request: web.Request) -> web.Response:
        self._ticket(request)
        people = [{"person": person, "link": link} for person, link in self.links.items()]
        view = {"room": {"state": self.room["state"], "air_at_ms": None}, "people": people}
        return web.json_response({"events": [{"type": "view", "view": view}]})

    async def _command(self, request: web.Request) -> web.Response:
        assert self._ticket(request).role == "host"
        command = request.match_info["command"]
        self.asked.append(command)
        if command == "delete_room":
            assert (await request.json())["key"] == "demo"
            self.room = {}
        else:
            self.room["state"] = {"open_doors": "open", "go_on_air": "on_air"}[command]
        return web.json_response({})

    async def _whip(self, request: web.Request) -> web.Response:
        person = self._ticket(request).person
        session, answer = await self.sessions.open(person, await request.read(), "whip")
        where = {"Location": f"/session/demo/{session}"}
        return web.Response(status=201, text=answer, headers=where, content_type="application/sdp")

    async def _leave(self, request: web.Request) -> web.Response:
        self.asked.append("leave")
        return web.json_response({})


@asynccontextmanager
async def _playing(
    house: House, tree: settings.Settings, signer: Signer
) -> AsyncIterator[list[str]]:
    runner = web.AppRunner(house.app)
    await runner.setup()
    tree.run_dir.mkdir(parents=True, exist_ok=True)
    await web.UnixSite(runner, str(tree.studio_socket)).start()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[-1][1]
    tree = replace(tree, web=replace(tree.web, port=port), stage=replace(tree.stage, port=port))
    calls, told = Calls(tree), list[str]()
    talk = Conversation(VOICES, asyncio.get_running_loop().time())
    roles = {"Ana": "host", "Ben": "speaker"}
    director = Director(calls, signer, talk, roles, told.append)
    task = asyncio.create_task(director.run())
    try:
        yield told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await director.close()
        await calls.close()
        await house.sessions.shut()
        await house.board.shut()
        await runner.cleanup()


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def tree(tmp_path: Path) -> settings.Settings:
    return replace(settings.load(), data=str(tmp_path))


@pytest.fixture
def signer(tree: settings.Settings) -> Signer:
    return Signer(*keyring.load_or_make(tree.keys_dir, "studio"))


@pytest.fixture
async def house(tree: settings.Settings, signer: Signer) -> House:
    return House(Verifier(keyring.public_keys(tree.keys_dir)))


async def test_from_nothing_to_on_the_air_with_the_packets_as_they_lie_in_the_file(
    house: House, tree: settings.Settings, signer: Signer
) -> None:
    async with _playing(house, tree, signer) as told:
        await _until(lambda: told)
        await _until(lambda: any(VOICES["Ana"][9] in heard for heard in house.heard.values()))
    assert house.asked[:3] == ["plan", "open_doors", "go_on_air"]
    assert house.asked[-2:] == ["leave", "leave"]
    ana = next(heard for heard in house.heard.values() if VOICES["Ana"][9] in heard)
    first = ana.index(VOICES["Ana"][0])
    assert set(ana[:first]) <= {SILENCE}
    assert ana[first : first + 10] == VOICES["Ana"][:10]
    assert Verifier(keyring.public_keys(tree.keys_dir)).verify(told[0], "demo").role == "host"


async def test_a_room_that_is_over_is_made_anew(
    house: House, tree: settings.Settings, signer: Signer
) -> None:
    house.room = {"plan": "p" * 22, "state": "replay"}
    async with _playing(house, tree, signer) as told:
        await _until(lambda: told)
    assert house.asked[:4] == ["delete_room", "plan", "open_doors", "go_on_air"]


async def test_voices_whose_line_fell_come_back_as_the_same_people(
    house: House, tree: settings.Settings, signer: Signer
) -> None:
    async with _playing(house, tree, signer) as told:
        await _until(lambda: told)
        people = set(house.links)
        for person in people:
            await house.sessions.close_person(person)
            house.links[person] = "reconnecting"
        await _until(lambda: set(house.links.values()) == {"here"})
        assert set(house.links) == people and len(people) == 2


async def test_a_key_that_web_will_not_give_is_asked_of_studio(
    house: House, tree: settings.Settings, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.demo.director.KEY_PATIENCE_S", 0.0)
    house.web_has_it = True
    async with _playing(house, tree, signer) as told:
        await _until(lambda: told)
    assert house.asked[:3] == ["plan", "put", "open_doors"]
    assert len(house.room["plan"]) == 22
