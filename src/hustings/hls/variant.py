"""One encoding of the program: its codec, frame length and decoder configuration."""

from __future__ import annotations

from dataclasses import dataclass

_FRAME_SAMPLES = {"mp4a.40.2": 1024, "opus": 960}
_OPUS_HEAD_BYTES = 19


@dataclass(frozen=True, slots=True)
class Variant:
    """A codec and bit rate of the one mix.

    `name` is the first path word of its addresses (`aac`, `opus`), `codec` the RFC 6381 string,
    `bitrate` in bit/s as asked of the encoder, `frame_samples` at 48 kHz, `config` the
    AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) or the OpusHead (RFC 7845 §5.1) as the encoder
    gives it. Raises ValueError for anything an init section could not be written from.
    """

    name: str
    codec: str
    bitrate: int
    frame_samples: int
    config: bytes

    def __post_init__(self) -> None:
        if _FRAME_SAMPLES.get(self.codec) != self.frame_samples:
            raise ValueError(f"no variant with codec {self.codec!r} x {self.frame_samples} samples")
        if self.bitrate <= 0:
            raise ValueError(f"bit rate {self.bitrate}")
        if self.channels not in (1, 2):
            raise ValueError(f"{self.channels} channels: the program has one or two")

    @property
    def channels(self) -> int:
        """Channels, read from the decoder configuration."""
        if self.codec == "opus":
            return _opus_channels(self.config)
        return _aac_channels(self.config)


def aac(config: bytes, bitrate: int = 96_000) -> Variant:
    """AAC-LC, which every player plays. `config` is the encoder's AudioSpecificConfig."""
    return Variant("aac", "mp4a.40.2", bitrate, 1024, config)


def opus(config: bytes, bitrate: int = 64_000) -> Variant:
    """Opus in 20 ms frames, the extra variant. `config` is the encoder's OpusHead."""
    return Variant("opus", "opus", bitrate, 960, config)


def _aac_channels(config: bytes) -> int:
    """AudioSpecificConfig: 5 bits object type, 4 bits frequency index, 4 bits channels."""
    if len(config) < 2:
        raise ValueError("AudioSpecificConfig is shorter than two bytes")
    word = int.from_bytes(config[:2], "big")
    object_type, frequency_index, channels = word >> 11, word >> 7 & 15, word >> 3 & 15
    if object_type != 2 or frequency_index != 3:
        raise ValueError("AudioSpecificConfig is not AAC-LC at 48 kHz")
    return channels


def _opus_channels(config: bytes) -> int:
    """OpusHead: magic, version, channels, pre-skip, rate, gain, mapping family 0."""
    if len(config) != _OPUS_HEAD_BYTES or config[:9] != b"OpusHead\x01" or config[18] != 0:
        raise ValueError("not an OpusHead of version 1 and mapping family 0")
    return config[9]
