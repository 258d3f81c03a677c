from __future__ import annotations

import ctypes
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings.audio.codec import OpusEncoder, bundled_folders, find_libopus
from hustings.audio.opus_packet import PACKET_BYTES_MAX, frame_samples, has_fec, packet_samples
from tests.audio.sounds import ticks, voice

LIBRARY = ctypes.CDLL(find_libopus(bundled_folders()))


@pytest.mark.parametrize("config", range(32))
def test_lengths_agree_with_libopus_for_every_configuration(config: int) -> None:
    for code, count in product(range(4), range(64)):
        packet = bytes([config << 3 | code, count, 0, 0])
        theirs = LIBRARY.opus_packet_get_nb_samples(packet, len(packet), 48_000)
        assert frame_samples(packet) == LIBRARY.opus_packet_get_samples_per_frame(packet, 48_000)
        if theirs > 0:
            assert packet_samples(packet) == theirs
        else:
            with pytest.raises(ValueError, match=r"2\.5 to 120 ms"):
                packet_samples(packet)


def test_impossible_packets_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 7700 bytes, not 0"):
        packet_samples(b"")
    with pytest.raises(ValueError, match="no frame count"):
        packet_samples(b"\x03")
    assert packet_samples(bytes(PACKET_BYTES_MAX)) == 480
    with pytest.raises(ValueError, match="not 7701"):
        packet_samples(bytes(PACKET_BYTES_MAX + 1))


@settings(max_examples=400)
@given(st.binary(min_size=1, max_size=40))
def test_fec_flag_agrees_with_libopus_on_any_bytes_it_can_parse(packet: bytes) -> None:
    theirs = LIBRARY.opus_packet_has_lbrr(packet, len(packet))
    try:
        packet_samples(packet)
    except ValueError:
        return
    ours = has_fec(packet)  # must not raise
    if theirs >= 0:
        assert ours == bool(theirs)


FRAMES = bytes([0xFF] * 8)


@pytest.mark.parametrize("toc", [0x08, 0x0C, 0x18, 0x1C, 0x78, 0x80])
@pytest.mark.parametrize(
    "body",
    [
        b"\x00\xff",  # code 0/1
        b"\xff\xff",
        bytes([4]) + FRAMES,  # code 2, short length
        bytes([252, 1]) + bytes([255] * 254) + FRAMES,  # code 2, long length
        bytes([0x01]) + FRAMES,  # code 3, constant size
        bytes([0x81]) + FRAMES,  # code 3, variable, one frame: no length
        bytes([0x82, 4]) + FRAMES,  # code 3, variable, two frames
        bytes([0x41, 2]) + FRAMES + bytes(2),  # code 3 with padding
        bytes([0x41, 255, 1]) + FRAMES + bytes(255),  # code 3 with long padding
        bytes([0x82, 0]) + FRAMES,  # first frame empty
        bytes([0x82]),  # cut off
        bytes([0x41, 255]),  # cut off in its padding
    ],
)
@pytest.mark.parametrize("code", range(4))
def test_fec_flag_in_each_framing(toc: int, body: bytes, code: int) -> None:
    packet = bytes([toc | code]) + body
    try:
        packet_samples(packet)
    except ValueError:
        return
    theirs = LIBRARY.opus_packet_has_lbrr(packet, len(packet))
    ours = has_fec(packet)
    if theirs >= 0:
        assert ours == bool(theirs)


def test_an_encoder_told_of_loss_sends_fec_and_another_does_not() -> None:
    sound = ticks(voice(2))
    with_fec = OpusEncoder(1, 24_000, "voip", fec=True, loss_percent=20)
    without = OpusEncoder(1, 24_000, "voip")
    assert np.mean([has_fec(with_fec.encode(tick)) for tick in sound]) > 0.5
    assert not any(has_fec(without.encode(tick)) for tick in sound)
