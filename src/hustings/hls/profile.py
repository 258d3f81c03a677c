"""How long a part is, and which segment and part a clock value falls in.

A *clock* value counts 48 kHz samples since 1970. Segments are 184,320 samples (3.84 s) in every
profile; a profile only says into how many parts each is cut. AAC frames are 1024 samples and Opus
frames 960: their least common multiple, 15,360 samples (0.32 s), is the shortest part that holds
whole frames of both, so that every part of every variant has exactly the same length.
"""

from __future__ import annotations

from dataclasses import dataclass

RATE = 48_000
"""Samples per second of the clock, of every variant's timescale, and of the sound."""

SEGMENT_SAMPLES = 184_320
"""Samples in a segment: 3.84 s, 180 AAC frames, 192 Opus frames."""

PART_QUANTUM = 15_360
"""lcm(1024, 960): part lengths are multiples of it."""

TARGET_DURATION_S = 4
"""EXT-X-TARGETDURATION: 3.84 s rounded to the nearest integer (rfc8216bis §4.4.3.1)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How segments are cut into parts; fixed before a room's doors open.

    Raises ValueError if the parts do not make up exactly one segment, or if a part would end
    inside an AAC or Opus frame.
    """

    name: str
    part_samples: int
    parts_per_segment: int

    def __post_init__(self) -> None:
        if self.part_samples <= 0 or self.part_samples % PART_QUANTUM:
            raise ValueError(f"part of {self.part_samples} samples would cut a frame")
        if self.part_samples * self.parts_per_segment != SEGMENT_SAMPLES:
            raise ValueError(f"{self.parts_per_segment} parts do not make a segment")

    @property
    def part_target_s(self) -> float:
        """EXT-X-PART-INF PART-TARGET in seconds: every part has exactly this length."""
        return self.part_samples / RATE

    @property
    def part_hold_back_s(self) -> float:
        """PART-HOLD-BACK in seconds: three part targets (rfc8216bis §4.4.3.8, SHOULD)."""
        return 3 * self.part_samples / RATE

    @property
    def hold_back_s(self) -> float:
        """HOLD-BACK in seconds: three target durations (rfc8216bis §4.4.3.8, MUST)."""
        return 3.0 * TARGET_DURATION_S

    def place(self, clock: int) -> tuple[int, int]:
        """The (segment number, part index) that holds the sample at `clock`."""
        msn, rest = divmod(clock, SEGMENT_SAMPLES)
        return msn, rest // self.part_samples

    def clock_at(self, msn: int, part: int = 0) -> int:
        """The clock of the first sample of a part (of the segment, if no part is given)."""
        return msn * SEGMENT_SAMPLES + part * self.part_samples

    def after(self, msn: int, part: int) -> tuple[int, int]:
        """The (segment number, part index) that follows."""
        return (msn, part + 1) if part + 1 < self.parts_per_segment else (msn + 1, 0)


DEFAULT = Profile("default", 46_080, 4)
"""Parts of 0.96 s: what Apple's players like (near the recommended 1 s)."""

FAST = Profile("fast", 15_360, 12)
"""Parts of 0.32 s: a third of the hold back, three times the requests."""

PROFILES = {profile.name: profile for profile in (DEFAULT, FAST)}
