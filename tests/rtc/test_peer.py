"""A session whole, from the first check to the goodbye, on virtual time."""

from __future__ import annotations

import pytest

from hustings.rtc import ice, rtp, stun
from hustings.rtc.intake import Counts
from hustings.rtc.rtcp import Nack, ReceiverReport, Report, SenderReport
from hustings.rtc.sending import ntp
from hustings.rtc.transport_cc import TransportFeedback
from tests.rtc.browser import AWAY, HOME, VOICE, Browser
from tests.rtc.checks import check
from tests.rtc.test_intake import doubled, numbered

INF = float("inf")


@pytest.fixture
def browser() -> Browser:
    one = Browser()
    one.join()
    return one


def test_joining() -> None:
    browser = Browser()
    answer = browser.peer.answer([("192.0.2.2", 8002)])
    assert "a=ice-ufrag:ours\r\n" in answer and "a=ssrc:5 cname:name\r\n" in answer
    assert browser.check()
    assert browser.proved() == [HOME]
    [(pair, reply)] = browser.got
    assert (pair, reply[:2]) == (HOME, b"\x01\x01")
    browser.shake()
    assert browser.client.is_done
    assert browser.turns() == ["up"]


def test_voices_both_ways(browser: Browser) -> None:
    for n in range(3):
        browser.say(n)
    assert browser.arrived() == [0, 1, 2]
    browser.peer.send(b"ear 1", 1.0)
    browser.peer.send(b"ear 2", 1.02)
    browser.look()
    heard = browser.heard()
    assert [(p.sequence, p.timestamp, p.payload) for p in heard] == [
        (101, 960, b"ear 1"),
        (102, 1920, b"ear 2"),
    ]
    assert {p.ssrc for p in heard} == {5}


def test_nobody_is_sent_a_voice_before_the_keys_are_there() -> None:
    browser = Browser()
    browser.check()
    browser.got.clear()
    browser.peer.send(b"ear", 1.0)
    browser.put(b"\x80\x6f" + bytes(40))
    browser.put(b"\x80\xc8" + bytes(40))
    assert browser.got == []
    assert browser.arrived() == []


class TestStrangers:
    def test_nothing_is_heard_from_a_pair_that_proved_nothing(self, browser: Browser) -> None:
        browser.say(1, AWAY)
        browser.put(b"\x16" + bytes(60), AWAY)
        assert browser.arrived() == []
        assert browser.got == []

    def test_dtls_before_a_check(self) -> None:
        browser = Browser()
        browser.shake()
        assert browser.got == []
        assert not browser.client.is_done

    def test_what_is_not_encrypted_with_our_keys(self, browser: Browser) -> None:
        """However much of it comes, nobody hangs up (CVE-2021-41105)."""
        browser.say(1)
        plain = rtp.build(111, 2, 1920, VOICE, b"forged")
        for n in range(500):
            browser.put(plain + n.to_bytes(16, "big"))
            browser.put(b"\x80\xc8" + n.to_bytes(30, "big"))
            browser.put(b"\x80\x6f")
        browser.say(2)
        assert browser.arrived() == [1, 2]
        assert browser.peer.state == "up"

    def test_a_replay(self, browser: Browser) -> None:
        said = [browser.say(n) for n in range(5)]
        for datagram in said:
            browser.put(datagram)
        assert browser.arrived() == [0, 1, 2, 3, 4]

    def test_the_wrong_certificate(self) -> None:
        browser = Browser(named=":".join(["CD"] * 32))
        browser.join()
        assert browser.turns() == ["over"]
        assert browser.dropped() == [HOME]
        assert not browser.check()

    def test_a_malformed_packet_of_a_speaker(self, browser: Browser) -> None:
        browser.say(1, raw=rtp.build(63, 1, 960, VOICE, b"\xff"))
        browser.put(browser.srtp.protect_rtcp(b"\x80\xc8\x00\x01" + bytes(4)))  # type: ignore[union-attr]
        browser.say(2)
        assert browser.arrived() == [2]


class TestRepair:
    def test_what_is_missing_is_asked_for_and_comes(self, browser: Browser) -> None:
        browser.poll(1.01)
        browser.told()
        browser.say(1)
        lost = browser.srtp.protect(rtp.build(111, 2, 1920, VOICE, b"voice 2"))  # type: ignore[union-attr]
        browser.say(3)
        assert browser.peer.deadline == pytest.approx(1.015)
        browser.poll(1.016)
        assert browser.told() == [Nack(5, VOICE, (2,))]
        browser.put(lost)
        assert browser.arrived() == [1, 3, 2]
        browser.poll(1.9)
        assert browser.told() == []

    def test_red_needs_no_asking(self, browser: Browser) -> None:
        browser.poll(1.01)
        browser.told()
        browser.say(1, raw=doubled(1, 0))
        browser.srtp.protect(doubled(2, 1))  # type: ignore[union-attr]
        browser.say(3, raw=doubled(3, 2))
        assert browser.arrived() == [1, 2, 3]
        browser.poll(1.9)
        assert browser.told() == []

    def test_an_ear_asks_for_a_packet(self, browser: Browser) -> None:
        for n in range(3):
            browser.peer.send(b"ear %d" % n, 1.0)
        browser.look()
        _, second, _ = (one for _, one in browser.got)
        browser.got.clear()
        browser.control(Nack(VOICE, 5, (102,)))
        assert browser.got == [(HOME, second)]

    def test_congestion_feedback(self, browser: Browser) -> None:
        browser.say(1, raw=numbered(doubled(1), 500))
        browser.poll(1.3)
        kinds = [type(packet) for packet in browser.told()]
        assert kinds[0] is ReceiverReport and kinds[-1] is TransportFeedback

    def test_reports_go_out(self, browser: Browser) -> None:
        browser.peer.send(b"ear", 1.0)
        browser.look()
        browser.poll(1.5)
        assert isinstance(browser.told()[0], SenderReport)

    def test_the_round_trip_is_told_once_it_is_measured(self, browser: Browser) -> None:
        browser.say(1)
        browser.say(3)
        assert browser.peer.counts == Counts(expected=3, lost=1, round_trip_s=0.0)
        browser.control(ReceiverReport(VOICE, (Report(5, 0, 0, 100, 0, ntp(0.96) >> 16, 0),)))
        assert browser.peer.counts.round_trip_s == pytest.approx(0.04, abs=0.001)


class TestMoving:
    def test_to_a_pair_that_is_nominated(self, browser: Browser) -> None:
        browser.check(AWAY, nominates=True)
        browser.got.clear()
        browser.peer.send(b"ear", 1.0)
        browser.look()
        assert [pair for pair, _ in browser.got] == [AWAY]
        browser.say(1, AWAY)
        assert browser.arrived() == [1]

    def test_to_a_proved_pair_that_speaks_while_the_other_is_silent(self, browser: Browser) -> None:
        browser.check(AWAY, nominates=False)
        browser.now += ice.MOVE_S
        browser.say(1, AWAY)
        browser.peer.send(b"ear", browser.now)
        browser.look()
        assert browser.got[-1][0] == AWAY

    def test_another_session_proved_our_pair(self, browser: Browser) -> None:
        browser.peer.lose(HOME)
        browser.got.clear()
        browser.peer.send(b"ear", 1.0)
        browser.look()
        assert (browser.got, browser.dropped()) == ([], [])
        browser.say(1)
        assert browser.arrived() == []


def test_an_ice_restart_keeps_keys_and_streams(browser: Browser) -> None:
    browser.say(1)
    assert not browser.peer.has(ice.Credentials("efgh", "s" * 24))
    text = browser.peer.restart(
        ice.Credentials("efgh", "s" * 24), ice.Credentials("ours2", "r" * 24), [("192.0.2.2", 8002)]
    )
    assert "a=ice-ufrag:ours2" in text and browser.peer.ufrag == "ours2"
    assert browser.peer.has(ice.Credentials("efgh", "s" * 24))
    raw = check(ours="ours2", theirs="efgh", password="r" * 24, nominates=True)
    assert browser.peer.check(stun.parse(raw), AWAY, 2.0)
    browser.look()
    browser.say(2, AWAY)
    assert browser.arrived() == [1, 2]
    assert browser.turns() == ["up"]
    assert not browser.check(), "the old credentials are void"
    kept = browser.peer.snapshot(2.0)
    assert kept is not None and (kept.ours.ufrag, kept.offer.ufrag) == ("ours2", "efgh")


class TestTime:
    def test_gone_and_back(self, browser: Browser) -> None:
        browser.say(1)
        browser.poll(1.0 + ice.SILENCE_S)
        assert browser.turns() == ["up", "down"]
        browser.got.clear()
        browser.peer.send(b"ear", browser.now)
        browser.look()
        assert browser.got == []
        browser.say(2)
        assert browser.turns() == ["up", "down", "up"]
        browser.peer.send(b"ear", browser.now)
        browser.look()
        assert [p.timestamp for p in browser.heard()] == [1920], "time went on, numbers did not"

    def test_reports_are_a_sign_of_life(self, browser: Browser) -> None:
        browser.now = 8.0
        browser.control(ReceiverReport(VOICE))
        browser.poll(1.0 + ice.SILENCE_S)
        assert browser.turns() == ["up"]

    def test_gone_for_good(self, browser: Browser) -> None:
        browser.poll(1.0 + ice.SILENCE_S)
        browser.poll(1.0 + ice.SILENCE_S + ice.RETURN_S)
        assert browser.turns() == ["up", "down", "over"]
        assert browser.dropped() == [HOME]
        assert browser.peer.deadline == INF
        browser.poll(1e6)
        browser.say(1)
        assert browser.arrived() == []

    def test_a_browser_that_never_came(self) -> None:
        browser = Browser()
        assert browser.peer.deadline == 1.0 + ice.ARRIVE_S
        browser.poll(2.0)
        assert browser.turns() == []
        browser.poll(1.0 + ice.ARRIVE_S)
        assert browser.turns() == ["over"]

    def test_a_lost_flight_is_sent_again(self) -> None:
        browser = Browser()
        browser.check()
        for record in browser.client.receive():
            browser.put(record)
        browser.got.clear()
        assert browser.peer.deadline == pytest.approx(1.05)
        browser.poll(1.05)
        assert browser.got != []


class TestTheEnd:
    def test_we_say_goodbye(self, browser: Browser) -> None:
        browser.peer.close(2.0)
        browser.look()
        assert [one[:1] for _, one in browser.got] == [b"\x15"]
        assert browser.turns() == ["up", "over"]
        assert browser.dropped() == [HOME]
        browser.peer.close(2.0)
        browser.peer.send(b"ear", 2.0)
        assert browser.look() == []

    def test_they_say_goodbye(self, browser: Browser) -> None:
        browser.client.ssl.shutdown()
        for record in browser.client.written():
            browser.put(record)
        assert browser.turns() == ["up", "over"]
        assert browser.dropped() == [HOME]

    def test_closing_one_that_nobody_came_to(self) -> None:
        browser = Browser()
        browser.peer.close(1.0)
        assert browser.look() != []
        assert browser.turns() == ["over"]
