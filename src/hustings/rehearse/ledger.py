"""Is the sound whole: each number holds its own clock, and everybody gets the same bytes for it. Pure.

The first body of a number is read to the last box; every other is compared with it byte by byte, which is cheaper than
any hash. What several processes saw is compared by digest.
"""

from __future__ import annotations

import hashlib
import re

from hustings.hls.profile import RATE, SEGMENT_SAMPLES
from hustings.rehearse import part

KEPT = 256
"""Bodies kept for comparison: three minutes of the shortest parts."""

_NAME = re.compile(r"s(\d{1,12})(?:\.(\d{1,2}))?\.m4s", re.ASCII)


class Ledger:
    """One process's book of bodies by name."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}
        self.new: list[tuple[str, str]] = []
        """(name, digest) of each body since somebody took them away."""

    def check(self, name: str, body: bytes, part_s: float) -> str:
        """What is wrong with `body` as `name` ("" nothing): `other_bytes`, `broken`, `wrong_clock`, `short`."""
        known = self._bodies.get(name)
        if known is not None:
            return "" if known == body else "other_bytes"
        if fault := _fault(name, body, part_s):
            return fault
        if len(self._bodies) >= KEPT:
            del self._bodies[next(iter(self._bodies))]
        self._bodies[name] = body
        self.new.append((name, digest(body)))
        return ""


class Digests:
    """What all processes saw: a name that has two digests was not the same for everybody."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def other(self, rows: list[tuple[str, str]]) -> list[str]:
        """The names in `rows` whose bytes differ from what another process got."""
        return [name for name, mark in rows if self._known.setdefault(name, mark) != mark]


def digest(body: bytes) -> str:
    """16 hex digits of BLAKE2b."""
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def _fault(name: str, body: bytes, part_s: float) -> str:
    found = _NAME.fullmatch(name.rpartition("/")[2])
    if found is None:  # an init section: a box that can be read is all there is to ask
        return "" if body[4:8] == b"ftyp" else "broken"
    try:
        sound = part.read(body)
    except ValueError:
        return "broken"
    part_samples = round(part_s * RATE)
    due = int(found[1]) * SEGMENT_SAMPLES + int(found[2] or 0) * part_samples
    if sound.clock != due:
        return "wrong_clock"
    return "" if sound.samples == (part_samples if found[2] else SEGMENT_SAMPLES) else "short"
