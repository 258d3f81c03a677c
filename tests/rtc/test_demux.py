"""Whose datagram it is: kinds by their first bytes, sessions by ufrag and by proved pair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import stun
from hustings.rtc.demux import Demux, Kind, kind_of
from hustings.rtc.ice import Pair
from tests.rtc.checks import check

HERE = Pair("192.0.2.2", ("198.51.100.7", 1000))
THERE = Pair("192.0.2.2", ("198.51.100.7", 2000))


class Session:
    """Takes what it is given; believes checks that are signed with its password."""

    def __init__(self, password: str = "p" * 24) -> None:
        self.password = password.encode()
        self.received: list[tuple[Kind, bytes]] = []
        self.lost: list[Pair] = []

    def check(self, message: stun.Message, pair: Pair, now: float) -> bool:
        return message.is_signed_with(self.password)

    def receive(self, kind: Kind, datagram: bytes, pair: Pair, now: float) -> None:
        self.received.append((kind, datagram))

    def lose(self, pair: Pair) -> None:
        self.lost.append(pair)


@pytest.mark.parametrize(
    ("datagram", "kind"),
    [
        (b"", "none"),
        (b"\x80", "none"),
        (b"\x00\x01", "stun"),
        (b"\x03\x01", "stun"),
        (b"\x04\x01", "none"),
        (b"\x13\x01", "none"),
        (b"\x14\x01", "dtls"),
        (b"\x3f\x01", "dtls"),
        (b"\x40\x01", "none"),
        (b"\x7f\x01", "none"),
        (b"\x80\x6f", "rtp"),
        (b"\x80\xef", "rtp"),
        (b"\x80\xc0", "rtcp"),
        (b"\xbf\xdf", "rtcp"),
        (b"\x80\xe0", "rtp"),
        (b"\xc0\xc8", "none"),
    ],
)
def test_kinds(datagram: bytes, kind: Kind) -> None:
    assert kind_of(datagram) == kind


def test_a_check_opens_the_way_for_the_rest() -> None:
    demux, session = Demux(), Session()
    demux.add("ours", session)
    assert demux.receive(b"\x16hello", HERE, 0.0) is None
    assert demux.receive(check(), HERE, 0.0) is session
    assert demux.receive(b"\x16hello", HERE, 0.0) is session
    assert demux.receive(b"\x80\x6f", HERE, 0.0) is session
    assert demux.receive(b"\x16hello", THERE, 0.0) is None
    assert (demux.owner(HERE), demux.owner(THERE)) == (session, None)
    assert session.received == [("dtls", b"\x16hello"), ("rtp", b"\x80\x6f")]


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x00\x01\x00\x00",
        check(ours="nobody"),
        check(ours="\xff\xfe"),
        check(password="wrong"),
        stun.HEADER.pack(1, 0, stun.COOKIE, b"t" * 12),
        b"\xff" * 100,
    ],
)
def test_strangers(datagram: bytes) -> None:
    demux, session = Demux(), Session()
    demux.add("ours", session)
    assert demux.receive(datagram, HERE, 0.0) is None
    assert demux.receive(b"\x16hello", HERE, 0.0) is None
    assert session.received == []


def test_a_pair_goes_to_whoever_proved_it_last() -> None:
    demux, first, second = Demux(), Session(), Session()
    demux.add("one", first)
    demux.add("two", second)
    demux.receive(check(ours="one"), HERE, 0.0)
    demux.receive(check(ours="one"), HERE, 0.0)
    assert first.lost == []
    assert demux.receive(check(ours="two"), HERE, 0.0) is second
    assert first.lost == [HERE]
    demux.forget(HERE, first)
    assert demux.receive(b"\x80\x6f", HERE, 0.0) is second
    demux.forget(HERE, second)
    assert demux.receive(b"\x80\x6f", HERE, 0.0) is None


def test_a_pair_that_an_earlier_process_proved() -> None:
    demux, session = Demux(), Session()
    demux.prove(HERE, session)
    assert demux.receive(b"\x80\x6f", HERE, 0.0) is session


def test_a_session_that_ended() -> None:
    demux, session, other = Demux(), Session(), Session()
    demux.add("ours", session)
    demux.add("more", session)
    demux.add("other", other)
    demux.receive(check(), HERE, 0.0)
    demux.receive(check(ours="other"), THERE, 0.0)
    demux.remove(session)
    assert demux.receive(check(), HERE, 0.0) is None
    assert demux.receive(check(ours="more"), HERE, 0.0) is None
    assert demux.receive(b"\x80\x6f", HERE, 0.0) is None
    assert demux.receive(b"\x80\x6f", THERE, 0.0) is other


def test_two_ufrags_of_a_session_and_no_more() -> None:
    demux, session, other = Demux(), Session(), Session()
    demux.add("other", other)
    for ufrag in ("one", "two", "three"):
        demux.add(ufrag, session)
    assert demux.receive(check(ours="one"), HERE, 0.0) is None
    assert demux.receive(check(ours="two"), HERE, 0.0) is session
    assert demux.receive(check(ours="three"), HERE, 0.0) is session
    assert demux.receive(check(ours="other"), THERE, 0.0) is other


@given(st.binary(max_size=200))
def test_garbage_reaches_nobody(datagram: bytes) -> None:
    demux, session = Demux(), Session()
    demux.add("ours", session)
    assert demux.receive(datagram, HERE, 0.0) is None
    assert session.received == []
