"""The line: the road of a word through this process, in the order of `Line.tick`. Pure; a clock goes in with every call.

Each speaker has a jitter buffer, a decoder, a meter and a slow gain; only who is among the loudest is decoded and mixed.
The mixer's buses are the program (what listeners hear: the holding sound, or the voices and room tone once it is
open), the stage (all to all), and a clean feed for each speaker. A speaker who makes no sound hears the stage bus,
encoded once for all of them; one who does hears his clean feed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, SEGMENT, TICK
from hustings.audio.codec import OpusDecoder
from hustings.audio.comfort import Comfort
from hustings.audio.ears import PAST_TICKS, Ears
from hustings.audio.echo import EchoWatch
from hustings.audio.encoder import AccessUnit, ProgramEncoder
from hustings.audio.holding import HoldingSound
from hustings.audio.jitter_buffer import JitterBuffer, Pull
from hustings.audio.level import FLOOR_DB, Level, Leveller, peak_dbfs
from hustings.audio.limiter import Limiter
from hustings.audio.looped import Looped
from hustings.audio.loudest import AUDIBLE_DB, Claimed, Loudest, claim_of
from hustings.audio.mixer import PROGRAM, STAGE, Mixer, clean_feed
from hustings.audio.room_tone import GivesWay, RoomTone
from hustings.audio.treatment import Treatment
from hustings.hls import playlist
from hustings.hls.profile import Profile
from hustings.hls.segmenter import Part, Segment, Segmenter
from hustings.hls.silence import silent_parts
from hustings.hls.variant import Variant
from hustings.hls.window import Window
from hustings.rtc.rtp import RtpPacket
from hustings.studio.encodings import Encoding
from hustings.studio.voices import Watched, Watches

Samples = NDArray[np.float32]
HOLDING, TONE = "holding", "tone"
FADE = RATE
"""Samples over which the holding sound goes before the scheduled moment."""
EAR_DB = -66.0
"""Peak above which a speaker gets his clean feed: below it, what he would hear of himself is nothing."""
HEARD_MAX = 8
ENTERS = np.minimum(1, np.arange(1, TICK + 1, dtype=np.float32) / 240)
LEAVES = np.linspace(1, 0, TICK, dtype=np.float32)
"""On the first and the last tick of one who comes among the loudest, or goes: no word begins or ends in a click."""
TAIL_TICKS = 4
"""More than the limiter's 240 samples, AAC's two frames of 1,024 and Opus's lookahead together."""


@dataclass(slots=True)
class Voice:
    """One person on the stage. `opens` is the clock from which the program has him; `missed` are his last packets, while he
    is not decoded."""

    opens: int
    buffer: JitterBuffer
    watched: Watched
    decoder: OpusDecoder = field(default_factory=OpusDecoder)
    level: Level = field(default_factory=Level)
    leveller: Leveller = field(default_factory=Leveller)
    treatment: Treatment = field(default_factory=Treatment)
    comfort: Comfort = field(default_factory=Comfort)
    muted: bool = False
    leaving: bool = False
    missed: deque[bytes] = field(default_factory=lambda: deque(maxlen=PAST_TICKS))
    gain: tuple[float, float] = (0.0, 0.0)

    def claim(self, pull: Pull) -> float | None:
        """How loud the next 20 ms are by his own word."""
        if self.muted:
            return FLOOR_DB
        return claim_of([step.payload for step in pull.steps if step.payload])

    def tick(self, pull: Pull, is_wanted: bool) -> Samples | None:
        """His next 20 ms; None while he is silent, or not wanted."""
        if not is_wanted:
            if not pull.then:
                if pull.kind == "packet":
                    self.missed.append(pull.payload)
            else:
                self.missed.extend(step.payload for step in pull.steps if step.kind == "packet")
            self.level.update(None)
            self.watched.hear(None)
            return None
        if self.missed:
            self.decoder.take_up(self.missed)
            self.missed.clear()
            self.treatment.rest()
        came = self.decoder.tick(pull)
        self.watched.hear(None if self.muted else came)
        sound = self.treatment.apply(came, self.level.talking)
        self.level.update(None if self.muted else sound)
        sound = self.comfort.tick(sound, self.buffer.stalled, self.level.noise_floor_db)
        return None if sound is None else self.leveller.apply(sound, self.level.talking)


@dataclass(frozen=True, slots=True)
class Made:
    """A part of one variant, the segment that it completes, names whose bytes may go. `reloaded`: it came from disk."""

    variant: str
    part: Part
    segment: Segment | None
    expired: tuple[str, ...]
    reloaded: bool = False


@dataclass(frozen=True, slots=True)
class Playlists:
    """One variant's playlists where they changed: `live` with each part, `plain` (else empty) with each segment. `last`
    is the newest (segment, part) that `live` names, `plain_last` the newest of `plain`."""

    live: str
    last: tuple[int, int]
    plain: str
    plain_last: tuple[int, int]
    ended: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """What 20 ms led to. `ears`: one Opus packet for each who hears; `levels` in dBFS; `talking`: who talks most, first;
    `echoing`: whose microphone carries the program back, and how many seconds late."""

    ears: Mapping[str, bytes]
    made: tuple[Made, ...]
    playlists: Mapping[str, Playlists]
    talking: tuple[str, ...]
    levels: Mapping[str, float]
    program_peak_db: float
    echoing: Mapping[str, float]


@dataclass(slots=True)
class Out:
    """One variant's way out."""

    encoding: Encoding
    encoder: ProgramEncoder
    segmenter: Segmenter
    window: Window


class Line:
    """The line of one room, from `first_clock` on (a part boundary). Call `begin` once, then `tick` for every tick."""

    def __init__(
        self,
        profile: Profile,
        encodings: Iterable[Encoding],
        first_clock: int,
        ear_bitrate: int,
        heard_max: int = HEARD_MAX,
    ) -> None:
        if first_clock % profile.part_samples:
            raise ValueError(f"the line starts at a part, not at {first_clock}")
        self._profile = profile
        self._next = first_clock
        self._voices: dict[str, Voice] = {}
        self._loudest = Loudest(heard_max)
        self._ears = Ears(ear_bitrate)
        self._echo = EchoWatch()
        self.watches = Watches()
        self._air_clock = 0
        self._open = self._over = False
        self._mixer = Mixer()
        self._mixer.add_bus(PROGRAM, 2)
        self._mixer.add_bus(STAGE)
        self._beds: dict[str, Looped] = {HOLDING: HoldingSound(), TONE: RoomTone()}
        for bed in self._beds:
            self._mixer.add_source(bed, 2)
        self._tone = GivesWay()
        self._limiter = Limiter(2)
        self._outs = {
            encoding.variant.name: Out(
                encoding,
                encoding.make(first_clock),
                Segmenter(profile, encoding.variant),
                Window(profile, encoding.variant),
            )
            for encoding in encodings
        }

    def tick(self, clock: int) -> Tick:
        """The road. `clock` is that of the tick's first sample; each call continues the last."""
        if clock != self._next:
            raise ValueError(f"tick {clock} where {self._next} is next")
        self._next = clock + TICK
        # jitter_buffer > loudest > codec > treatment > level: packets to sound, 20 ms of each who is heard
        frames = self._sounds()
        # mixer: one matrix; every change of a gain is a ramp over this tick
        self._set_gains(clock)
        levels = {one: it.level.power_db for one, it in self._voices.items() if one in frames}
        frames |= self._lain_under(clock, max(levels.values(), default=FLOOR_DB) >= AUDIBLE_DB)
        sounding = self._sounding(frames)
        suspect = self._echo.wanted(levels)
        feeds = self._ears.own(sounding) | ({suspect} & self._voices.keys())
        buses = self._mixer.mix(frames, [PROGRAM, STAGE, *map(clean_feed, feeds)])
        self._watch_for_echo(suspect, levels, frames, buses)
        self._let_go()
        # limiter > encoder > segmenter > window > playlist: the program, encoded once
        program = self._limiter.limit(buses[PROGRAM])
        made = self._encode(clock - self._limiter.latency, program)
        return Tick(
            # ears: what those on the stage hear
            ears=self._hear(sounding, buses),
            made=tuple(made),
            playlists=self._playlists(made),
            talking=tuple(p for p, voice in self._voices.items() if voice.level.talking),
            levels={person: voice.level.level_db for person, voice in self._voices.items()},
            program_peak_db=peak_dbfs(program),
            echoing=self._echo.echoing,
        )

    # --- who is there, and what is open

    def push(self, person: str, packet: RtpPacket, arrival_clock: int) -> None:
        """A speaker's packet, when it came."""
        voice = self._voices.get(person)
        if voice is not None and packet.payload:
            payload = Claimed(packet.payload, packet.level)
            voice.buffer.push(packet.sequence, packet.timestamp, payload, arrival_clock)

    def add(self, person: str, hears: bool = True) -> None:
        """Somebody comes on the stage; nothing if he is there. In an open program he is heard at once."""
        voice = self._voices.get(person)
        if voice is not None and not voice.leaving:
            return
        if voice is not None:
            self._drop(person)
        self._mixer.add_talker(person)
        for other, known in self._voices.items():  # who is muted is so in this feed too
            self._mixer.set_gain(other, clean_feed(person), known.gain[0])
        buffer = JitterBuffer()
        self._voices[person] = Voice(0, buffer, self.watches.add(person, buffer.stats))
        if hears:
            self._ears.add(person)

    def remove(self, person: str) -> None:
        """Somebody is gone: his sound fades in one tick."""
        if person in self._voices:
            self._voices[person].leaving = True

    def set_muted(self, person: str, muted: bool) -> None:
        if person in self._voices:
            self._voices[person].muted = muted

    def treat(self, person: str, hum: bool, noise: bool) -> None:
        """What is taken out of his sound from the next tick on."""
        if person in self._voices:
            self._voices[person].treatment.turn(hum, noise)

    def schedule(self, air_clock: int) -> None:
        """The program will open at `air_clock` (0: it will not): the holding sound goes before."""
        self._air_clock = air_clock

    def open_program(self, clock: int) -> None:
        """The program opens with the tick at `clock`. A word that arrived before, and still waits in a jitter buffer,
        was said back stage: each voice opens when what arrives at `clock` comes out."""
        self._open = True
        for voice in self._voices.values():
            voice.opens = clock + voice.buffer.stats.delay_ticks * TICK

    def shut_program(self) -> None:
        """From the next tick on the program has no voice and no holding sound."""
        self._open = False
        self._over = True

    def spare(self, on: bool) -> None:
        """Fewer bits (a brownout), or all of them again, from the next access units on. Nothing else changes."""
        for out in self._outs.values():
            whole = out.encoding.variant.bitrate
            out.encoder.set_bitrate(out.encoding.spare_bitrate if on else whole)

    # --- beginning and end

    @property
    def windows(self) -> dict[str, Window]:
        return {name: out.window for name, out in self._outs.items()}

    @property
    def variants(self) -> list[Variant]:
        return [out.encoding.variant for out in self._outs.values()]

    def begin(
        self, past: Mapping[str, list[Part]], since: int
    ) -> tuple[list[Made], dict[str, Playlists]]:
        """Fills each window up to the first tick: parts from disk, then silence from there (or from `since`)."""
        made: list[Made] = []
        starts: dict[str, int] = {}
        for name, out in self._outs.items():
            parts = past.get(name, [])
            made += [self._take(out, part, reloaded=True) for part in parts]
            starts[name] = parts[-1].end if parts else since
        made += self._fill(self._next, starts)
        return made, self._playlists(made)

    def end(self) -> tuple[list[Made], dict[str, Playlists]]:
        """No tick will follow: a last ramp to silence, silence to the end of the segment, then ENDLIST."""
        self.shut_program()
        made: list[Made] = []
        end = -(-self._next // SEGMENT) * SEGMENT
        if end > self._next:
            made += self.tick(self._next).made
        nothing = np.zeros((TICK, 2), np.float32)
        for _ in range(TAIL_TICKS):  # what is still on its way through limiter and encoders
            program = self._limiter.limit(nothing)
            made += self._encode(self._next - self._limiter.latency, program, end)
            self._next += TICK
        for out in self._outs.values():
            made += self._pack(out, out.encoder.finish(), end)
        made += self._fill(end)
        for out in self._outs.values():
            out.window.end()
        told = {name: out.window.last for name, out in self._outs.items()}
        return made, {name: self._lists(name, told, True) for name in told if told[name]}

    # --- steps of the road

    def _sounds(self) -> dict[str, Samples]:
        """20 ms of each who is among the loudest."""
        pulls = {person: voice.buffer.pull() for person, voice in self._voices.items()}
        wanted = self._loudest.choose(
            {person: voice.claim(pulls[person]) for person, voice in self._voices.items()}
        )
        sounds = {
            person: voice.tick(pulls[person], person in wanted)
            for person, voice in self._voices.items()
        }
        verdict = self._loudest.settle(
            {one: it.level.power_db for one, it in self._voices.items() if one in wanted}
        )
        frames: dict[str, Samples] = {}
        for person, sound in sounds.items():
            if sound is None or person not in verdict.heard:
                continue
            if person in verdict.entered:
                sound = sound * ENTERS
            if person in verdict.left:
                sound = sound * LEAVES
            frames[person] = sound
        return frames

    def _set_gains(self, clock: int) -> None:
        for person, voice in self._voices.items():
            is_shut = voice.muted or voice.leaving
            stage = 0.0 if is_shut else self._echo.gain(person, voice.level.power_db)
            program = stage if self._open and clock >= voice.opens else 0.0
            if voice.gain == (stage, program):
                continue
            was, voice.gain = voice.gain[0], (stage, program)
            self._mixer.set_gain(person, PROGRAM, program)
            if was == stage:
                continue
            self._mixer.set_gain(person, STAGE, stage)
            for other in self._voices:
                if other != person:
                    self._mixer.set_gain(person, clean_feed(other), stage)

    def _lain_under(self, clock: int, is_heard: bool) -> dict[str, Samples]:
        """The holding sound until the program opens, room tone while it is open: 20 ms of what is not at nought all through."""
        frames: dict[str, Samples] = {}
        tone = self._tone.gain(is_heard) if self._open else 0.0
        for bed, gain in ((HOLDING, self._holding_gain(clock)), (TONE, tone)):
            was = self._mixer.gain(bed, PROGRAM)
            if was != gain:
                self._mixer.set_gain(bed, PROGRAM, gain)
            if was or gain:
                frames[bed] = self._beds[bed].tick(clock)
        return frames

    def _sounding(self, frames: Mapping[str, Samples]) -> set[str]:
        """Whose own sound would come back to him in the bus of all."""
        voices = self._voices
        return {one for one in frames if one in voices and voices[one].level.peak_db > EAR_DB}

    def _watch_for_echo(
        self,
        person: str,
        levels: Mapping[str, float],
        frames: Mapping[str, Samples],
        buses: Mapping[str, Samples],
    ) -> None:
        self._echo.hear(
            buses[STAGE] if levels else None,
            max(levels, key=lambda one: levels[one], default=""),
            frames.get(person),
            buses.get(clean_feed(person)),
            levels.get(person, FLOOR_DB),
        )

    def _holding_gain(self, clock: int) -> float:
        """Where the holding sound is at the end of this tick: gone when the tick before the scheduled moment ends."""
        if self._open or self._over:
            return 0.0
        if not self._air_clock:
            return 1.0
        return min(1.0, max(0.0, (self._air_clock - TICK - clock) // TICK * TICK / FADE))

    def _let_go(self) -> None:
        for person in [person for person, voice in self._voices.items() if voice.leaving]:
            self._drop(person)

    def _drop(self, person: str) -> None:
        self._mixer.remove_talker(person)
        self._ears.remove(person)
        self._echo.forget(person)
        self.watches.forget(person)
        del self._voices[person]

    def _encode(self, clock: int, program: Samples, until: int | None = None) -> list[Made]:
        made: list[Made] = []
        for out in self._outs.values():
            made += self._pack(out, out.encoder.push(clock, program), until)
        return made

    def _pack(self, out: Out, units: Iterable[AccessUnit], until: int | None) -> list[Made]:
        """The parts that are complete with these."""
        made: list[Made] = []
        for unit in units:
            if until is not None and unit.clock >= until:
                continue
            part = out.segmenter.push(unit.clock, unit.duration, unit.payload)
            if part is not None:
                made.append(self._take(out, part))
        return made

    def _fill(self, until: int, starts: Mapping[str, int] | None = None) -> list[Made]:
        """Coded silence in every variant from where it stands (or `starts`) to `until`."""
        made: list[Made] = []
        for name, out in self._outs.items():
            start = starts[name] if starts else out.segmenter.next_clock or until
            silence = silent_parts(out.encoding.variant, start, until, out.encoding.silence)
            for unit in silence:
                part = out.segmenter.push(*unit)
                if part is not None:
                    made.append(self._take(out, part))
        return made

    def _take(self, out: Out, part: Part, reloaded: bool = False) -> Made:
        segment = out.window.append(part)
        return Made(out.encoding.variant.name, part, segment, out.window.expired(), reloaded)

    def _playlists(self, made: Iterable[Made]) -> dict[str, Playlists]:
        """The playlists of every variant that got a part."""
        whole: dict[str, bool] = {}
        for one in made:
            whole[one.variant] = whole.get(one.variant, False) or one.segment is not None
        told = {name: out.window.last for name, out in self._outs.items()}
        return {name: self._lists(name, told, whole[name]) for name in whole if told[name]}

    def _lists(
        self, name: str, told: Mapping[str, tuple[int, int] | None], whole: bool
    ) -> Playlists:
        window, last = self._outs[name].window, told[name]
        assert last is not None
        others = {other: at for other, at in told.items() if at is not None}
        with_plain = bool(window.complete) and (whole or window.ended)
        msn = window.complete[-1].msn if window.complete else 0
        return Playlists(
            live=playlist.media(window, others=others),
            last=last,
            plain=playlist.plain(window) if with_plain else "",
            plain_last=(msn, self._profile.parts_per_segment - 1),
            ended=window.ended,
        )

    def _hear(self, sounding: set[str], buses: Mapping[str, Samples]) -> dict[str, bytes]:
        """A packet for each who hears: his clean feed if he sounds, or did within a second, else the stage. Who goes in this
        tick is no more among the voices, and hears nothing."""
        here = sounding & self._voices.keys()
        clean = {one: buses[clean_feed(one)] for one in self._ears.own(here)}
        return self._ears.encode(buses[STAGE], clean, here)
