"""Sessions through a WebSocket, as studio has them: RTP packets from door's relay and back, and their ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings.door.inward import Inward
from hustings.rooms.roles import Refusal
from hustings.rtc import rtp
from hustings.rtc.intake import BURST
from hustings.studio import socketed, switchboard
from hustings.studio.keeping import Keeper
from hustings.wire.relay import Hello
from tests.studio.calling import OPUS
from tests.studio.calling_by_tcp import Browser, Stage


class Page:
    """Door's end of one page's socket."""

    def __init__(self, stage: Stage, session: str) -> None:
        self.heard: list[rtp.RtpPacket] = []
        self.ends: list[bool] = []
        self.inward = Inward(stage.relay, Hello("socket", session), self._take, self.ends.append)
        self.number = 0

    def _take(self, message: bytes) -> None:
        self.heard.append(rtp.parse(message))

    def say(self, packets: int = 1) -> None:
        for _ in range(packets):
            self.number += 1
            head = (
                b"\x90\x6f"
                + self.number.to_bytes(2, "big")
                + (960 * self.number).to_bytes(4, "big")
            )
            self.inward.send(head + b"\0\0\0\7" + b"\xbe\xde\0\1\x10\x1e\0\0" + OPUS)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = await Stage(tmp_path).open()
    yield made
    await made.shut()


async def joined(stage: Stage, person: str = "ann") -> Page:
    session, _ = await stage.sessions.open_socket(person)
    page = Page(stage, session)
    assert page.inward.open()
    page.say()
    await stage.until(lambda: (person, True) in stage.links)
    return page


async def test_packets_both_ways(stage: Stage) -> None:
    page = await joined(stage)
    page.say(4)
    await stage.until(lambda: len(stage.packets) == 5)
    assert [(one.sequence, one.timestamp) for _, one in stage.packets] == [
        (n, 960 * n) for n in range(1, 6)
    ]
    assert {(one.payload, one.level) for _, one in stage.packets} == {(OPUS, 30)}
    for _ in range(3):
        stage.sessions.send("ann", OPUS)
    await stage.until(lambda: len(page.heard) == 3)
    first = page.heard[0]
    assert [
        (one.sequence - first.sequence, one.timestamp - first.timestamp) for one in page.heard
    ] == [
        (0, 0),
        (1, 960),
        (2, 1920),
    ]
    assert {(one.payload, one.payload_type) for one in page.heard} == {(OPUS, 111)}
    page.inward.close()


async def test_the_page_goes(stage: Stage) -> None:
    page = await joined(stage)
    page.inward.close()
    await stage.until(lambda: stage.links == [("ann", True), ("ann", False)])
    assert stage.board._sockets == {}
    stage.sessions.send("ann", OPUS)  # to nobody


async def test_studio_ends_the_session(stage: Stage) -> None:
    page = await joined(stage)
    await stage.sessions.close_person("ann")
    await stage.until(lambda: page.ends == [True])
    assert (stage.board._sockets, stage.links) == ({}, [("ann", True)])


async def test_studio_ends_where_nothing_is_kept(stage: Stage) -> None:
    """The next one does not know the page, and says so: it joins anew."""
    page = await joined(stage)
    await stage.stop()
    await stage.until(lambda: page.ends == [False])
    stage.again()
    assert page.inward.open()
    await stage.until(lambda: page.ends == [False, True])


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "kept").mkdir()
    made = await Stage(tmp_path, Keeper(tmp_path / "kept")).open()
    yield made
    await made.shut()


async def test_the_next_studio_goes_on_with_the_page(kept: Stage) -> None:
    """As often as it likes: door brings the page's connection, the session and its person are the same."""
    page = await joined(kept)
    [session] = kept.sessions._sessions
    for _ in range(2):
        await kept.stop()
        await kept.until(lambda: page.ends.pop() is False if page.ends else False)
        kept.again()
        assert page.inward.open()
        page.say(3)
        await kept.until(lambda: len(kept.packets) == 3)
        assert kept.links == [("ann", True)]
        assert kept.sessions.person_of(session) == "ann"
        before = len(page.heard)
        kept.sessions.send("ann", OPUS)
        await kept.until(lambda before=before: len(page.heard) == before + 1)
    await kept.sessions.close(session)
    await kept.until(lambda: page.ends == [True])
    assert kept.keeper is not None
    assert list(kept.keeper.load()) == []


async def test_a_page_that_did_not_wait_for_the_next_studio(
    kept: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await joined(kept)
    await kept.stop()
    page.inward.close()
    monkeypatch.setattr(socketed, "ARRIVE_S", 0.01)
    kept.again()
    await kept.until(lambda: kept.links == [("ann", False)])
    assert kept.keeper is not None
    assert list(kept.keeper.load()) == []


async def test_a_page_that_no_room_wants(kept: Stage) -> None:
    page = await joined(kept)
    await kept.stop()
    await kept.until(lambda: page.ends == [False])
    kept.again(takes_up=False)
    assert kept.board._sockets == {}
    assert page.inward.open()
    await kept.until(lambda: page.ends == [False, True])


async def test_a_session_that_door_never_brings(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socketed, "ARRIVE_S", 0.01)
    session, _ = await stage.sessions.open_socket("ann")
    call = stage.sessions._sessions[session].call
    stage.sessions.send("ann", OPUS)
    await stage.until(lambda: stage.board._sockets == {})
    call.close()
    late = Page(stage, session)
    assert late.inward.open()
    await stage.until(lambda: late.ends)
    assert stage.links == [("ann", False)]


async def test_a_session_of_nobodys_and_one_that_is_taken(stage: Stage) -> None:
    page = await joined(stage)
    [session] = stage.sessions._sessions
    for name in ("x" * 22, session):
        thief = Page(stage, name)
        thief.inward.open()
        await stage.until(lambda thief=thief: thief.ends)
    page.say()
    await stage.until(lambda: len(stage.packets) == 2)
    page.inward.close()


async def test_from_a_call_to_a_socket_and_back(stage: Stage) -> None:
    """Place and person stay; what was there before is let go when the new road stands."""
    ann = Browser(stage)
    road = await ann.join("ann")
    ann.say(road)
    await stage.until(lambda: stage.links)
    page = await joined(stage)
    await stage.until(lambda: len(stage.sessions._sessions) == 1)
    page.say(2)
    await stage.until(lambda: len(stage.packets) >= 3)
    again = Browser(stage)
    road = await again.join("ann")
    again.say(road)
    await stage.until(lambda: page.ends == [True])
    assert stage.links == [("ann", True)], "nobody noticed"
    ann.leave()
    again.leave()


async def test_what_is_no_packet_is_passed_over(stage: Stage) -> None:
    page = await joined(stage)
    for bad in (b"", b"x", b"\x80\xc8" + bytes(30), bytes(1_500), b"\x90\x6f" + bytes(9)):
        page.inward.send(bad)
    page.say()
    await stage.until(lambda: len(stage.packets) == 2)
    page.inward.close()


async def test_more_than_a_voice_is_cut_to_its_rate(stage: Stage) -> None:
    page = await joined(stage)
    for _ in range(20):
        page.say(20)
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert len(stage.packets) < 2 * BURST
    page.inward.close()


async def test_a_room_that_fails_over_a_packet(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    page, ben = await joined(stage), await joined(stage, "ben")
    [session, _] = stage.sessions._sessions
    call = stage.sessions._sessions[session].call

    def broken(_: object) -> None:
        raise RuntimeError("a room that is broken")

    call._on_packet = broken
    page.say(3)
    await stage.until(lambda: page.ends == [True])
    stage.packets.clear()
    ben.say()
    await stage.until(lambda: stage.packets)
    assert len([one for one in caplog.records if one.levelno >= logging.ERROR]) == 1
    ben.inward.close()


async def test_there_is_no_ice_to_restart(stage: Stage) -> None:
    await joined(stage)
    [session] = stage.sessions._sessions
    with pytest.raises(Refusal, match="offer_malformed"):
        stage.sessions.restart(session, b"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n")
    assert stage.sessions.tag(session) == '""'


async def test_calls_have_one_limit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "CALLS_MAX", 2)
    await Browser(stage).offer("ann")
    await stage.sessions.open_socket("ben")
    with pytest.raises(Refusal, match="stage_full"):
        await stage.sessions.open_socket("cem")
    with pytest.raises(Refusal, match="stage_full"):
        await Browser(stage).offer("dan")
