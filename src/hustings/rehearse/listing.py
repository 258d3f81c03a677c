"""A media playlist as far as our player reads it (`client/listener/playlist.js`): the same rules, so the same requests. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

SEGMENT_S = 3.84


class Piece(NamedTuple):
    """A part, or (`part` None) a segment without parts. `start_s` is seconds since 1970."""

    name: str
    msn: int
    part: int | None
    start_s: float
    duration_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Listing:
    """`part_s` and `hold_s` are what a player takes them for when the playlist has none."""

    pieces: tuple[Piece, ...]
    init: str
    part_s: float
    hold_s: float
    ended: bool
    sequence: int


def read(text: str) -> Listing:
    """A segment with parts is given as its parts, another as itself. Errors: `ValueError` when it is no media playlist."""
    if not text.startswith("#EXTM3U") or "#EXT-X-STREAM-INF" in text:
        raise ValueError("no media playlist")
    pieces: list[Piece] = []
    init, part_s, hold_s, ended = "", 0.0, 0.0, False
    msn = sequence = parts = 0
    start_s = at_s = duration_s = 0.0
    for line in text.splitlines():
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-MEDIA-SEQUENCE":
            msn = sequence = int(value)
        elif tag == "#EXT-X-PART-INF":
            part_s = float(_attribute(line, "PART-TARGET"))
        elif tag == "#EXT-X-SERVER-CONTROL":
            hold_s = float(_attribute(line, "PART-HOLD-BACK") or _attribute(line, "HOLD-BACK") or 0)
        elif tag == "#EXT-X-MAP":
            init = _attribute(line, "URI")
        elif tag == "#EXT-X-PROGRAM-DATE-TIME":
            start_s = at_s = datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
        elif tag == "#EXTINF":
            duration_s = float(value.partition(",")[0])
        elif tag == "#EXT-X-ENDLIST":
            ended = True
        elif tag == "#EXT-X-PART":
            length_s = float(_attribute(line, "DURATION"))
            pieces.append(Piece(_attribute(line, "URI"), msn, parts, at_s, length_s))
            parts, at_s = parts + 1, at_s + length_s
        elif line and not line.startswith("#"):
            if not parts:
                pieces.append(Piece(line, msn, None, start_s, duration_s))
            start_s = at_s = start_s + duration_s
            msn, parts = msn + 1, 0
    part_s, hold_s = part_s or SEGMENT_S, hold_s or 3 * SEGMENT_S
    return Listing(tuple(pieces), init, part_s, hold_s, ended, sequence)


def _attribute(line: str, name: str) -> str:
    found = re.search(rf'[:,]{name}=(?:"([^"]*)"|([^,]*))', line)
    return (found[1] or found[2] or "") if found else ""
