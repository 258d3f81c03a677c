"""Pictures and sounds for tests, made here: whole ones, and such as mean harm."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from typing import Any

import av
import numpy as np
from PIL import Image

RATE = 48_000


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: Any
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, more.pop("color", None) or "red").save(out, kind, **more)
    return out.getvalue()


def moving(kind: str = "GIF", frames: int = 3, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    every = [Image.new("RGB", size, (40 * n % 256, n, 255 - n)) for n in range(frames)]
    every[0].save(out, kind, save_all=True, append_images=every[1:], duration=80, loop=0)
    return out.getvalue()


def located() -> bytes:
    """A photograph lying on its side, that says where and by whom it was taken."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return picture(exif=exif, comment=b"a secret")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes = bytes(100), before: bytes = b"") -> bytes:
    """A PNG that claims a size, whatever its pixels are."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + before
        + chunk(b"IDAT", zlib.compress(pixels, 9))
        + chunk(b"IEND", b"")
    )


def wav(ms: int = 500, channels: int = 1) -> bytes:
    """A tone."""
    out = io.BytesIO()
    tone = (np.sin(np.arange(RATE * ms // 1000) * 0.05) * 9_000).astype("<i2")
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.repeat(tone, channels).tobytes())
    return out.getvalue()


def sound(kind: str = "mp3", codec: str = "libmp3lame", ms: int = 500, **tags: str) -> bytes:
    """The tone in another clothing: mp3 libmp3lame, ogg libopus or flac, ipod aac (m4a)."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(wav(ms, 2)), format="wav") as tone,
        av.open(out, "w", format=kind) as made,
    ):
        made.metadata.update(tags)
        track = made.add_stream(codec, rate=RATE, layout="stereo")
        for frame in tone.decode(audio=0):
            made.mux(track.encode(frame))
        made.mux(track.encode(None))
    return out.getvalue()
