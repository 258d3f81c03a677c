"""Voices by TCP through a real door into a real switchboard: a call like any other, which moves to UDP and back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings.rtc.ice import Pair
from hustings.studio import relayed
from hustings.studio.keeping import Keeper
from hustings.studio.relayed import RelayPort, is_relayed
from hustings.wire.relay import END, Hello, frame
from tests.studio.calling import OPUS
from tests.studio.calling_by_tcp import Browser, Stage

CALLER = "c" * 22


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    keeper_folder = tmp_path / "kept"
    keeper_folder.mkdir()
    made = await Stage(tmp_path, Keeper(keeper_folder)).open()
    yield made
    await made.shut()


@pytest.fixture
async def ann(stage: Stage) -> AsyncIterator[Browser]:
    made = Browser(stage)
    yield made
    made.leave()


async def test_a_voice_goes_in_and_an_ear_comes_out(stage: Stage, ann: Browser) -> None:
    road = await ann.join("ann")
    ann.say(road, 5)
    await stage.until(lambda: len(stage.packets) == 5)
    assert {packet.payload for _, packet in stage.packets} == {b"voice"}
    for _ in range(5):
        stage.sessions.send("ann", OPUS)
    await stage.until(lambda: len(ann.heard) == 5)
    assert [one.payload for one in ann.heard] == [OPUS] * 5
    assert set(ann.ways) == {"tcp"}


async def test_the_answer_names_the_port_after_udp(stage: Stage, ann: Browser) -> None:
    stage.board._announced = ["192.0.2.1", "2001:db8::1"]
    answer = await ann.offer("ann")
    told = [line.split() for line in answer.split("\r\n") if line.startswith("a=candidate")]
    assert [(one[2], one[4], one[5]) for one in told] == [
        ("udp", "192.0.2.1", str(stage.udp)),
        ("udp", "2001:db8::1", str(stage.udp)),
        ("tcp", "192.0.2.1", str(stage.tcp)),
        ("tcp", "2001:db8::1", str(stage.tcp)),
    ]
    priorities = [int(one[3]) for one in told]
    assert priorities == sorted(priorities, reverse=True)
    assert [one[-2:] for one in told[2:]] == [["tcptype", "passive"]] * 2


async def test_a_client_without_ice_tcp_takes_no_harm(stage: Stage) -> None:
    """aiortc reads the TCP candidates and passes them over."""
    await stage.peer().join(stage.sessions, "ben")
    await stage.until(lambda: stage.packets)
    assert stage.door._lines == set()


async def test_many_addresses_leave_room_for_tcp(stage: Stage, ann: Browser) -> None:
    stage.board._announced = [f"192.0.2.{n}" for n in range(1, 20)]
    answer = await ann.offer("ann")
    assert (answer.count(" udp "), answer.count(" tcp ")) == (8, 8)


async def test_roaming_between_tcp_and_udp_keeps_place_and_session(
    stage: Stage, ann: Browser
) -> None:
    by_tcp = await ann.join("ann")
    ann.say(by_tcp)
    await stage.until(lambda: stage.packets)
    by_udp = await ann.road("udp")
    by_udp.send(ann.check())
    await stage.until(lambda: "udp" in ann.ways)
    ann.say(by_udp)
    by_tcp.close()
    await stage.until(lambda: len(stage.packets) == 2)
    stage.sessions.send("ann", OPUS)
    await stage.until(lambda: ann.heard)
    assert ann.ways[-1] == "udp"
    again = await ann.road("tcp")
    again.send(ann.check())
    await stage.until(lambda: ann.ways[-1] == "tcp")
    ann.say(again)
    stage.sessions.send("ann", OPUS)
    await stage.until(lambda: len(stage.packets) == 3 and len(ann.heard) == 2)
    assert ann.ways[-1] == "tcp"
    assert stage.links == [("ann", True)], "nobody noticed"


async def test_a_connection_that_ends_takes_its_proof_along(stage: Stage, ann: Browser) -> None:
    road = await ann.join("ann")
    [pair] = [one for one in stage.board._demux._pairs if is_relayed(one)]
    road.close()
    await stage.until(lambda: pair not in stage.board._demux._pairs)
    assert stage.board._relay is not None
    assert (stage.board._relay._pairs, stage.board._relay._proved) == ({}, set())
    stage.sessions.send("ann", OPUS)  # to nobody


async def test_half_open(stage: Stage, ann: Browser) -> None:
    """A caller who says that he will say no more is gone."""
    road = await ann.join("ann")
    road.transport.write_eof()
    await stage.until(lambda: not [one for one in stage.board._demux._pairs if is_relayed(one)])


async def test_the_end_of_a_session_is_the_end_of_its_connection(
    stage: Stage, ann: Browser
) -> None:
    road = await ann.join("ann")
    await stage.sessions.close_person("ann")
    async with asyncio.timeout(5):
        await road.is_over.wait()
    assert stage.door._lines == set()


async def test_studio_ends_and_the_next_one_goes_on(stage: Stage, ann: Browser) -> None:
    """Door keeps the connection and comes again; nobody has to join anew."""
    road = await ann.join("ann")
    ann.say(road, 3)
    await stage.until(lambda: len(stage.packets) == 3)
    await stage.stop()
    ann.say(road)  # into the gap: lost, as on a network
    await asyncio.sleep(0.02)
    stage.again()
    [line] = stage.door._lines
    await stage.until(lambda: line._inward is not None and line._inward.is_open)
    ann.say(road, 3)
    await stage.until(lambda: len(stage.packets) >= 3)
    stage.sessions.send("ann", OPUS)
    await stage.until(lambda: ann.heard)
    assert stage.links == [("ann", True)]
    assert not road.is_over.is_set()


class Relay:
    """The port alone, and what it says; `call` is door's end of a caller."""

    def __init__(self, folder: Path) -> None:
        self.heard: list[tuple[bytes, Pair]] = []
        self.lost: list[Pair] = []
        self.path = folder / "voices.sock"
        self.port = RelayPort(
            lambda datagram, pair, _now: self.heard.append((datagram, pair)), self.lost.append
        )
        self.port.open(self.path)
        self.made: list[socket.socket] = []

    def call(self, hello: bytes | None = None) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        made.connect(str(self.path))
        made.setblocking(False)
        made.send(hello or Hello("tcp", CALLER, "192.0.2.7", 5).to_bytes())
        self.made.append(made)
        return made

    async def until(self, condition: object) -> None:
        async with asyncio.timeout(5):
            while not condition():  # type: ignore[operator]
                await asyncio.sleep(0.002)


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[Relay]:
    made = Relay(tmp_path)
    yield made
    made.port.close()
    made.port.close()
    for one in made.made:
        one.close()


PAIR = Pair("tcp:" + CALLER, ("192.0.2.7", 5))


async def test_nothing_is_sent_before_the_proof(relay: Relay) -> None:
    door = relay.call()
    door.send(frame(b"hello"))
    await relay.until(lambda: relay.heard)
    assert relay.heard == [(b"hello", PAIR)]
    relay.port.send(PAIR, b"too early")
    with pytest.raises(BlockingIOError):
        door.recv(100)
    relay.port.prove(PAIR)
    relay.port.send(PAIR, b"answer")
    assert door.recv(100) == frame(b"answer")
    relay.port.drop(PAIR)
    assert (door.recv(100), door.recv(100)) == (END, b"")
    relay.port.drop(PAIR)
    relay.port.send(PAIR, b"to nobody")
    assert relay.lost == [], "whoever drops a pair knows it"


@pytest.mark.parametrize("first", [b"x", frame(b"a stranger's"), Hello("tcp", "c").to_bytes()])
async def test_who_does_not_say_hello_is_not_heard(relay: Relay, first: bytes) -> None:
    door = relay.call(first)
    await relay.until(lambda: relay.port._taps or True)
    async with asyncio.timeout(5):
        while True:
            try:
                assert door.recv(100) == b""
                break
            except BlockingIOError:
                await asyncio.sleep(0.002)
            except ConnectionResetError:
                break
    assert (relay.heard, relay.lost) == ([], [])


async def test_door_comes_again_before_its_end_is_seen(relay: Relay) -> None:
    relay.call().send(frame(b"one"))
    await relay.until(lambda: relay.heard)
    second = relay.call()
    second.send(END)  # not for us to hear
    second.send(frame(b"two"))
    await relay.until(lambda: len(relay.heard) == 2)
    assert relay.lost == []
    second.close()
    await relay.until(lambda: relay.lost == [PAIR])


async def test_a_budget_for_each_tick(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relayed, "TICK_S", 0.1)
    door = relay.call()
    for n in range(relayed.BUDGET + 8):
        door.send(frame(b"%d" % n))
    await relay.until(lambda: relay.heard)
    assert len(relay.heard) == relayed.BUDGET - 1, "the hello was one of them"
    await relay.until(lambda: len(relay.heard) == relayed.BUDGET + 8)


async def test_callers_at_the_limit_and_one_past_it(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relayed, "CALLERS_MAX", 3)
    calls = [relay.call(Hello("tcp", f"{n:022}", "192.0.2.7", n).to_bytes()) for n in range(4)]
    await relay.until(lambda: len(relay.port._pairs) == 3)
    with pytest.raises(ConnectionResetError):
        calls[3].recv(10)
    calls[0].close()
    await relay.until(lambda: len(relay.port._pairs) == 2)


async def test_a_door_that_takes_nothing_loses_frames_and_costs_nothing(relay: Relay) -> None:
    door = relay.call()
    relay.port.prove(PAIR)
    await relay.until(lambda: relay.port._pairs)
    for n in range(5_000):
        relay.port.send(PAIR, b"%d" % n + bytes(200))
    kept = 0
    while True:
        try:
            door.recv(2_048)
        except BlockingIOError:
            break
        kept += 1
    assert 0 < kept < 1_000


async def test_a_port_that_cannot_be(tmp_path: Path) -> None:
    port = RelayPort(lambda *_: None, lambda _: None)
    with pytest.raises(OSError):
        port.open(tmp_path / "nowhere" / "voices.sock")
    port.close()
