"""Strangers at the speakers' port: garbage, unsigned checks, races, reflection, bleeding, floods of bad packets.

Rows 20 to 26 of `README.md`; real sockets on loopback, a talk beside each of them.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from hustings.rtc import stun
from tests.rtc.browser import AWAY, HOME, Browser
from tests.rtc.checks import check, sealed
from tests.rtc.dtls_client import Client
from tests.rtc.offers import OFFER
from tests.studio.calling import Room


class Talk:
    """One speaker on the wire, and a stranger's socket."""

    def __init__(self, room: Room, stranger: socket.socket) -> None:
        self.room = room
        self.stranger = stranger

    def throw(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.stranger.sendto(datagram, ("127.0.0.1", self.room.port))

    async def goes_on(self, packets: int = 10) -> None:
        self.room.packets.clear()
        await self.room.until(lambda: len(self.room.packets) >= packets)
        assert self.room.links == [("ann", True)]

    def answers(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.stranger.recv(2_048))
            except BlockingIOError:
                return found


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
        yield one


@pytest.fixture
async def talk(stranger: socket.socket) -> AsyncIterator[Talk]:
    room = Room()
    await room.peer().join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    yield Talk(room, stranger)
    await room.shut()


GARBAGE = [
    b"",
    b"\0",
    b"\x80",
    bytes(20),
    b"\xff" * 1_500,
    b"\x16\xfe\xfd" + bytes(60),
    b"\x80\x6f" + bytes(40),
    b"\x80\xc8" + bytes(40),
    b"GET / HTTP/1.1\r\n\r\n",
    stun.HEADER.pack(stun.BINDING_REQUEST, 0, stun.COOKIE, b"transaction!"),
    check(),
    check(ours="x" * 250, theirs="y" * 250),
    check()[:-8],
]


async def test_garbage_costs_nothing(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    """Row 21: no answer, no log line, no session ends, nothing is kept."""
    seeded = random.Random(7)
    with caplog.at_level(logging.DEBUG):
        talk.throw(*GARBAGE, *(seeded.randbytes(seeded.randrange(200)) for _ in range(500)))
        await talk.goes_on()
    assert talk.answers() == []
    assert [one.name for one in caplog.records if one.name.startswith("hustings")] == []
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
    assert talk.room.board._udp is not None
    assert len(talk.room.board._udp._pairs) == len(talk.room.board._demux._pairs)


async def test_checks_without_the_password_are_met_with_silence(talk: Talk) -> None:
    """Row 24: the ufrag of a living session alone opens nothing, with integrity or without."""
    [ufrag] = talk.room.board._demux._ufrags
    body = b"\0\6" + len(f"{ufrag}:abcd").to_bytes(2, "big") + f"{ufrag}:abcd".encode()
    body += bytes(-len(body) % 4)
    bare = stun.HEADER.pack(stun.BINDING_REQUEST, len(body), stun.COOKIE, b"transaction!") + body
    pairs = len(talk.room.board._demux._pairs)
    for _ in range(50):
        talk.throw(bare, check(ours=ufrag), check(ours=ufrag, password=""))
    await talk.goes_on()
    assert talk.answers() == []
    assert len(talk.room.board._demux._pairs) == pairs


async def test_the_spray_of_rtp_bleed(talk: Talk) -> None:
    """Row 23: RTP and RTCP from elsewhere: nothing of the talk goes there, nothing of it comes in."""
    for n in range(200):
        talk.throw(b"\x80\x6f" + n.to_bytes(2, "big") + bytes(60), b"\x80\xc8" + bytes(26))
        talk.room.sessions.send("ann", b"\xf8\xff\xfe")
    await talk.goes_on()
    assert talk.answers() == []
    assert {packet.payload[:3] for _, packet in talk.room.packets} == {b"\xf8\xff\xfe"}


async def test_bad_packets_from_the_speakers_own_address(talk: Talk) -> None:
    """Row 22: with his address forged, to the socket that is his; nobody counts failures towards a hang-up."""
    board = talk.room.board
    pair = next(iter(board._demux._pairs))  # of several, where the machine has several addresses
    for n in range(5_000):
        board._received(b"\x80\x6f" + n.to_bytes(10, "big") + bytes(60), pair, board.now())
        board._received(b"\x17\xfe\xfd" + n.to_bytes(10, "big") + bytes(30), pair, board.now())
    await talk.goes_on()


@pytest.mark.parametrize(
    "named",
    ["10.0.0.9", "192.168.1.1", "169.254.169.254", "127.0.0.1", "::1", "224.0.0.251", "x.local"],
)
async def test_addresses_that_an_offer_names_hear_nothing(
    stranger: socket.socket, named: str
) -> None:
    """Row 25: they are not even read, so there is no socket that could send."""
    room = Room()
    port = stranger.getsockname()[1]
    lines = "".join(f"a=candidate:{n} 1 udp 9 {named} {port} typ host\r\n" for n in range(50))
    session, answer = await room.sessions.open("ann", (OFFER + lines).encode(), "session")
    assert named not in answer or named == "127.0.0.1"
    for _ in range(10):
        room.sessions.send("ann", b"\xf8\xff\xfe")
        await asyncio.sleep(0)
    assert room.board._udp is not None
    assert room.board._udp._pairs == {}
    assert named not in repr(room.sessions._sessions[session].call.peer._offer)
    with pytest.raises(BlockingIOError):
        stranger.recv(100)
    await room.shut()


@pytest.mark.parametrize("seed", range(20))
def test_a_thousand_races_of_hostile_hellos(seed: int) -> None:
    """Row 20, fifty of its thousand races: hellos, alerts and garbage from elsewhere, before a true handshake and between all
    of its datagrams; each ends with keys, and the voice is heard."""
    seeded = random.Random(seed)
    hostile = [
        *Client().receive(),
        *Client(profiles=None, ciphers=b"ECDHE-RSA-AES128-GCM-SHA256").receive(),
        *(b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2" + bytes([alert]) for alert in (0, 40, 80)),
        *(b"\x16" + seeded.randbytes(90) for _ in range(5)),
    ]
    for _ in range(50):
        raced(seeded, hostile)


def raced(seeded: random.Random, hostile: list[bytes]) -> None:
    browser = Browser()
    true_put = browser.put

    def put(datagram: bytes, pair: object = HOME) -> None:
        for one in seeded.choices(hostile, k=seeded.randrange(30)):
            true_put(one, AWAY)
        true_put(datagram)

    browser.put = put  # type: ignore[method-assign]
    put(hostile[0])
    browser.join()
    assert browser.turns() == ["up"]
    browser.say(1)
    assert browser.arrived() == [1]


@pytest.mark.parametrize("kind", [0x0003, 0x0004, 0x0006, 0x0008, 0x0009, 0x000A, 0x0111, 0x0101])
def test_nothing_is_relayed(kind: int) -> None:
    """Row 26: Allocate, Refresh, Send and the like (RFC 8656) are met with silence even when a session's own keys signed
    them, before the talk and in it: there is no relay, so no address can be had through us."""
    target = b"\0\x12\0\x08" + b"\0\1" + bytes(6) + b"\0\6\0\x09ours:abcd\0\0\0"
    browser = Browser()
    for _ in range(2):
        assert not browser.peer.check(stun.parse(sealed(kind, target, "p" * 24)), HOME, browser.now)
        browser.look()
        assert browser.got == []
        browser.join()


def test_no_more_bytes_go_out_than_come_in_before_the_proof() -> None:
    """Row 24: whatever is thrown at a session that waits, with every ufrag and password but the right one."""
    browser = Browser()
    for datagram in GARBAGE:
        if datagram[:2] == b"\0\1" and len(datagram) > 60:
            continue
        browser.put(datagram)
    for wrong in ({"password": "x" * 24}, {"ours": "x"}, {"theirs": "x"}):
        assert not browser.peer.check(stun.parse(check(**wrong)), HOME, 1.0)
    browser.look()
    assert browser.got == []
    asked = check()
    assert browser.peer.check(stun.parse(asked), HOME, 1.0)
    browser.look()
    assert sum(len(one) for _, one in browser.got) <= len(asked)
