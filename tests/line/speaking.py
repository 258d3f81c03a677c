"""A speaker for the tests: sound in, real Opus RTP packets out; and ears that decode what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import av
import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, TICK
from hustings.audio.codec import OpusDecoder, OpusEncoder
from hustings.audio.level import FLOOR_DB, rms_dbfs
from hustings.hls.profile import DEFAULT, Profile
from hustings.rtc import rtp
from hustings.rtc.rtp import RtpPacket
from hustings.studio.encodings import Encoding, encodings
from hustings.studio.line import Line, Made, Tick

Sound = NDArray[np.float32]
START = 1_731_000_000 * RATE // 184_320 * 184_320
ENCODINGS = encodings(96_000, 64_000)


def tone(pitch: float, samples: int, gain: float = 0.25) -> Sound:
    """A sine with soft edges (10 ms)."""
    sound = gain * np.sin(2 * np.pi * pitch * np.arange(samples) / RATE)
    edge = np.minimum(1, np.minimum(np.arange(samples), np.arange(samples)[::-1]) / 480)
    return (sound * edge).astype(np.float32)


def strength(sound: Sound, pitch: float) -> float:
    """Amplitude of one pitch in mono sound."""
    if not len(sound):
        return 0.0
    turns = np.exp(-2j * np.pi * pitch * np.arange(len(sound)) / RATE)
    return float(2 * abs(np.mean(sound * turns)))


@dataclass
class Speaker:
    """Says silence, and whatever `say` put on his way, one packet every 20 ms."""

    person: str
    said: dict[int, Sound] = field(default_factory=dict)
    number: int = 0
    encoder: OpusEncoder = field(default_factory=lambda: OpusEncoder(1, 72_000, "voip"))
    claims: bool = False
    """Whether his packets say how loud they are."""

    def say(self, clock: int, sound: Sound) -> None:
        """`sound` from `clock` on, replacing what he would say then."""
        padded = np.concatenate([sound, np.zeros(-len(sound) % TICK, np.float32)])
        for at in range(0, len(padded), TICK):
            self.said[clock + at] = padded[at : at + TICK]

    def packet(self, clock: int) -> RtpPacket:
        """The packet with the sound of [clock - 960, clock), as it arrives at `clock`."""
        frame = self.said.get(clock - TICK)
        payload = self.encoder.encode(np.zeros(TICK, np.float32) if frame is None else frame)
        self.number += 1
        packet = rtp.parse(rtp.build(111, self.number, self.number * TICK, 7, payload))
        if not self.claims:
            return packet
        level = FLOOR_DB if frame is None else rms_dbfs(frame)
        return packet._replace(level=min(127, round(-level)))


class Rig:
    """A line on virtual time, with speakers; keeps all that it made."""

    def __init__(
        self,
        profile: Profile = DEFAULT,
        people: Iterable[str] = (),
        encodings: Iterable[Encoding] = ENCODINGS,
        start: int = START,
    ) -> None:
        self.line = Line(profile, encodings, start, 64_000)
        self.clock = start
        self.speakers: dict[str, Speaker] = {}
        self.made: list[Made] = []
        self.ticks: list[Tick] = []
        self.ears: dict[str, list[bytes]] = {}
        made, self.playlists = self.line.begin({}, start)
        self.made += made
        for person in people:
            self.join(person)

    def join(self, person: str) -> Speaker:
        self.line.add(person)
        self.speakers[person] = Speaker(person)
        return self.speakers[person]

    def run(self, samples: int) -> None:
        """Ticks for so many samples."""
        for _ in range(samples // TICK):
            for person, speaker in self.speakers.items():
                self.line.push(person, speaker.packet(self.clock), self.clock)
            tick = self.line.tick(self.clock)
            self.clock += TICK
            self.ticks.append(tick)
            self.made += tick.made
            self.playlists = {**self.playlists, **tick.playlists}
            for person, payload in tick.ears.items():
                self.ears.setdefault(person, []).append(payload)

    def end(self) -> None:
        made, playlists = self.line.end()
        self.made += made
        self.playlists = dict(playlists)

    def heard(self, variant: str = "opus") -> Sound:
        """What a listener hears from START on, mono: every part decoded by FFmpeg, as a player does."""
        payload = b"".join(one.part.payload for one in self.made if one.variant == variant)
        return decode(self.line.windows[variant].init + payload)

    def ear(self, person: str) -> Sound:
        """What somebody on the stage hears."""
        decoder = OpusDecoder()
        return np.concatenate([decoder.decode(payload) for payload in self.ears[person]])


def decode(file: bytes) -> Sound:
    """Mono sound of a fragmented MP4, placed by its timestamps (the first is START)."""
    import io

    rows: list[tuple[int, Sound]] = []
    with av.open(io.BytesIO(file)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None
            rows.append(
                (
                    frame.pts,
                    frame.to_ndarray().reshape(-1, frame.samples).mean(axis=0)
                    if frame.format.is_planar
                    else frame.to_ndarray().reshape(frame.samples, -1).mean(axis=1),
                )
            )
    first = rows[0][0]
    sound = np.zeros(rows[-1][0] - first + len(rows[-1][1]), np.float32)
    for at, piece in rows:
        sound[at - first : at - first + len(piece)] = piece
    return sound
