"""RTCP of one session: reports, NACKs, transport-cc, and what the other side asks."""

from __future__ import annotations

import pytest

from hustings.rtc import arrivals, control, rtcp, rtp, sdp
from hustings.rtc.control import Control
from hustings.rtc.intake import Intake
from hustings.rtc.rtcp import Bye, Nack, ReceiverReport, Report, SenderReport, SourceNames
from hustings.rtc.sending import Sending, ntp
from hustings.rtc.transport_cc import TransportFeedback
from tests.rtc.offers import CHROMIUM
from tests.rtc.test_intake import numbered, opus

US, THEM = 5, 9


class Rig:
    def __init__(self, has_reduced_size: bool = True) -> None:
        self.intake = Intake(sdp.check(CHROMIUM.encode(), "session"))
        self.sending = Sending(US, 111, 0, 0)
        self.control = Control("name", self.sending, self.intake, has_reduced_size)

    def due(self, now: float) -> list[tuple[rtcp.Packet, ...]]:
        return [rtcp.parse(one) for one in self.control.due(now)]

    def send(self, now: float) -> None:
        self.sending.step(b"voice")
        self.sending.sent(self.sending.sequence, b"encrypted %d" % self.sending.sequence, now)


@pytest.fixture
def rig() -> Rig:
    return Rig()


NAMES = SourceNames(((US, "name"),))


def test_a_listener_only_reports_each_second(rig: Rig) -> None:
    assert rig.due(1.0) == [(ReceiverReport(US), NAMES)]
    assert rig.control.deadline == 1.0 + control.REPORT_EVERY_S
    assert rig.due(1.9) == []
    assert rig.due(2.0) == [(ReceiverReport(US), NAMES)]


def test_what_we_sent_and_what_we_got(rig: Rig) -> None:
    rig.send(10.0)
    rig.intake.receive(opus(1, THEM), 10.0)
    rig.control.receive(rtcp.build([SenderReport(THEM, 77 << 16, 0, 1, 7)]), 10.0)
    rig.control.receive(rtcp.build([SenderReport(1234, 88 << 16, 0, 1, 7)]), 10.0)
    [(report, _)] = rig.due(10.5)
    block = Report(THEM, 0, 0, 1, 0, 77, 32_768)
    assert report == SenderReport(US, ntp(10.5), 960 + 24_000, 1, 5, (block,))


def test_a_source_without_reports_of_its_own(rig: Rig) -> None:
    rig.intake.receive(opus(1, THEM), 10.0)
    [(report, _)] = rig.due(10.5)
    assert report == ReceiverReport(US, (Report(THEM, 0, 0, 1, 0, 0, 0),))


def test_what_is_missing_is_asked_for_soon(rig: Rig) -> None:
    rig.due(1.0)
    for n in (1, 4):
        rig.intake.receive(opus(n, THEM), 1.5)
    assert rig.control.deadline == pytest.approx(1.505)
    assert rig.due(1.505) == [(Nack(US, THEM, (2, 3)),)]
    assert rig.due(1.51) == []


def test_a_hole_that_became_too_old_between_two_looks(rig: Rig) -> None:
    rig.due(1.0)
    for n in (1, 3):
        rig.intake.receive(opus(n, THEM), 1.0)
    rig.control._report_at = 99.0
    assert rig.due(3.0) == []


def test_without_reduced_size_a_report_goes_before() -> None:
    """RFC 3550 §6.1; RFC 5506 only where it was agreed on."""
    rig = Rig(has_reduced_size=False)
    rig.due(1.0)
    for n in (1, 3):
        rig.intake.receive(opus(n, THEM), 1.5)
    assert rig.due(1.6) == [(ReceiverReport(US), NAMES, Nack(US, THEM, (2,)))]


def test_arrivals_are_reported(rig: Rig) -> None:
    rig.due(640.0)
    for n, at in ((0, 640.01), (1, 640.03), (3, 640.05)):
        rig.intake.receive(numbered(opus(n, THEM), 500 + n), at)
    [packets] = rig.due(640.01 + arrivals.REPORT_EVERY_S)
    feedback = packets[-1]
    assert isinstance(feedback, TransportFeedback)
    assert (feedback.sender, feedback.media, feedback.base, feedback.count) == (US, THEM, 500, 0)
    assert feedback.reference == 10_000
    assert feedback.arrivals == (40, 120, None, 200), "ticks of 250 µs after 10,000 x 64 ms"


def test_the_reference_wraps_after_a_week(rig: Rig) -> None:
    late = 0.064 * (0x800000 + 5)
    rig.due(late)
    rig.intake.receive(numbered(opus(1, THEM), 500), late)
    [packets] = rig.due(late + arrivals.REPORT_EVERY_S)
    feedback = packets[-1]
    assert isinstance(feedback, TransportFeedback)
    assert feedback.reference in (-0x800000 + 4, -0x800000 + 5)


def test_a_nack_brings_packets_again(rig: Rig) -> None:
    for _ in range(3):
        rig.send(1.0)
    ask = rtcp.build([Nack(THEM, US, (1, 3)), Nack(THEM, 77, (2,)), Bye((THEM,))])
    assert rig.control.receive(ask, 1.1) == [b"encrypted 1", b"encrypted 3"]


def test_the_round_trip_comes_from_their_reports(rig: Rig) -> None:
    before = rig.sending.round_trip_s
    for ssrc in (77, US):
        block = Report(ssrc, 0, 0, 1, 0, ntp(10.0) >> 16 & 0xFFFFFFFF, 0)
        rig.control.receive(rtcp.build([ReceiverReport(THEM, (block,))]), 10.02)
        assert (rig.sending.round_trip_s < before) == (ssrc == US)


def test_what_is_no_rtcp(rig: Rig) -> None:
    with pytest.raises(ValueError, match="RTCP"):
        rig.control.receive(b"\x80\xc8", 1.0)


def test_compounds_have_a_limit(rig: Rig) -> None:
    rig.send(1.0)
    ask = rtcp.build([Nack(THEM, US, (1,))])
    for _ in range(control.COMPOUNDS_MAX - 1):
        rig.control.receive(rtcp.build([ReceiverReport(THEM)]), 10.0)
    assert rig.control.receive(ask, 10.0) != []
    assert rig.control.receive(ask, 10.0) == []
    assert rig.control.receive(ask, 11.0) != []


def test_a_packet_that_asks_is_never_larger_than_a_datagram(rig: Rig) -> None:
    """All that can be due at once: four streams with every hole that is asked for, and the widest report."""
    for ssrc in range(4):
        for n in range(0, 50, 2):
            rig.intake.receive(rtp.build(111, n, 960 * n, ssrc, b"x"), 1.0 + n)
        for n in range(52, 100, 2):
            raw = rtp.build(111, n, 960 * n, ssrc, b"x")
            rig.intake.receive(numbered(raw, 3 * n), 60.0 + n / 50)
    [compound] = rig.control.due(62.0)
    assert len(compound) <= 1_200
