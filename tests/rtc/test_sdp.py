"""Offers that a stage takes, and those that it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import sdp
from tests.rtc.offers import (
    AUDIO,
    CHROMIUM,
    FFMPEG,
    FRAGMENT,
    GSTREAMER,
    OFFER,
    SECOND,
    SESSION,
    VIDEO,
)


def test_a_browsers_offer() -> None:
    offer = sdp.check(OFFER.encode(), "session")
    assert (offer.direction, offer.opus, offer.level_id) == ("sendrecv", 111, 1)


def test_what_is_taken_out_of_a_browsers_offer() -> None:
    offer = sdp.check((CHROMIUM + "a=rtcp-rsize\r\n").encode(), "session")
    assert (offer.red, offer.opus, offer.level_id, offer.sequence_id) == (63, 111, 1, 3)
    assert (offer.ufrag, offer.password, offer.mid) == ("abcd", "0123456789012345678901", "0")
    assert offer.fingerprints == (("sha-256", ":".join(["AB"] * 32)),)
    assert offer.has_bundle and offer.has_congestion_feedback and offer.has_reduced_size


def test_offers_of_encoders() -> None:
    ffmpeg, gstreamer = sdp.check(FFMPEG.encode(), "whip"), sdp.check(GSTREAMER.encode(), "whip")
    assert (ffmpeg.opus, ffmpeg.red, ffmpeg.level_id, ffmpeg.has_congestion_feedback) == (
        111,
        0,
        0,
        False,
    )
    assert (gstreamer.opus, gstreamer.mid, gstreamer.direction) == (100, "audio0", "sendrecv")
    assert ffmpeg.has_bundle and gstreamer.has_bundle and gstreamer.has_reduced_size


def test_candidates_are_left_out() -> None:
    """No remote candidate is ever contacted: an offer that was read knows none."""
    offer = sdp.check(OFFER.encode(), "session")
    assert "10.0.0.1" in OFFER and "10.0.0.1" not in repr(offer)


def test_bare_newlines_are_read() -> None:
    assert sdp.check(OFFER.replace("\r\n", "\n").encode(), "session").opus == 111


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (SESSION, "offer_no_audio"),
        (SESSION + AUDIO.replace("m=audio", "m=application"), "offer_no_audio"),
        (OFFER + SECOND, "offer_two_tracks"),
        (OFFER + "a=ssrc:1 msid:a b\r\na=ssrc:2 msid:a c\r\n", "offer_two_tracks"),
        (OFFER + VIDEO, "offer_video"),
        (SESSION + VIDEO, "offer_video"),
        (OFFER + AUDIO.replace("m=audio", "m=application"), "offer_malformed"),
        (OFFER.replace("opus/48000/2", "opus/16000/1"), "offer_no_opus"),
        (OFFER.replace("a=rtpmap:111 opus", "a=rtpmap:112 opus"), "offer_no_opus"),
        (OFFER.replace("111", "opusopus"), "offer_no_opus"),
        (OFFER.replace("sendrecv", "recvonly"), "offer_direction"),
        (OFFER.replace("sendrecv", "inactive"), "offer_direction"),
        (OFFER.replace("a=fingerprint", "a=finger"), "offer_malformed"),
        (OFFER.replace("a=ice-ufrag", "a=ice"), "offer_malformed"),
        (OFFER.replace("a=ice-pwd:0", "a=ice-pwd:"), "offer_malformed"),
        (OFFER.replace("a=ice-ufrag:abcd", "a=ice-ufrag:ab:d"), "offer_malformed"),
        (OFFER.replace("AB:", "A:", 1), "offer_malformed"),
        (OFFER.replace("AB:", "XX:", 1), "offer_malformed"),
        (OFFER.replace("sha-256", "sha-1"), "offer_malformed"),
        (OFFER.replace("sha-256", "sha-384"), "offer_malformed"),
        (OFFER.replace("a=setup:actpass", "a=setup:passive"), "offer_passive"),
        (OFFER.replace("a=setup:actpass", "a=setup:nonsense"), "offer_malformed"),
        (OFFER.replace("a=setup:actpass\r\n", ""), "offer_malformed"),
        (OFFER.replace("a=rtcp-mux\r\n", ""), "offer_malformed"),
        (OFFER.replace("a=mid:0", "a=mid:0 1"), "offer_malformed"),
        (OFFER.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "offer_malformed"),
        (OFFER.replace("m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "m=audio 9"), "offer_malformed"),
        (OFFER.replace(" 111 0", " 0").replace("111", "0"), "offer_no_opus"),
        (OFFER.replace("111", "128"), "offer_no_opus"),
        ("", "offer_malformed"),
        ("hello", "offer_malformed"),
        ("v=1" + OFFER[3:], "offer_malformed"),
        (OFFER + "nonsense\r\n", "offer_malformed"),
        (OFFER + "a=\x00\r\n", "offer_malformed"),
        (OFFER.replace("\r\n", "\r"), "offer_malformed"),
    ],
)
def test_offers_that_are_refused(offer: str, code: str) -> None:
    with pytest.raises(sdp.OfferError) as caught:
        sdp.check(offer.encode(), "session")
    assert caught.value.code == code


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(sdp.OfferError, match="offer_malformed"):
        sdp.check(b"v=0\r\n\xff\xfe", "session")


class TestRed:
    def test_red_of_another_codec_is_left_alone(self) -> None:
        other = CHROMIUM.replace("a=fmtp:63 111/111", "a=fmtp:63 111/0")
        assert sdp.check(other.encode(), "session").red == 0

    def test_red_that_says_nothing_of_its_blocks_is_left_alone(self) -> None:
        bare = CHROMIUM.replace("a=fmtp:63 111/111\r\n", "")
        assert sdp.check(bare.encode(), "session").red == 0


class TestLimits:
    """Each at the limit and one past it."""

    def test_fingerprints(self) -> None:
        line = "a=fingerprint:sha-256 " + ":".join(["CD"] * 32) + "\r\n"
        full = OFFER + line * (sdp.FINGERPRINTS_MAX - 1)
        assert len(sdp.check(full.encode(), "session").fingerprints) == sdp.FINGERPRINTS_MAX
        with pytest.raises(sdp.OfferError, match="offer_malformed"):
            sdp.check((full + line).encode(), "session")

    def test_size(self) -> None:
        lines = (sdp.OFFER_MAX - len(OFFER)) // 100
        filled = OFFER + ("a=" + "x" * 96 + "\r\n") * lines
        filled += "a=" + "x" * (sdp.OFFER_MAX - len(filled) - 4) + "\r\n"
        assert len(filled) == sdp.OFFER_MAX
        assert sdp.check(filled.encode(), "session").opus == 111
        with pytest.raises(sdp.OfferError, match="offer_too_large"):
            sdp.check(filled.encode() + b"x", "session")

    def test_a_megabyte(self) -> None:
        with pytest.raises(sdp.OfferError, match="offer_too_large"):
            sdp.check(OFFER.encode() + b"a=x\r\n" * 200_000, "session")

    def test_lines(self) -> None:
        room = sdp.LINES_MAX - OFFER.count("\r\n")
        assert sdp.check((OFFER + "a=x\r\n" * room).encode(), "session").opus == 111
        with pytest.raises(sdp.OfferError, match="offer_malformed"):
            sdp.check((OFFER + "a=x\r\n" * (room + 1)).encode(), "session")

    def test_a_line(self) -> None:
        assert (
            sdp.check((OFFER + "a=" + "x" * (sdp.LINE_MAX - 2) + "\r\n").encode(), "session").opus
            == 111
        )
        with pytest.raises(sdp.OfferError, match="offer_malformed"):
            sdp.check((OFFER + "a=" + "x" * (sdp.LINE_MAX - 1) + "\r\n").encode(), "session")


class TestDirections:
    """RFC 9725 §4.2 for WHIP; a session talks and listens."""

    @pytest.mark.parametrize(
        ("mode", "direction", "taken"),
        [
            ("session", "sendrecv", True),
            ("session", "sendonly", False),
            ("whip", "sendonly", True),
            ("whip", "sendrecv", True),
            ("whip", "recvonly", False),
            ("whep", "recvonly", True),
            ("whep", "sendrecv", True),
            ("whep", "sendonly", False),
        ],
    )
    def test_direction(self, mode: sdp.Mode, direction: str, taken: bool) -> None:
        raw = OFFER.replace("sendrecv", direction).encode()
        if taken:
            assert sdp.check(raw, mode).direction == direction
        else:
            with pytest.raises(sdp.OfferError, match="offer_direction"):
                sdp.check(raw, mode)

    def test_none_named_means_both(self) -> None:
        assert (
            sdp.check(OFFER.replace("a=sendrecv\r\n", "").encode(), "session").direction
            == "sendrecv"
        )

    def test_named_for_the_whole_offer(self) -> None:
        offer = SESSION + "a=sendonly\r\n" + AUDIO.replace("a=sendrecv\r\n", "")
        assert sdp.check(offer.encode(), "whip").direction == "sendonly"


@pytest.mark.parametrize(
    "extmap", ["a=extmap:0 ", "a=extmap:15 ", "a=extmap:x ", "a=extmap:2/sendrecv nothing:"]
)
def test_a_level_extension_that_cannot_be_used(extmap: str) -> None:
    assert sdp.check(OFFER.replace("a=extmap:1 ", extmap).encode(), "session").level_id == 0


class TestRestart:
    """What an ICE restart says (RFC 8840 §4.4)."""

    def test_new_credentials(self) -> None:
        assert sdp.credentials(FRAGMENT) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")

    @pytest.mark.parametrize(
        "fragment", [b"a=candidate:1 1 udp 1 10.0.0.1 5 typ host", b"a=end-of-candidates\r\n"]
    )
    def test_candidates_alone_have_none(self, fragment: bytes) -> None:
        assert sdp.credentials(fragment) is None

    @pytest.mark.parametrize(
        "fragment",
        [
            b"",
            b"a=ice-ufrag:EsAw\r\n",
            b"a=ice-ufrag:Es w\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
            b"a=ice-ufrag:EsAw\r\na=ice-pwd:short\r\n",
            b"a=ice-pwd:short\r\na=candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\n",
            b"\xff",
            b"a=x\r\n" * (sdp.LINES_MAX + 1),
        ],
    )
    def test_what_is_none(self, fragment: bytes) -> None:
        with pytest.raises(sdp.OfferError, match="offer_malformed"):
            sdp.credentials(fragment)


@given(st.binary(max_size=2_000), st.sampled_from(["session", "whip", "whep"]))
def test_garbage_is_refused_with_a_code(raw: bytes, mode: sdp.Mode) -> None:
    with pytest.raises(sdp.OfferError):
        sdp.check(raw, mode)


@given(
    st.lists(
        st.sampled_from([*OFFER.split("\r\n"), "m=video 9 X 1", "a=", "m=audio", "m="]), max_size=40
    )
)
def test_lines_in_any_order(lines: list[str]) -> None:
    raw = ("v=0\r\n" + "\r\n".join(lines)).encode()
    try:
        offer = sdp.check(raw, "session")
    except sdp.OfferError:
        return
    assert offer.opus == 111
