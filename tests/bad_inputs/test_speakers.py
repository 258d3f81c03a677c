"""Those who have a ticket and mean harm: offers by the hundred, offers that crashed others, packets past every limit.

Rows 19, 27 and 28 of `README.md`.
"""

from __future__ import annotations

from functools import partial

import pytest

from hustings.rtc import intake, rtcp, rtp, sdp
from hustings.rtc.ice import ARRIVE_S
from hustings.rtc.sending import AGAIN_MAX
from tests.rtc.browser import VOICE, Browser
from tests.rtc.offers import CHROMIUM, OFFER
from tests.studio.calling import Room


async def test_offers_of_one_person_leave_one_session_and_one_to_come() -> None:
    """Row 19: whatever one ticket offers, at most two calls are kept, and none of those that nobody came to."""
    room = Room()
    for _ in range(200):
        await room.sessions.open("ann", OFFER.encode(), "session")
        assert len(room.board._calls) <= 2
    late = room.board.now() + ARRIVE_S
    for call in list(room.board._calls.values()):
        room.board.do(call, partial(call.peer.poll, late))
    assert room.board._calls == {} and room.board._demux._ufrags == {}
    assert room.board._udp is not None and room.board._udp._pairs == {}
    await room.shut()


SHAPES = {
    "a lone a=": OFFER + "a=\r\n",
    "a port of 10^20": OFFER.replace("m=audio 9", f"m=audio {10**20}"),
    "a payload type of 10^9": OFFER.replace("111", str(10**9)),
    "a payload type below nothing": OFFER.replace("111", "-1"),
    "a thousand payload types": OFFER.replace(" 111 0", " 111" + " 0" * 1_000),
    "no c=": OFFER.replace("c=IN IP4 0.0.0.0\r\n", ""),
    "c= twice": OFFER.replace("c=IN IP4 0.0.0.0\r\n", "c=IN IP4 0.0.0.0\r\nc=IN IP6 ::\r\n"),
    "ends of lines of three kinds": OFFER.replace("\r\n", "\n", 3).replace("\r\n", "\r", 2),
    "a NUL": OFFER.replace("s=-", "s=\0"),
    "a mid of NULs": OFFER.replace("a=mid:0", "a=mid:\0"),
    "m= and nothing else": OFFER[: OFFER.index("m=")] + "m=\r\n",
    "m= first": OFFER[OFFER.index("m=") :],
    "a group of a thousand": OFFER.replace("BUNDLE 0", "BUNDLE" + " 0" * 1_000),
    "an fmtp without a format": OFFER + "a=fmtp:\r\n",
    "an rtpmap of nothing": OFFER.replace("a=rtpmap:111 opus/48000/2", "a=rtpmap:111"),
    "a clock rate of nothing": OFFER.replace("opus/48000/2", "opus//2"),
    "a clock rate of 10^30": OFFER.replace("opus/48000/2", f"opus/{10**30}/2"),
    "an extension of 10^9": OFFER.replace("a=extmap:1", f"a=extmap:{10**9}"),
    "a fingerprint of one digit": OFFER.replace(":".join(["AB"] * 32), "A"),
    "a fingerprint that is none": OFFER.replace("sha-256 ", "sha-256"),
    "a ufrag of a kilobyte": OFFER.replace("ice-ufrag:abcd", "ice-ufrag:" + "a" * 1_000),
    "a password of signs": OFFER.replace("0123456789012345678901", "%n%s%x" * 5),
    "candidates of nonsense": OFFER + "a=candidate:\r\na=candidate:1 1 udp\r\na=candidate:%s\r\n",
    "RED within RED": CHROMIUM.replace("a=fmtp:63 111/111", "a=fmtp:63 63/63"),
    "RED of a hundred": CHROMIUM.replace("a=fmtp:63 111/111", "a=fmtp:63 " + "111/" * 99 + "111"),
    "digits of another script": OFFER.replace("111", "١١١"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_offers_that_crashed_others(name: str) -> None:
    """Row 27: a refusal with its code, or an offer of which only what is sound was read."""
    raws = [SHAPES[name].encode(), SHAPES[name].encode("utf-16"), SHAPES[name].encode()[:-7]]
    for raw in raws:
        try:
            offer = sdp.check(raw, "session")
        except sdp.OfferError as error:
            assert error.code.startswith("offer_")
        else:
            assert 0 <= offer.opus < 128 and 0 <= offer.red < 128 and 0 <= offer.level_id < 15
            assert len(offer.mid) <= sdp.LINE_MAX


class Hostile:
    """A speaker with keys. Two seconds of what he sends, on virtual time."""

    def __init__(self) -> None:
        self.browser = Browser()
        self.browser.join()
        self.browser.look()
        self.number = 0

    def send(self, *packets: bytes, every_s: float) -> None:
        for one in packets:
            self.browser.poll(self.browser.now + every_s)
            self.browser.say(0, raw=one)

    def stays_in_bounds(self, seconds: float) -> None:
        browser = self.browser
        assert browser.peer.state == "up", "he is not cut off for it, only held"
        assert len(browser.arrived()) <= intake.BURST + intake.RATE_MAX * seconds + 1
        assert len(browser.peer._intake.streams) <= intake.STREAMS_MAX
        asked = sum(len(one.sequences) for one in browser.told() if isinstance(one, rtcp.Nack))
        assert asked <= 3 * len(browser.arrived()) + 200 * seconds


def voice(n: int, ssrc: int = VOICE, payload: bytes = b"\xf8\xff\xfe") -> bytes:
    return rtp.build(111, n & 0xFFFF, 960 * n & 0xFFFFFFFF, ssrc, payload)


def test_twenty_times_the_packets() -> None:
    """Row 28. What is past 200 a second is dropped; the mixer's own bound is in `tests/studio/test_live_room.py`."""
    hostile = Hostile()
    hostile.send(*(voice(n) for n in range(2_000)), every_s=0.001)
    hostile.stays_in_bounds(2)


def test_ten_thousand_streams() -> None:
    """Row 28: each packet under a number of its own."""
    hostile = Hostile()
    srtp = hostile.browser.peer._srtp
    for n in range(10_000):
        hostile.browser.peer._intake.receive(voice(n, ssrc=n), 1.0 + n / 5_000)
    assert len(hostile.browser.peer._intake.streams) <= intake.STREAMS_MAX
    assert srtp is not None
    hostile.send(*(voice(n, ssrc=n + 1) for n in range(15)), every_s=0.02)
    hostile.stays_in_bounds(2)


@pytest.mark.parametrize("toc", [0x00, 0x18, 0xE0, 0xF8, 0xFB, 0xFF])
def test_packets_of_every_length_and_none(toc: int) -> None:
    """Row 28: 2.5 to 120 ms (RFC 6716 §3.1), counts of frames that are not there, nothing at all, as long as fits."""
    hostile = Hostile()
    payloads = [bytes([toc]) + b"\x7f" * size for size in (0, 1, 2, 400, 1_100)]
    hostile.send(*(voice(n, payload=one) for n, one in enumerate(payloads * 20)), every_s=0.02)
    hostile.send(*(voice(n + 200, payload=b"") for n in range(20)), every_s=0.02)
    hostile.stays_in_bounds(3)


def test_a_storm_of_goodbyes_and_questions() -> None:
    """Row 28: BYE ends nothing (DTLS does), and what is sent again has a rate."""
    hostile = Hostile()
    browser = hostile.browser
    for _ in range(50):
        browser.peer.send(b"\xf8\xff\xfe", browser.now)
    browser.look()
    browser.got.clear()
    for _ in range(500):
        browser.control(rtcp.Bye((VOICE, 5)), rtcp.Nack(VOICE, 5, tuple(range(101, 150))))
    assert len(browser.heard()) <= AGAIN_MAX
    browser.say(1)
    assert browser.arrived() == [1]
    hostile.stays_in_bounds(1)
