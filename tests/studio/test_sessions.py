"""Sessions over the real wire: a peer of aiortc's on loopback, RTP packets out of one side and into the other."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc import RTCSessionDescription

from hustings.rooms.roles import Refusal
from hustings.studio import sessions as module
from hustings.studio import switchboard
from tests.rtc.offers import OFFER, SECOND, SESSION, VIDEO
from tests.studio.calling import OPUS, Room


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    await made.shut()


async def test_a_voice_comes_in_and_an_ear_is_reached(room: Room) -> None:
    peer = room.peer()
    await peer.join(room.sessions, "ann")
    await room.until(lambda: len(room.packets) >= 10)
    assert room.links == [("ann", True)]
    numbers = [int.from_bytes(packet.payload[3:], "big") for _, packet in room.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    timestamps = [packet.timestamp for _, packet in room.packets]
    assert {(b - a) % 2**32 for a, b in itertools.pairwise(timestamps)} == {960}
    for _ in range(50):
        room.sessions.send("ann", OPUS)
    heard = 0
    async with asyncio.timeout(5):
        while heard < 50:
            heard = await peer.heard()
            await asyncio.sleep(0.01)
    assert heard == 50


async def test_no_candidate_of_an_offer_is_ever_contacted(room: Room) -> None:
    """Law of `rtc`: a canary that an offer names hears nothing; the session stands all the same."""
    loop = asyncio.get_running_loop()
    heard: list[bytes] = []

    class Canary(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            heard.append(data)

    transport, _ = await loop.create_datagram_endpoint(Canary, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    peer = room.peer()
    await peer.connection.setLocalDescription(await peer.connection.createOffer())
    lines = peer.connection.localDescription.sdp
    lines += f"a=candidate:9 1 udp 2130706431 127.0.0.1 {port} typ host\r\na=candidate:8 1 udp 1 x.local 9 typ host\r\n"
    _, answer = await room.sessions.open("ann", lines.encode(), "session")
    await peer.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await room.until(lambda: room.packets)
    transport.close()
    assert heard == []


async def test_a_new_session_takes_the_place_of_the_old_once_it_stands(room: Room) -> None:
    first, second = room.peer(), room.peer()
    older = await first.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    newer = await second.join(room.sessions, "ann")
    await room.until(lambda: room.sessions.person_of(older) is None)
    assert room.sessions.person_of(newer) == "ann"
    room.packets.clear()
    await room.until(lambda: room.packets)
    assert room.links == [("ann", True)]


async def test_an_offer_that_comes_too_late_costs_the_old_session_nothing(room: Room) -> None:
    """It was sent into an outage; nobody is behind it any more."""
    peer, gone, gone_too = room.peer(), room.peer(), room.peer()
    session = await peer.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    stale = []
    for late in (gone, gone_too):
        await late.connection.setLocalDescription(await late.connection.createOffer())
        offer = late.connection.localDescription.sdp.encode()
        stale.append((await room.sessions.open("ann", offer, "session"))[0])
    room.packets.clear()
    await room.until(lambda: len(room.packets) >= 5)
    assert room.sessions.person_of(session) == "ann"
    assert room.sessions.person_of(stale[0]) is None, "one that waits is enough"
    assert room.links == [("ann", True)]


async def test_a_line_that_breaks_is_said_and_a_line_that_heals_too(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE_NS", 200_000_000)
    peer = room.peer()
    await peer.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    peer.voice.go.clear()
    await room.until(lambda: room.links[-1] == ("ann", False))
    peer.voice.go.set()
    await room.until(lambda: room.links[-1] == ("ann", True))
    assert room.links == [("ann", True), ("ann", False), ("ann", True)]


async def test_whip_sends_and_whep_listens(room: Room) -> None:
    encoder, ear = room.peer("sendonly"), room.peer("recvonly")
    await encoder.join(room.sessions, "enc", "whip")
    await ear.join(room.sessions, "ear", "whep")
    await room.until(lambda: ("ear", True) in room.links and ("enc", True) in room.links)
    assert {person for person, _ in room.packets} == {"enc"}
    assert (room.sessions.kind("enc"), room.sessions.kind("ear"), room.sessions.kind("none")) == (
        "whip",
        "whep",
        "browser",
    )
    for _ in range(20):
        room.sessions.send("ear", OPUS)
        room.sessions.send("enc", OPUS)
        room.sessions.send("nobody", OPUS)
    async with asyncio.timeout(5):
        while await ear.heard() < 20:
            await asyncio.sleep(0.01)
    assert await encoder.heard() == 0


async def test_leaving(room: Room) -> None:
    peer = room.peer()
    session = await peer.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    await room.sessions.close(session)
    await room.sessions.close(session)
    await room.sessions.close_person("ann")
    room.packets.clear()
    room.sessions.send("ann", OPUS)
    assert room.sessions.person_of(session) is None
    assert room.packets == []


async def test_a_full_switchboard(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "CALLS_MAX", 1)
    await room.sessions.open("ann", OFFER.encode(), "session")
    with pytest.raises(Refusal, match="stage_full"):
        await room.sessions.open("ben", OFFER.encode(), "session")


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (SESSION, "offer_no_audio"),
        (OFFER + SECOND, "offer_two_tracks"),
        (OFFER + VIDEO, "offer_video"),
        (OFFER + "a=x\r\n" * 200_000, "offer_too_large"),
        ("garbage", "offer_malformed"),
        (OFFER.replace("a=fingerprint:sha-256", "a=fingerprint:rot-13"), "offer_malformed"),
        (OFFER.replace("a=setup:actpass", "a=setup:nonsense"), "offer_malformed"),
    ],
)
async def test_offers_that_are_refused_leave_nothing_behind(
    room: Room, offer: str, code: str
) -> None:
    with pytest.raises(Refusal) as caught:
        await room.sessions.open("ann", offer.encode(), "session")
    assert caught.value.code == code
    assert room.sessions._sessions == {}
