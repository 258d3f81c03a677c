"""Taking up a room after a restart: the same clock, the live window from the recorded mix, the hole to be filled.

Within one boot of the machine the monotonic line that was written down still holds, so the clock goes on as if nothing
had been. After a reboot the wall clock is asked again, and never goes back behind what was published.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hustings.audio.clock import SEGMENT, TICK, Clock, clock_from_unix_ns
from hustings.hls.profile import Profile
from hustings.hls.segmenter import Part
from hustings.hls.window import NAMED_SAMPLES
from hustings.rooms.journal import Event
from hustings.studio.times import Times

RELOADED_SEGMENTS = 10  # what a playlist names (30 s), and a little


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the program so far: parts by variant, and where a window without any starts to be filled."""

    parts: Mapping[str, list[Part]]
    since: int

    @property
    def end(self) -> int:
        """The clock after the last part of any variant; 0 without parts."""
        return max((parts[-1].end for parts in self.parts.values() if parts), default=0)


def clock_facts(clock: Clock, boot: str) -> dict[str, Any]:
    """What the journal keeps of a clock (events `doors_opened` and `clock_set`)."""
    return {"origin": clock.origin, "origin_ns": clock.origin_ns, "boot": boot}


def clock_after(events: Iterable[Event], least: int, times: Times) -> tuple[Clock, bool]:
    """The room's clock again, and whether it had to be set anew. It is not behind `least`."""
    facts: Mapping[str, Any] = {}
    for event in events:
        least = max(least, event.clock)
        if event.type in ("doors_opened", "clock_set") and "origin" in event.body:
            facts = event.body
    now_ns = times.monotonic_ns()
    if facts and facts["boot"] == times.boot and times.boot and facts["origin_ns"] <= now_ns:
        clock = Clock(facts["origin"], facts["origin_ns"])
        if clock.now(now_ns) >= least:
            return clock, False
    wall = clock_from_unix_ns(times.unix_ns())
    return Clock(max(wall, -(-least // TICK) * TICK), now_ns), True


def load(mix_dir: Path, profile: Profile, names: Sequence[str], now: int) -> Past:
    """The parts that a window at `now` still names, from disk; torn tails are cut off. Disk trouble reads as a hole."""
    first_named = max(0, now - NAMED_SAMPLES) // SEGMENT
    parts = {}
    for name in names:
        found = _parts(mix_dir / name, profile, now // SEGMENT)
        # A window that ended before what would be named now is of no use: its end is further back than the list goes.
        parts[name] = found if found and found[-1].end >= first_named * SEGMENT else []
    return Past(parts, first_named * SEGMENT)


def newest_end(mix_dir: Path, profile: Profile, names: Sequence[str]) -> int:
    """The clock after the last part on disk; 0 without one."""
    ends = [0]
    for name in names:
        numbers = _numbers(mix_dir / name)
        if numbers:
            ends.append(sum(_last(mix_dir / name, number, profile) for number in numbers[-1:]))
    return max(ends)


def first_clock(now: int, past: Past, profile: Profile) -> int:
    """Where the line starts: the part that holds `now`, or after what was published."""
    return max(now // profile.part_samples * profile.part_samples, past.end)


def _parts(folder: Path, profile: Profile, newest: int) -> list[Part]:
    """The newest unbroken run of parts up to segment `newest`, from the start of a segment."""
    run: list[Part] = []
    numbers = [number for number in _numbers(folder) if number <= newest]
    for number in numbers[-RELOADED_SEGMENTS:]:
        parts = _read_segment(folder / f"s{number}.m4s", number, profile)
        if run and (not parts or parts[0].clock != run[-1].end):
            run = []
        run += parts
    return run


def _numbers(folder: Path) -> list[int]:
    try:
        names = [path.stem[1:] for path in folder.glob("s*.m4s")]
    except OSError:
        return []
    return sorted(int(name) for name in names if name.isdigit())


def _last(folder: Path, number: int, profile: Profile) -> int:
    parts = _read_segment(folder / f"s{number}.m4s", number, profile)
    return parts[-1].end if parts else number * SEGMENT


def _read_segment(path: Path, number: int, profile: Profile) -> list[Part]:
    """The whole parts of a segment's file: each is `moof` + `mdat` (ISO/IEC 14496-12 §4.2)."""
    try:
        raw = path.read_bytes()
    except OSError:
        return []
    parts: list[Part] = []
    at = 0
    while len(parts) < profile.parts_per_segment:
        middle = _box_end(raw, at, b"moof")
        end = _box_end(raw, middle, b"mdat") if middle else 0
        if not end:
            break
        clock = profile.clock_at(number, len(parts))
        parts.append(Part(number, len(parts), clock, profile.part_samples, raw[at:end]))
        at = end
    if at < len(raw):
        try:
            os.truncate(path, at)
        except OSError:
            return []
    return parts


def _box_end(raw: bytes, at: int, kind: bytes) -> int:
    """Where the whole box of this kind at `at` ends; 0 if there is none."""
    if len(raw) < at + 8:
        return 0
    size, found = struct.unpack_from(">I4s", raw, at)
    return at + size if found == kind and size >= 8 and at + size <= len(raw) else 0
