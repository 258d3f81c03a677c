"""AAC parts in, MP3 frames out: for radios and car units that know nothing newer. One decoder and one encoder, kept open."""

from __future__ import annotations

import io

import av
from av import AudioCodecContext, AudioResampler
from av.codec.context import CodecContext
from av.error import FFmpegError

from hustings.audio.clock import RATE


class Mp3:
    """One program as MP3, stereo, 48 kHz (ISO/IEC 11172-3), by FFmpeg's libmp3lame.

    init: the CMAF init section that the parts belong to. bitrate in bits per second. Errors: `ValueError` for an init section
    that is none.
    """

    def __init__(self, init: bytes, bitrate: int) -> None:
        self._init = init
        try:
            with av.open(io.BytesIO(init), "r", format="mp4") as container:
                config = container.streams.audio[0].codec_context.extradata
        except (FFmpegError, IndexError) as error:
            raise ValueError("this is no init section of sound") from error
        decoder = CodecContext.create("aac", "r")
        decoder.extradata = config
        encoder = CodecContext.create("libmp3lame", "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate, encoder.format, encoder.layout = RATE, "fltp", "stereo"
        encoder.bit_rate = bitrate
        encoder.open()
        self._decoder, self._encoder = decoder, encoder
        self._cut = AudioResampler("fltp", "stereo", RATE, frame_size=encoder.frame_size)

    def push(self, part: bytes) -> bytes:
        """The whole MP3 frames that are complete with this part. Errors: `ValueError` for a part that cannot be read."""
        frames = []
        try:
            with av.open(io.BytesIO(self._init + part), "r", format="mp4") as container:
                for packet in container.demux(audio=0):
                    if packet.size:
                        fresh = av.Packet(bytes(packet))
                        frames += self._decoder.decode(fresh)
            if not frames:
                raise ValueError("this part has no sound in it")
            made = []
            for frame in frames:
                frame.pts = None
                for cut in self._cut.resample(frame):
                    made += [bytes(packet) for packet in self._encoder.encode(cut)]
        except FFmpegError as error:
            raise ValueError("this part cannot be read") from error
        return b"".join(made)
