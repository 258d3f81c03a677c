"""variant: what an init section can be written from, and nothing else."""

from __future__ import annotations

import pytest

from hustings.hls.variant import Variant, aac, opus
from tests.hls.sounding import AAC, OPUS


def test_the_two_variants() -> None:
    assert (AAC.name, AAC.codec, AAC.frame_samples, AAC.bitrate) == (
        "aac",
        "mp4a.40.2",
        1024,
        96_000,
    )
    assert (OPUS.name, OPUS.codec, OPUS.frame_samples, OPUS.bitrate) == (
        "opus",
        "opus",
        960,
        64_000,
    )


@pytest.mark.parametrize("channels", [1, 2])
def test_channels_are_read_from_the_configuration(channels: int) -> None:
    assert aac(((2 << 11) | (3 << 7) | (channels << 3)).to_bytes(2, "big")).channels == channels
    assert opus(OPUS.config[:9] + bytes([channels]) + OPUS.config[10:]).channels == channels


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"\x11",
        bytes.fromhex("1210"),  # 44.1 kHz
        bytes.fromhex("2990"),  # HE-AAC
        bytes.fromhex("1198"),  # three channels
        bytes.fromhex("1180"),  # channels in a program config element
    ],
)
def test_an_audio_specific_config_that_is_not_aac_lc_at_48_khz(config: bytes) -> None:
    with pytest.raises(ValueError, match=r"AudioSpecificConfig|channels"):
        aac(config)


@pytest.mark.parametrize(
    "config",
    [
        b"",
        OPUS.config[:-1],
        OPUS.config + b"\0",
        b"OpusHeed" + OPUS.config[8:],
        b"OpusHead\x02" + OPUS.config[9:],
        OPUS.config[:-1] + b"\x01",  # mapping family 1
        OPUS.config[:9] + b"\x00" + OPUS.config[10:],
        OPUS.config[:9] + b"\x03" + OPUS.config[10:],
    ],
)
def test_an_opus_head_that_is_none(config: bytes) -> None:
    with pytest.raises(ValueError, match=r"OpusHead|channels"):
        opus(config)


@pytest.mark.parametrize(
    ("codec", "bitrate", "frame"),
    [("mp3", 1, 1152), ("opus", 1, 1024), ("mp4a.40.2", 1, 960), ("opus", 0, 960)],
)
def test_no_such_variant(codec: str, bitrate: int, frame: int) -> None:
    with pytest.raises(ValueError, match=r"variant|bit rate"):
        Variant("x", codec, bitrate, frame, OPUS.config)
