"""Our own stream: numbers, history, the budget of what is sent again, and the round trip."""

from __future__ import annotations

import pytest

from hustings.rtc import rtp, sending
from hustings.rtc.sending import Sending, ntp


@pytest.fixture
def stream() -> Sending:
    return Sending(ssrc=5, payload_type=111, sequence=65_534, timestamp=2**32 - 960)


def go(stream: Sending, times: int = 1, now: float = 1.0) -> None:
    for _ in range(times):
        stream.step(b"voice")
        stream.sent(stream.sequence, f"encrypted {stream.sequence}".encode(), now)


def test_steps(stream: Sending) -> None:
    first, second = rtp.parse(stream.step(b"one")), rtp.parse(stream.step(b"three"))
    assert (first.sequence, first.timestamp, first.payload) == (65_535, 0, b"one")
    assert (second.sequence, second.timestamp, second.payload) == (0, 960, b"three")
    assert (second.ssrc, second.payload_type) == (5, 111)
    assert (stream.packets, stream.octets) == (2, 8)


def test_time_goes_on_while_nobody_is_there(stream: Sending) -> None:
    stream.step(b"one")
    stream.skip()
    after = rtp.parse(stream.step(b"two"))
    assert (after.sequence, after.timestamp) == (0, 1920)


def test_a_nack_is_answered_with_the_same_bytes(stream: Sending) -> None:
    go(stream, 3)
    assert stream.again([0, 65_535, 77], 1.1) == [b"encrypted 0", b"encrypted 65535"]


class TestLimits:
    def test_history(self, stream: Sending) -> None:
        go(stream, sending.HISTORY_MAX)
        assert stream.again([65_535], 1.0) != []
        go(stream)
        assert stream.again([65_535], 1.0) == []

    def test_the_budget(self, stream: Sending) -> None:
        go(stream, 60)
        assert len(stream.again(list(range(20)), 1.0)) == 20
        assert len(stream.again(list(range(20)), 1.5)) == sending.AGAIN_MAX - 20
        assert stream.again([1], 1.9) == []
        assert len(stream.again([1], 2.1)) == 1


class TestRoundTrip:
    def test_it_follows_the_reports(self, stream: Sending) -> None:
        sent_at, held_s = 10.0, 0.25
        for _ in range(40):
            last = ntp(sent_at) >> 16 & 0xFFFFFFFF
            stream.reported(last, int(held_s * 65_536), sent_at + held_s + 0.04)
            assert stream.is_measured
            assert stream.round_trip_s == pytest.approx(0.04, abs=0.001)

    @pytest.mark.parametrize(("last", "delay"), [(0, 0), (1, 0), (ntp(9.0) >> 16, 2**32 - 1)])
    def test_a_report_that_cannot_be(self, stream: Sending, last: int, delay: int) -> None:
        assert not stream.is_measured
        before = stream.round_trip_s
        stream.reported(last, delay, 30_000.0)
        assert stream.round_trip_s == before
        assert not stream.is_measured


def test_the_timestamp_of_a_moment(stream: Sending) -> None:
    go(stream, 2, now=1.0)
    assert stream.timestamp_at(1.01) == 960 + 480


def test_ntp() -> None:
    assert ntp(1.5) == 0x1_8000_0000
