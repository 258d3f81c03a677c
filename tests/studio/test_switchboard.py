"""Calls on one port: the answer's addresses, one call's trouble, what is left of a call that ended."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from hustings.rooms.roles import Refusal
from hustings.rtc.ice import ARRIVE_S, Pair
from hustings.rtc.rtp import RtpPacket
from hustings.rtc.sdp import check
from hustings.studio import addresses
from hustings.studio.keeping import keeper_for
from hustings.studio.switchboard import KEPT_AT_ONCE, Call, Switchboard
from tests.rtc.offers import OFFER
from tests.studio.calling import OPUS, Room

OFFERED = check(OFFER.encode(), "session")


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    await made.shut()


def nothing(_: object) -> None:
    """Nobody listens."""


async def candidates(*announced: str) -> tuple[int, list[list[str]]]:
    board = Switchboard(announced)
    port = board.open(0)
    answer = board.call(OFFERED, {"session": "s"}, nothing, nothing).answer
    await board.shut()
    lines = [line for line in answer.split("\r\n") if line.startswith("a=candidate:")]
    return port, [line.split(" ")[4:6] for line in lines]


async def test_announced_addresses_stand_in_for_this_machines() -> None:
    port, named = await candidates("203.0.113.5", "2001:db8::5")
    assert named == [["203.0.113.5", str(port)], ["2001:db8::5", str(port)]]


async def test_this_machines_own_addresses() -> None:
    port, named = await candidates()
    assert named == [[host, str(port)] for host in addresses.own()]


async def test_many_calls_are_written_down_in_turns_and_each_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Switchboard(keeper=keeper_for(tmp_path / "run", tmp_path))
    board.open(0)
    calls = [board.call(OFFERED, {"session": str(n)}, nothing, nothing) for n in range(40)]
    now, kept = board.now(), list[Call]()
    monkeypatch.setattr(board, "now", lambda: now)
    monkeypatch.setattr(board, "keep", kept.append)
    turns = []
    for _ in range(200):
        board._poll()
        turns.append(len(kept))
        now += 0.01
    steps = [after - before for before, after in pairwise([0, *turns])]
    assert max(steps) == KEPT_AT_ONCE
    assert sum(map(bool, steps)) == 6, "three turns a second"
    assert set(kept[: 3 * KEPT_AT_ONCE]) == set(calls)
    assert kept[:24] == kept[40:64], "who waits longest is next"
    monkeypatch.undo()
    await board.shut()


async def test_nothing_wakes_the_process_where_nothing_is_due() -> None:
    board = Switchboard()
    board.open(0)
    assert board._polling is None
    board.call(OFFERED, {"session": "s"}, nothing, nothing)
    assert board._polling is not None
    assert board._due_at == pytest.approx(board.now() + ARRIVE_S, abs=5)
    await board.shut()
    assert board._polling.cancelled()


class TestOwnAddresses:
    @pytest.fixture
    def found(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        made: list[str] = []
        for name in ("_first_choice", "_of_interfaces", "_of_proc"):
            monkeypatch.setattr(addresses, name, lambda: list(made))
        return made

    def test_ipv4_goes_first_and_each_once(self, found: list[str]) -> None:
        found += [
            "2001:db8::7",
            "192.0.2.7",
            "127.0.0.1",
            "fe80::1",
            "::1",
            "fd00::7",
            "169.254.1.1",
        ]
        assert addresses.own() == ["192.0.2.7", "2001:db8::7", "fd00::7"]

    def test_a_machine_without_a_network_talks_to_itself(self, found: list[str]) -> None:
        found += ["127.0.0.1", "::1"]
        assert addresses.own() == ["127.0.0.1"]

    def test_what_the_kernel_says(self) -> None:
        assert all("%" not in one for one in addresses.own())


async def test_one_calls_trouble_is_no_other_calls(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    ann, ben = room.peer(), room.peer()
    session = await ann.join(room.sessions, "ann")
    await ben.join(room.sessions, "ben")
    await room.until(lambda: {person for person, _ in room.packets} == {"ann", "ben"})
    call = room.sessions._sessions[session].call
    troubled = []

    def broken(packet: RtpPacket) -> None:
        troubled.append(packet)
        raise RuntimeError("a room that is broken")

    call.on_packet = broken
    await room.until(lambda: troubled)
    room.packets.clear()
    await room.until(lambda: len(room.packets) >= 5)
    assert {person for person, _ in room.packets} == {"ben"}
    assert len(troubled) == 1
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1


@pytest.mark.parametrize("what", ["receive", "poll", "send"])
async def test_a_peer_that_fails_ends_alone(
    room: Room, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """Whatever raises in one session's machines, the polling, the port and the rooms go on."""
    ann, ben = room.peer(), room.peer()
    session = await ann.join(room.sessions, "ann")
    await ben.join(room.sessions, "ben")
    await room.until(lambda: {person for person, _ in room.packets} == {"ann", "ben"})
    peer = room.sessions._sessions[session].call.peer

    def broken(*_: object) -> None:
        raise RuntimeError("a machine that is broken")

    setattr(peer, what, broken)
    await room.until(lambda: room.sessions.send("ann", OPUS) or peer.state == "over")
    room.packets.clear()
    await room.until(lambda: len(room.packets) >= 5)
    assert {person for person, _ in room.packets} == {"ben"}
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1
    assert ("ann", False) in room.links


async def test_a_stranger_who_breaks_something_costs_no_line(
    room: Room, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a machine that is broken")

    monkeypatch.setattr(room.board._demux, "receive", broken)
    room.board._received(b"x", Pair("127.0.0.1", ("127.0.0.1", 9)), room.board.now())
    assert caplog.records == []


async def test_nothing_is_left_of_a_call_that_ended(room: Room) -> None:
    peer = room.peer()
    session = await peer.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    call = room.sessions._sessions[session].call
    board = room.board
    assert board._udp is not None and board._udp._pairs
    await room.sessions.close(session)
    call.close()
    call.send(OPUS)
    assert (board._calls, board._udp._pairs) == ({}, {})
    assert (board._demux._ufrags, board._demux._pairs) == ({}, {})
    await room.until(lambda: peer.connection.connectionState in ("closed", "failed"))
    assert room.links == [("ann", True)], "whoever closes knows it already"


async def test_an_ice_restart(room: Room) -> None:
    """A restart that nobody follows up: the session goes on with what it has; no more than two ufrags are kept."""
    peer = room.peer()
    session = await peer.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    for n in range(5):
        fragment = f"a=ice-ufrag:new{n}\r\na=ice-pwd:{'x' * 24}\r\n".encode()
        answer = room.sessions.restart(session, fragment)
    call = room.sessions._sessions[session].call
    assert f"a=ice-ufrag:{call.peer.ufrag}\r\n" in answer and f" {room.port} typ host" in answer
    assert len(room.board._demux._ufrags) == 2
    with pytest.raises(Refusal, match="offer_malformed"):
        room.sessions.restart(session, b"a=ice-ufrag:abcd\r\na=candidate:1")
    with pytest.raises(Refusal, match="session_unknown"):
        room.sessions.restart("nobody", fragment)
    room.packets.clear()
    await room.until(lambda: len(room.packets) >= 5)


async def test_candidates_change_nothing(room: Room) -> None:
    """RFC 9725 §4.3.2: a client that trickles sends the credentials that it has. None of its candidates is contacted."""
    peer = room.peer()
    session = await peer.join(room.sessions, "ann")
    offer = peer.connection.localDescription.sdp.split("\r\n")
    fragment = "\r\n".join(line for line in offer if line.startswith("a=")).encode()
    tag, call = room.sessions.tag(session), room.sessions._sessions[session].call
    assert tag == f'"{call.tag}"'
    assert room.sessions.restart(session, fragment) == ""
    assert room.sessions.restart(session, fragment, tag) == ""
    assert room.sessions.restart(session, b"a=candidate:1 1 udp 1 192.0.2.9 9 typ host") == ""
    with pytest.raises(Refusal, match="session_renewed"):
        room.sessions.restart(session, fragment, '"another"')
    assert room.sessions.tag(session) == tag and room.sessions.tag("nobody") == ""
    await room.until(lambda: room.packets)


async def test_a_restart_asked_for_twice_is_answered_alike(room: Room) -> None:
    session = await room.peer().join(room.sessions, "ann")
    fragment = f"a=ice-ufrag:news\r\na=ice-pwd:{'x' * 24}\r\n".encode()
    tag = room.sessions.tag(session)
    answer = room.sessions.restart(session, fragment, "*")
    assert answer == room.sessions.restart(session, fragment)
    assert room.sessions.tag(session) != tag
    with pytest.raises(Refusal, match="session_renewed"):
        room.sessions.restart(session, fragment, tag)


async def test_one_that_goes_says_so(room: Room) -> None:
    peer = room.peer()
    await peer.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    await peer.connection.close()
    await room.until(lambda: room.links == [("ann", True), ("ann", False)])


async def test_a_board_that_was_never_opened_shuts_too() -> None:
    await Switchboard().shut()
