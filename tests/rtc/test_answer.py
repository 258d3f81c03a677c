"""The answer to an offer, line by line."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hustings.rtc import answer, sdp
from hustings.rtc.answer import Identity
from tests.rtc.offers import CHROMIUM, OFFER

OURS = Identity(77, "ours", "p" * 24, ":".join(["CD"] * 32), 5, "name")
WHERE = [("203.0.113.5", 8002), ("2001:db8::5", 8002)]


def lines(
    offer: str, mode: sdp.Mode = "session", where: Sequence[answer.Where] = WHERE
) -> list[str]:
    text = answer.answer(sdp.check(offer.encode(), mode), OURS, where)
    assert text.endswith("\r\n")
    return text.split("\r\n")[:-1]


def test_to_chromium() -> None:
    said = lines(CHROMIUM + "a=rtcp-rsize\r\n")
    assert said == [
        "v=0",
        "o=- 77 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=ice-lite",
        "a=msid-semantic: WMS *",
        "m=audio 8002 UDP/TLS/RTP/SAVPF 63 111",
        "c=IN IP4 203.0.113.5",
        "a=mid:0",
        "a=ice-ufrag:ours",
        "a=ice-pwd:" + "p" * 24,
        "a=fingerprint:sha-256 " + ":".join(["CD"] * 32),
        "a=setup:passive",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=rtpmap:63 red/48000/2",
        "a=fmtp:63 111/111",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=72000;stereo=0;sprop-stereo=0",
        "a=rtcp-fb:111 nack",
        "a=rtcp-fb:111 transport-cc",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=msid:stage ear",
        "a=ssrc:5 cname:name",
        "a=candidate:1 1 udp 2130706431 203.0.113.5 8002 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::5 8002 typ host",
        "a=end-of-candidates",
    ]


def test_to_an_offer_that_asks_for_less() -> None:
    plain = OFFER.replace("a=group:BUNDLE 0\r\n", "").replace("a=mid:0\r\n", "")
    plain = plain.replace("a=extmap:1 ", "a=extmap:0 ").replace("SAVPF", "SAVP")
    said = lines(plain)
    assert "m=audio 8002 UDP/TLS/RTP/SAVP 111" in said
    for start in ("a=group", "a=mid", "a=extmap", "a=rtcp-fb", "a=rtcp-rsize", "a=rtpmap:63"):
        assert not [line for line in said if line.startswith(start)]


def test_congestion_feedback_needs_numbers_to_speak_of() -> None:
    said = lines(OFFER + "a=rtcp-fb:111 transport-cc\r\n")
    assert [line for line in said if "transport" in line] == []


@pytest.mark.parametrize(
    ("mode", "offered", "answered", "sends"),
    [
        ("session", "sendrecv", "sendrecv", True),
        ("whip", "sendonly", "recvonly", False),
        ("whep", "recvonly", "sendonly", True),
    ],
)
def test_directions(mode: sdp.Mode, offered: str, answered: str, sends: bool) -> None:
    said = lines(OFFER.replace("sendrecv", offered), mode)
    assert f"a={answered}" in said
    assert ("a=ssrc:5 cname:name" in said) == sends


def test_without_an_address() -> None:
    said = lines(OFFER, where=[])
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111" in said
    assert "c=IN IP4 0.0.0.0" in said


@pytest.mark.parametrize(("mid", "named"), [("0", ["a=mid:0"]), ("", [])])
def test_a_restart(mid: str, named: list[str]) -> None:
    """RFC 9725 §4.3.3."""
    assert answer.fragment(mid, "ours", "p" * 24, WHERE).split("\r\n") == [
        "a=ice-lite",
        "a=ice-ufrag:ours",
        "a=ice-pwd:" + "p" * 24,
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        *named,
        "a=candidate:1 1 udp 2130706431 203.0.113.5 8002 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::5 8002 typ host",
        "a=end-of-candidates",
        "",
    ]


def test_tcp_goes_after_udp() -> None:
    """RFC 6544 §4.5; any UDP candidate has the higher priority."""
    said = lines(OFFER, where=[("203.0.113.5", 8002), ("203.0.113.5", 8004, "tcp")])
    assert said[-3:-1] == [
        "a=candidate:1 1 udp 2130706431 203.0.113.5 8002 typ host",
        "a=candidate:2 1 tcp 1520434943 203.0.113.5 8004 typ host tcptype passive",
    ]


def test_candidates_have_a_limit() -> None:
    many = [("2001:db8::5", n) for n in range(1, answer.CANDIDATES_MAX + 2)]
    said = lines(OFFER, where=many[:-1])
    assert "c=IN IP6 2001:db8::5" in said
    for where in (many[:-1], many):
        found = [line for line in lines(OFFER, where=where) if line.startswith("a=candidate")]
        assert len(found) == answer.CANDIDATES_MAX


def test_no_word_of_an_offer_comes_back_unread() -> None:
    """What is copied was matched against a grammar: nobody writes a line of ours."""
    with pytest.raises(sdp.OfferError):
        lines(OFFER.replace("a=mid:0", "a=mid:0 a=candidate"))
