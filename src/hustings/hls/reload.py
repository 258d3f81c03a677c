"""What to answer to a playlist reload, and to a request for one file. Decisions only, no waiting.

A room that is on never answers a player with an error it could die of: where the draft suggests
400 or 503 (rfc8216bis §6.2.5.2) the answer is the current playlist, briefly cacheable, with a code
in `Hustings-Error`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from hustings.hls.profile import RATE, TARGET_DURATION_S, Profile
from hustings.hls.window import BYTES_SAMPLES

MALFORMED = "reload_malformed"
TOO_FAR = "reload_too_far"

MAX_WAIT_SAMPLES = 3 * TARGET_DURATION_S * RATE
"""A reload that would wait longer than three target durations is not parked."""

MAX_PARTS_AHEAD = 3
"""A request for a part at most this far ahead of the last one is parked."""

# Twelve digits: segment numbers reach nine in this century. One spelling a number, as each one
# more would be one more object in every cache.
_NUMBER = re.compile(r"0|[1-9][0-9]{0,11}", re.ASCII)
_SOUND = re.compile(r"s(0|[1-9][0-9]{0,11})(?:\.(0|[1-9][0-9]?))?\.m4s", re.ASCII)
_INIT = re.compile(r"init-([0-9a-f]{16})\.mp4", re.ASCII)
_DIRECTIVES = ("_HLS_msn", "_HLS_part", "_HLS_skip")


@dataclass(frozen=True, slots=True)
class Reload:
    """Wait for part `part` of segment `msn`, or for the whole segment if `part` is None."""

    msn: int
    part: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`now`: the current playlist. `wait`: until (msn, part) is there, then the playlist of then.

    `odd`: the current playlist with 200, `max-age=1` and `code` in `Hustings-Error`.
    """

    kind: Literal["now", "wait", "odd"]
    msn: int = 0
    part: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class SoundName:
    """`s{msn}.{part}.m4s`, or `s{msn}.m4s` if `part` is None."""

    msn: int
    part: int | None = None


@dataclass(frozen=True, slots=True)
class InitName:
    """`init-{hash}.mp4`."""

    hash: str


NOW = Decision("now")


def parse_query(query: str) -> Reload | str | None:
    """The reload that a query string asks for: None if it asks for none, a code if it is odd.

    `_HLS_msn`, `_HLS_part` and `_HLS_skip` are known, any other parameter is ignored. Odd: one of
    them twice, a number not in plain decimal or past twelve digits, a part without a segment. A
    skip is checked and ignored: the server offers no delta updates (§6.2.5.1).
    """
    found: dict[str, str] = {}
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        if name not in _DIRECTIVES:
            continue
        if name in found:
            return MALFORMED
        found[name] = value
    if found.pop("_HLS_skip", "YES") not in ("YES", "v2"):
        return MALFORMED
    if not found:
        return None
    if "_HLS_msn" not in found or not all(map(_NUMBER.fullmatch, found.values())):
        return MALFORMED
    part = found.get("_HLS_part")
    return Reload(int(found["_HLS_msn"]), None if part is None else int(part))


def decide(
    reload: Reload | str | None, last_msn: int, last_part: int, profile: Profile, ended: bool
) -> Decision:
    """What to do with what `parse_query` found, when the newest part is (last_msn, last_part).

    A reload for (msn, part) is satisfied by any part from there on. One for a segment needs the
    whole of it. A part past the segment's last is part 0 of the next (§6.2.5.2). Once the program
    has ended, nothing waits (§6.2.5.2 says to ignore the directives then).
    """
    if isinstance(reload, str):
        return Decision("odd", code=reload)
    if reload is None or ended:
        return NOW
    msn, part = wanted(reload, profile)
    ahead = _ahead(msn, part, (last_msn, last_part), profile)
    if ahead <= 0:
        return NOW
    if ahead * profile.part_samples > MAX_WAIT_SAMPLES:
        return Decision("odd", code=TOO_FAR)
    return Decision("wait", msn, part)


def wanted(reload: Reload, profile: Profile) -> tuple[int, int]:
    """The part whose arrival satisfies `reload`."""
    if reload.part is None:
        return reload.msn, profile.parts_per_segment - 1
    if reload.part >= profile.parts_per_segment:
        return reload.msn + 1, 0
    return reload.msn, reload.part


def parse_name(filename: str) -> SoundName | InitName | None:
    """A file name as the playlists write it; None for any other spelling."""
    if found := _SOUND.fullmatch(filename):
        msn, part = found.groups()
        return SoundName(int(msn), None if part is None else int(part))
    if found := _INIT.fullmatch(filename):
        return InitName(found[1])
    return None


def decide_part(
    name: str, last: tuple[int, int] | None, profile: Profile, ended: bool = False
) -> Literal["have", "wait", "none"]:
    """Whether the file `name` is there, is worth a wait, or is none (404, `max-age=1`).

    `have` says that it was made and is not older than the 90 s that bytes are kept; look it up, and
    answer 404 if it is not there after all. `wait`: at most three parts ahead; a whole segment
    counts as its last part. `last` is the newest part, None if the room has none yet.
    """
    parsed = parse_name(name)
    if isinstance(parsed, InitName):
        return "have"
    if parsed is None or last is None:
        return "none"
    final = profile.parts_per_segment - 1
    part = final if parsed.part is None else parsed.part
    if part > final:
        return "none"
    ahead = _ahead(parsed.msn, part, last, profile)
    if ahead <= 0:
        return "have" if -ahead * profile.part_samples < BYTES_SAMPLES else "none"
    if ended:
        # A program that ended inside a segment left it whole as a file, though parts lack.
        return "have" if parsed == SoundName(last[0]) else "none"
    return "wait" if ahead <= MAX_PARTS_AHEAD else "none"


def _ahead(msn: int, part: int, last: tuple[int, int], profile: Profile) -> int:
    """How many parts (msn, part) is after `last`; zero or less if it was made."""
    return (msn - last[0]) * profile.parts_per_segment + part - last[1]
