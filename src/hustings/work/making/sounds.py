"""A sound made anew: AAC-LC in an MP4 whose index stands first, without tags, pictures or chapters, up to a length.

FFmpeg is told which reader and which decoders it may use: some of its readers open other files, or other servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av import AudioResampler
from av.audio.frame import AudioFrame
from av.error import FFmpegError

from hustings.work.making.fault import Fault

CODECS = ("mp3", "mp3float", "vorbis", "opus", "libopus", "flac", "aac", "alac")
PCM = ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le")
RATE, BITRATE_MONO, BITRATE = 48_000, 80_000, 128_000
CHANNELS_MAX, FAULTS_MAX = 8, 50
OPTIONS = {"protocol_whitelist": "", "probesize": "1000000", "enable_drefs": "0"}


@dataclass(frozen=True, slots=True)
class Sound:
    """A file in the folder, and how long it lasts."""

    file: str
    duration_ms: int


def make(raw: Path, folder: Path, longest_ms: int, kind: str) -> Sound:
    """`kind`: the reader's name, found by the first bytes.

    Errors: `Fault` with `media_too_long`, `media_malformed`; `MemoryError`.
    """
    with raw.open("rb") as file:
        try:
            with av.open(
                file, "r", format=kind, options=OPTIONS, metadata_errors="replace"
            ) as source:
                samples = _written(source, folder / "whole.m4a", longest_ms * RATE // 1000)
        except (FFmpegError, ValueError, IndexError, OverflowError):
            raise Fault("media_malformed") from None
    if not samples:
        raise Fault("media_malformed")
    return Sound("whole.m4a", samples * 1000 // RATE)


def _written(source: av.container.InputContainer, place: Path, most: int) -> int:
    """The samples that were written, at 48 kHz."""
    stream = source.streams.audio[0]
    if stream.codec_context.name not in (*CODECS, *PCM):
        raise Fault("media_malformed")
    if not 1 <= stream.codec_context.channels <= CHANNELS_MAX:
        raise Fault("media_malformed")
    layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    cut = AudioResampler("fltp", layout, RATE, frame_size=1024)
    samples = 0
    with av.open(str(place), "w", format="mp4", options={"movflags": "+faststart"}) as made:
        track = made.add_stream("aac", rate=RATE, layout=layout)
        track.bit_rate = BITRATE_MONO if layout == "mono" else BITRATE
        for frame in _frames(source, stream):
            for piece in cut.resample(frame):
                samples += piece.samples
                if samples > most + RATE // 10:
                    raise Fault("media_too_long")
                made.mux(track.encode(piece))
        for piece in cut.resample(None):
            samples += piece.samples
            made.mux(track.encode(piece))
        made.mux(track.encode(None))
    return samples


def _frames(
    source: av.container.InputContainer, stream: av.audio.stream.AudioStream
) -> Iterator[AudioFrame]:
    """Decoded pieces without times: what a file says of them may be a lie. A few broken packets are a click, many are a fault."""
    faults = 0
    for packet in source.demux(stream):
        try:
            frames = packet.decode()
        except FFmpegError:
            faults += 1
            if faults > FAULTS_MAX:
                raise
            continue
        for frame in frames:
            frame.pts = None
            yield frame
