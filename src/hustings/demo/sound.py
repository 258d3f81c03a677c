"""The voices as Opus packets, handed to the sender as they lie in the file: nothing is encoded here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from aiortc import MediaStreamTrack

FRAME_S = 0.02
FRAME_SAMPLES = 960
LATE_FRAMES = 25
SILENCE = b"\xf8\xff\xfe"
"""20 ms of coded silence (RFC 6716: CELT, full band, mono)."""


def read_packets(path: Path) -> list[bytes]:
    """The 20 ms packets of an Ogg Opus file, in order. Errors: `OSError`, `ValueError` for other frame lengths."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
    if any(packet.duration != FRAME_SAMPLES for packet in packets[:-1]):
        raise ValueError(f"{path} is not in frames of 20 ms")
    return [bytes(packet) for packet in packets]


class Conversation:
    """The voices on one grid of 20 ms, so that nobody talks while another does, whenever each was connected.

    Silence until `begin`; then from the first word, in a loop.
    """

    def __init__(self, voices: Mapping[str, Sequence[bytes]], now_s: float) -> None:
        self._voices = voices
        self._zero_s = now_s
        self._first: int | None = None
        self._length = max(len(packets) for packets in voices.values())

    @property
    def begun(self) -> bool:
        return self._first is not None

    def begin(self, now_s: float) -> None:
        self._first = self.frame_at(now_s) + 1

    def frame_at(self, now_s: float) -> int:
        """The number of the frame that is due."""
        return int((now_s - self._zero_s) / FRAME_S)

    def due_s(self, frame: int) -> float:
        return self._zero_s + frame * FRAME_S

    def packet(self, voice: str, frame: int) -> bytes:
        if self._first is None or frame < self._first:
            return SILENCE
        packets = self._voices[voice]
        place = (frame - self._first) % self._length
        return packets[place] if place < len(packets) else SILENCE


class VoiceTrack(MediaStreamTrack):
    """One voice at the pace of the clock. aiortc packs an `av.Packet` as it is."""

    kind = "audio"

    def __init__(self, conversation: Conversation, voice: str) -> None:
        super().__init__()
        self._conversation = conversation
        self._voice = voice
        self._frame: int | None = None

    async def recv(self) -> av.Packet[Any]:
        now_s = asyncio.get_running_loop().time()
        frame = self._next(now_s)
        await asyncio.sleep(max(0.0, self._conversation.due_s(frame) - now_s))
        packet = av.Packet(self._conversation.packet(self._voice, frame))
        packet.pts = frame * FRAME_SAMPLES
        packet.time_base = Fraction(1, 48_000)
        return packet

    def _next(self, now_s: float) -> int:
        """The frame after the last; after a machine that slept, the one that is due."""
        due = self._conversation.frame_at(now_s)
        if self._frame is None or due - self._frame > LATE_FRAMES:
            self._frame = due
        else:
            self._frame += 1
        return self._frame
