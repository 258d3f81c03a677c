"""What a speaker sends, taken apart: plain Opus and RED, doubles, hostile rates and streams."""

from __future__ import annotations

import pytest

from hustings.rtc import intake, red, rtp, sdp
from hustings.rtc.intake import Intake
from tests.rtc.offers import CHROMIUM, OFFER


@pytest.fixture
def speaker() -> Intake:
    return Intake(sdp.check(CHROMIUM.encode(), "session"))


def opus(n: int, ssrc: int = 9) -> bytes:
    return rtp.build(111, n, 960 * n, ssrc, b"voice %d" % n)


def doubled(n: int, *older: int, kind: int = 111) -> bytes:
    """A RED packet with these before its own."""
    blocks = [red.Block(kind, 960 * (n - one), b"voice %d" % one) for one in older]
    payload = red.build([*blocks, red.Block(kind, 0, b"voice %d" % n)])
    return rtp.build(63, n, 960 * n, 9, payload)


def numbered(raw: bytes, number: int) -> bytes:
    """With a transport-wide sequence number (extension 3) and a level (extension 1)."""
    extension = b"\xbe\xde\x00\x02\x31" + number.to_bytes(2, "big") + b"\x10\xaa\x00\x00\x00"
    return bytes([raw[0] | 0x10]) + raw[1:12] + extension + raw[12:]


def said(speaker: Intake, raw: bytes, now: float = 1.0) -> list[tuple[int, bytes]]:
    return [(one.sequence, one.payload) for one in speaker.receive(raw, now)]


def test_plain_packets(speaker: Intake) -> None:
    [packet] = speaker.receive(opus(1), 1.0)
    assert (packet.payload, packet.raw) == (b"voice 1", opus(1))
    assert said(speaker, opus(3)) == [(3, b"voice 3")]
    assert said(speaker, opus(2)) == [(2, b"voice 2")]


def test_red_without_loss_is_the_packet_alone(speaker: Intake) -> None:
    said(speaker, doubled(1))
    [packet] = speaker.receive(doubled(2, 0, 1), 1.0)
    assert (packet.sequence, packet.payload_type, packet.payload) == (2, 111, b"voice 2")
    assert packet.raw == opus(2), "what is recorded is plain Opus"


def test_red_brings_back_what_was_lost_and_in_order(speaker: Intake) -> None:
    said(speaker, doubled(1, 0))
    assert said(speaker, doubled(3, 2)) == [(2, b"voice 2"), (3, b"voice 3")]
    assert speaker.restored == 1
    assert said(speaker, doubled(2, 1)) == [], "it is here already"
    assert said(speaker, doubled(6, 3, 4, 5)) == [(n, b"voice %d" % n) for n in (4, 5, 6)]
    [stream] = speaker.streams.values()
    assert stream.to_ask(1.5, 0.1) == []


def test_a_late_red_packet_restores_nothing(speaker: Intake) -> None:
    for n in (1, 4):
        said(speaker, doubled(n))
    assert said(speaker, doubled(3, 2)) == [(3, b"voice 3")]


def test_red_of_something_else(speaker: Intake) -> None:
    said(speaker, doubled(1))
    assert said(speaker, doubled(3, 2, kind=0)) == []
    with pytest.raises(ValueError, match="RED"):
        speaker.receive(rtp.build(63, 5, 0, 9, b"\xff"), 1.0)


def test_empty_blocks(speaker: Intake) -> None:
    """Chromium sends them while it has nothing yet (RFC 2198 §4)."""
    payload = red.build([red.Block(111, 960, b""), red.Block(111, 0, b"voice 1")])
    said(speaker, opus(0))
    assert said(speaker, rtp.build(63, 2, 1920, 9, payload)) == [(2, b"voice 1")]
    assert said(speaker, rtp.build(63, 3, 2880, 9, red.build([red.Block(111, 0, b"")]))) == []
    assert said(speaker, rtp.build(111, 4, 3840, 9, b"")) == []


def test_other_payload_types(speaker: Intake) -> None:
    assert said(speaker, rtp.build(0, 1, 0, 9, b"x")) == []
    assert speaker.streams == {}
    plain = Intake(sdp.check(OFFER.encode(), "session"))
    assert said(plain, rtp.build(0, 1, 0, 9, b"no RED was agreed on")) == []


def test_numbers_of_the_transport_and_a_level(speaker: Intake) -> None:
    [packet] = speaker.receive(numbered(doubled(1), 500), 1.0)
    assert packet.level == 0xAA & 0x7F
    assert speaker.arrivals.deadline < 2
    assert speaker.arrivals.report() == (500, 0, [1.0])
    speaker.receive(opus(2), 1.0)
    assert speaker.arrivals.deadline == float("inf")


def test_numbers_that_nobody_agreed_on() -> None:
    plain = Intake(sdp.check(OFFER.encode(), "session"))
    plain.receive(numbered(opus(1), 500), 1.0)
    assert plain.arrivals.deadline == float("inf")


class TestLimits:
    def test_rate(self, speaker: Intake) -> None:
        heard = [bool(said(speaker, opus(n), 1.0)) for n in range(int(intake.BURST) + 1)]
        assert heard == [True] * int(intake.BURST) + [False]
        n = 1_000
        over_s = [said(speaker, opus(n + k), 1.0 + k / 4_000) for k in range(4_000)]
        assert abs(sum(map(len, over_s)) - intake.RATE_MAX) <= 1, (
            "twenty times too fast for a second"
        )

    def test_streams(self, speaker: Intake) -> None:
        for ssrc in range(intake.STREAMS_MAX):
            assert said(speaker, opus(1, ssrc), 1.0 + ssrc) != []
        assert said(speaker, opus(1, 99), 1.0 + intake.IDLE_S - 0.1) == []
        assert said(speaker, opus(1, 99), 1.0 + intake.IDLE_S) != []
        assert list(speaker.streams) == [1, 2, 3, 99]


def test_what_is_counted_over_all_streams(speaker: Intake) -> None:
    assert speaker.counts(0.02) == intake.Counts(0, 0, 0.02)
    for n in (1, 2, 4):
        said(speaker, opus(n))
    said(speaker, opus(7, ssrc=10))
    assert speaker.counts(0.02) == intake.Counts(expected=5, lost=1, round_trip_s=0.02)
