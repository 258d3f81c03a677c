"""An independent reader of HLS playlists and (from `boxes`) MP4 boxes, for tests only.

Written from draft-pantos-hls-rfc8216bis (§ numbers below are its), not from the code under test,
and stricter than a player: what a player would skip or mend is a ValueError.

- `parse_media_playlist`, `parse_multivariant`: text to facts
- `check_live`, `check_update`: the rules a live playlist, and two in a row, break
- `walk_boxes`, `read_init`, `read_fragments`: bytes to facts
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.hls.boxes import (
    Box,
    FragmentFacts,
    InitFacts,
    read_fragments,
    read_init,
    walk_boxes,
)

__all__ = [
    "Box",
    "FragmentFacts",
    "InitFacts",
    "MediaPlaylist",
    "Multivariant",
    "PlaylistPart",
    "PlaylistSegment",
    "check_live",
    "check_update",
    "parse_media_playlist",
    "parse_multivariant",
    "read_fragments",
    "read_init",
    "walk_boxes",
]

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|\Z)')
_DECIMAL = re.compile(r"\d+(?:\.\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}(?:Z|[+-]\d\d:\d\d)")
_MULTIVARIANT_TAGS = {
    "EXT-X-MEDIA",
    "EXT-X-STREAM-INF",
    "EXT-X-I-FRAME-STREAM-INF",
    "EXT-X-SESSION-DATA",
    "EXT-X-SESSION-KEY",
    "EXT-X-CONTENT-STEERING",
}
_ONCE = {
    "EXT-X-VERSION",
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-PART-INF",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-ENDLIST",
    "EXT-X-INDEPENDENT-SEGMENTS",
}


@dataclass
class PlaylistPart:
    """EXT-X-PART."""

    uri: str
    duration: Decimal
    independent: bool
    gap: bool


@dataclass
class PlaylistSegment:
    """A media segment; `uri` and `duration` are None for the open one at the playlist's end."""

    msn: int
    uri: str | None = None
    duration: Decimal | None = None
    parts: list[PlaylistPart] = field(default_factory=list)
    date_time: datetime | None = None
    map_uri: str | None = None
    discontinuity: bool = False
    gap: bool = False


@dataclass
class MediaPlaylist:
    """A media playlist, read."""

    version: int = 1
    target_duration: int = 0
    media_sequence: int = 0
    part_target: Decimal | None = None
    server_control: dict[str, str] = field(default_factory=dict)
    playlist_type: str | None = None
    independent_segments: bool = False
    segments: list[PlaylistSegment] = field(default_factory=list)
    preload_hints: list[dict[str, str]] = field(default_factory=list)
    rendition_reports: list[dict[str, str]] = field(default_factory=list)
    ended: bool = False

    @property
    def whole(self) -> list[PlaylistSegment]:
        """The segments that have a URI."""
        return [segment for segment in self.segments if segment.uri is not None]

    @property
    def last(self) -> tuple[int, int]:
        """(media sequence number, part index) of the newest part; -1 where no part is listed."""
        return self.segments[-1].msn, len(self.segments[-1].parts) - 1

    @property
    def part_hold_back(self) -> Decimal | None:
        """PART-HOLD-BACK in seconds."""
        value = self.server_control.get("PART-HOLD-BACK")
        return None if value is None else decimal(value)


@dataclass
class Multivariant:
    """A multivariant playlist, read: each stream is (URI, attributes)."""

    version: int = 1
    independent_segments: bool = False
    streams: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    session_data: list[dict[str, str]] = field(default_factory=list)


def attributes(text: str) -> dict[str, str]:
    """An attribute list (§4.2), quotes taken off; ValueError for any other text or a name twice."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _ATTRIBUTE.match(text, at)
        if match is None:
            raise ValueError(f"not an attribute list: {text!r}")
        name, value = match.groups()
        if name in found:
            raise ValueError(f"attribute {name} twice")
        found[name] = value.strip('"')
        at = match.end()
    if not found or text.endswith(","):
        raise ValueError(f"not an attribute list: {text!r}")
    return found


def decimal(text: str) -> Decimal:
    """decimal-floating-point or decimal-integer (§4.2)."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"not a decimal number: {text!r}")
    return Decimal(text)


def integer(text: str) -> int:
    """decimal-integer (§4.2): 0 to 2**64 - 1."""
    if not re.fullmatch(r"\d{1,20}", text, re.ASCII) or int(text) >= 2**64:
        raise ValueError(f"not a decimal integer: {text!r}")
    return int(text)


def yes(text: str) -> bool:
    """An enumerated string whose only value is YES."""
    if text != "YES":
        raise ValueError(f"{text!r} instead of YES")
    return True


def lines_of(text: str) -> Iterator[tuple[str, str]]:
    """(tag, value) of each tag and ("", URI) of each URI line; comments and blank lines left out.

    ValueError for a byte order mark, a control character, a missing EXTM3U or last line end (§4.1),
    or for a tag twice that may be there once.
    """
    if not text.startswith("#EXTM3U\n") or not text.endswith("\n"):
        raise ValueError("a playlist starts with #EXTM3U and ends with a line end")
    if any((ord(mark) < 32 and mark != "\n") or 127 <= ord(mark) < 160 for mark in text):
        raise ValueError("control character in a playlist")
    seen: set[str] = set()
    for line in text.split("\n")[1:-1]:
        if not line.startswith("#"):
            if line:
                yield "", line
            continue
        if not line.startswith("#EXT"):
            continue
        tag, _, value = line[1:].partition(":")
        if tag in _ONCE and tag in seen:
            raise ValueError(f"{tag} twice")
        seen.add(tag)
        yield tag, value


def date_time(text: str) -> datetime:
    """date-time-msec with a zone and at least milliseconds (§4.4.4.6)."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"not a program date time: {text!r}")
    return datetime.fromisoformat(text)


def parse_media_playlist(text: str) -> MediaPlaylist:
    """Read a media playlist; ValueError for anything the draft does not allow."""
    playlist = MediaPlaylist()
    segment = PlaylistSegment(0)
    map_uri: str | None = None
    tags: set[str] = set()
    for tag, value in lines_of(text):
        tags.add(tag)
        if tag in _MULTIVARIANT_TAGS:
            raise ValueError(f"{tag} in a media playlist")
        if tag == "":
            if segment.duration is None:
                raise ValueError(f"{value} without EXTINF")
            segment.uri, segment.map_uri = value, map_uri
            playlist.segments.append(segment)
            segment = PlaylistSegment(0)
        elif tag == "EXTINF":
            duration, comma, _ = value.partition(",")
            if not comma:
                raise ValueError("EXTINF without its comma")
            segment.duration = decimal(duration)
        elif tag == "EXT-X-MAP":
            if segment.parts:
                raise ValueError("EXT-X-MAP after the segment's first part")
            map_uri = attributes(value)["URI"]
        elif tag == "EXT-X-PROGRAM-DATE-TIME":
            if segment.parts:
                raise ValueError("EXT-X-PROGRAM-DATE-TIME after the segment's first part")
            segment.date_time = date_time(value)
        elif tag == "EXT-X-DISCONTINUITY":
            segment.discontinuity = True
        elif tag == "EXT-X-GAP":
            segment.gap = True
        elif tag == "EXT-X-PART":
            segment.parts.append(_part(attributes(value)))
        else:
            if tag == "EXT-X-MEDIA-SEQUENCE" and (playlist.segments or segment.parts):
                raise ValueError("EXT-X-MEDIA-SEQUENCE after the first segment")
            _playlist_tag(playlist, tag, value)
    if segment.duration is not None:
        raise ValueError("EXTINF without a URI")
    if segment.parts:
        segment.map_uri = map_uri
        playlist.segments.append(segment)
    if "EXT-X-TARGETDURATION" not in tags:
        raise ValueError("no EXT-X-TARGETDURATION")
    for number, row in enumerate(playlist.segments):
        row.msn = playlist.media_sequence + number
    return playlist


def _part(found: dict[str, str]) -> PlaylistPart:
    return PlaylistPart(
        found["URI"],
        decimal(found["DURATION"]),
        yes(found.get("INDEPENDENT", "YES")) and "INDEPENDENT" in found,
        yes(found.get("GAP", "YES")) and "GAP" in found,
    )


def _playlist_tag(playlist: MediaPlaylist, tag: str, value: str) -> None:
    match tag:
        case "EXT-X-VERSION":
            playlist.version = integer(value)
        case "EXT-X-TARGETDURATION":
            playlist.target_duration = integer(value)
        case "EXT-X-MEDIA-SEQUENCE":
            playlist.media_sequence = integer(value)
        case "EXT-X-PART-INF":
            playlist.part_target = decimal(attributes(value)["PART-TARGET"])
        case "EXT-X-SERVER-CONTROL":
            playlist.server_control = attributes(value)
        case "EXT-X-PLAYLIST-TYPE":
            if value not in ("VOD", "EVENT"):
                raise ValueError(f"playlist type {value!r}")
            playlist.playlist_type = value
        case "EXT-X-INDEPENDENT-SEGMENTS":
            playlist.independent_segments = True
        case "EXT-X-PRELOAD-HINT":
            playlist.preload_hints.append(attributes(value))
        case "EXT-X-RENDITION-REPORT":
            playlist.rendition_reports.append(attributes(value))
        case "EXT-X-ENDLIST":
            playlist.ended = True
        case _:
            raise ValueError(f"unknown tag {tag}")


def parse_multivariant(text: str) -> Multivariant:
    """Read a multivariant playlist; ValueError for anything the draft does not allow."""
    playlist = Multivariant()
    stream: dict[str, str] | None = None
    for tag, value in lines_of(text):
        if tag == "":
            if stream is None:
                raise ValueError(f"{value} without EXT-X-STREAM-INF")
            playlist.streams.append((value, stream))
            stream = None
            continue
        if stream is not None:
            raise ValueError(f"{tag} between EXT-X-STREAM-INF and its URI")
        match tag:
            case "EXT-X-VERSION":
                playlist.version = integer(value)
            case "EXT-X-INDEPENDENT-SEGMENTS":
                playlist.independent_segments = True
            case "EXT-X-SESSION-DATA":
                playlist.session_data.append(attributes(value))
            case "EXT-X-STREAM-INF":
                stream = attributes(value)
                average = integer(stream.get("AVERAGE-BANDWIDTH", "0"))
                if not 0 <= average <= integer(stream["BANDWIDTH"]):
                    raise ValueError("the average bandwidth is above the peak")
            case _:
                raise ValueError(f"{tag} in a multivariant playlist")
    if stream is not None:
        raise ValueError("EXT-X-STREAM-INF without a URI")
    if not playlist.streams:
        raise ValueError("no variant stream")
    return playlist


def check_live(playlist: MediaPlaylist, *, young: bool = False) -> list[str]:
    """The rules that a live playlist breaks, as sentences; empty if it breaks none.

    `young`: nothing has left it yet, so it may still be short.
    """
    broken: list[str] = []
    if not playlist.segments:
        return ["a playlist without segments"]
    broken += _check_head(playlist)
    broken += _check_times(playlist)
    broken += _check_parts(playlist)
    broken += _check_tail(playlist)
    length = sum((segment.duration or Decimal(0)) for segment in playlist.whole)
    if not young and length < 3 * playlist.target_duration:
        broken.append(f"{length} s is under three target durations (§6.2.2)")
    if not young and len(playlist.whole) < 6:
        broken.append("fewer than six segments (Apple authoring 8.11)")
    if playlist.playlist_type is not None:
        broken.append("a live playlist whose segments leave has no type (§4.4.3.5)")
    return broken


def _check_head(playlist: MediaPlaylist) -> list[str]:
    broken = []
    if playlist.version < 6:
        broken.append("EXT-X-MAP needs version 6 (§4.4.4.5)")
    control = playlist.server_control
    if "HOLD-BACK" in control and decimal(control["HOLD-BACK"]) < 3 * playlist.target_duration:
        broken.append("HOLD-BACK is under three target durations (§4.4.3.8)")
    skip = control.get("CAN-SKIP-UNTIL")
    if skip is not None and decimal(skip) < 6 * playlist.target_duration:
        broken.append("CAN-SKIP-UNTIL is under six target durations (§4.4.3.8)")
    if playlist.part_target is not None:
        if playlist.part_hold_back is None:
            broken.append("EXT-X-PART-INF without PART-HOLD-BACK (§4.4.3.8)")
        elif playlist.part_hold_back < 3 * playlist.part_target:
            broken.append("PART-HOLD-BACK is under three part targets (§4.4.3.8)")
        if control.get("CAN-BLOCK-RELOAD") != "YES":
            broken.append("parts without blocking reload (Apple low latency)")
    return broken


def _check_times(playlist: MediaPlaylist) -> list[str]:
    broken = []
    expected: datetime | None = None
    for segment in playlist.segments:
        if segment.map_uri is None:
            broken.append(f"segment {segment.msn} has no EXT-X-MAP")
        if segment.date_time is None:
            broken.append(f"segment {segment.msn} has no date (Apple authoring 8.4)")
        elif expected is not None and segment.date_time != expected:
            broken.append(f"segment {segment.msn} is dated {segment.date_time}, not {expected}")
        if segment.duration is not None:
            if int(segment.duration + Decimal("0.5")) > playlist.target_duration:
                broken.append(f"segment {segment.msn} is longer than the target (§4.4.3.1)")
            if segment.date_time is not None:
                length = timedelta(microseconds=int(segment.duration * 1_000_000))
                expected = segment.date_time + length
    return broken


def _check_parts(playlist: MediaPlaylist) -> list[str]:
    broken = []
    target = playlist.part_target
    from_end = Decimal(0)
    uris: set[str] = set()
    for segment in reversed(playlist.segments):
        name = f"segment {segment.msn}"
        if segment.parts and target is None:
            broken.append(f"{name}: EXT-X-PART without EXT-X-PART-INF (§4.4.3.7)")
        if segment.parts and from_end >= 3 * playlist.target_duration:
            broken.append(f"{name}: parts past three target durations (§6.2.2)")
        length = sum((part.duration for part in segment.parts), Decimal(0))
        if segment.parts and segment.duration not in (None, length):
            broken.append(f"{name} is {segment.duration} s and its parts {length} s")
        for number, part in enumerate(segment.parts):
            if part.uri in uris:
                broken.append(f"{part.uri} twice")
            uris.add(part.uri)
            if target is not None and part.duration > target:
                broken.append(f"{part.uri} is longer than the part target (§4.4.4.9)")
            final = segment.uri is not None and number == len(segment.parts) - 1
            if target is not None and part.duration < target * Decimal("0.85") and not final:
                broken.append(f"{part.uri} is under 85 % of the part target (§4.4.4.9)")
        from_end += segment.duration if segment.duration is not None else length
    return broken


def _check_tail(playlist: MediaPlaylist) -> list[str]:
    broken = []
    listed = {part.uri for segment in playlist.segments for part in segment.parts}
    if playlist.ended and playlist.preload_hints:
        broken.append("EXT-X-PRELOAD-HINT after the end (§4.4.5.3)")
    if playlist.ended and playlist.segments[-1].uri is None:
        broken.append("the program ended, and its last parts belong to no segment")
    for hint in playlist.preload_hints:
        if hint.get("TYPE") not in ("PART", "MAP") or "URI" not in hint:
            broken.append(f"preload hint {hint} (§4.4.5.3)")
        elif hint["URI"] in listed:
            broken.append(f"the hinted {hint['URI']} is there already")
    if playlist.part_target is not None and not playlist.ended and not playlist.preload_hints:
        broken.append("no preload hint for the next part (Apple low latency)")
    for report in playlist.rendition_reports:
        if not report.get("URI") or "://" in report["URI"] or report["URI"].startswith("/"):
            broken.append("a rendition report's URI is relative (§4.4.5.4)")
        if "LAST-MSN" not in report or "LAST-PART" not in report:
            broken.append(f"rendition report {report} is not whole (§4.4.5.4)")
    return broken


def check_update(before: MediaPlaylist, after: MediaPlaylist) -> list[str]:
    """The rules that a later playlist breaks against an earlier one of the same variant (§6.2.1)."""
    broken = []
    if after.media_sequence < before.media_sequence or after.last < before.last:
        broken.append("the playlist went back")
    if after.target_duration != before.target_duration:
        broken.append("the target duration changed")
    if before.ended and after != before:
        broken.append("an ended playlist changed")
    known = {segment.msn: segment for segment in before.segments}
    for segment in after.segments:
        old = known.get(segment.msn)
        if old is None:
            continue
        if segment.date_time != old.date_time or segment.map_uri != old.map_uri:
            broken.append(f"segment {segment.msn} changed its date or map")
        if old.uri is not None and (segment.uri, segment.duration) != (old.uri, old.duration):
            broken.append(f"segment {segment.msn} changed")
        if segment.parts and segment.parts[: len(old.parts)] != old.parts:
            broken.append(f"segment {segment.msn} changed its parts")
    for segment in after.segments[:1]:
        if before.segments and segment.msn > before.segments[-1].msn + 1:
            broken.append("segments went by unnamed")
    hinted = [hint["URI"] for hint in before.preload_hints]
    old_uris = {part.uri for segment in before.segments for part in segment.parts}
    new = [
        part.uri
        for segment in after.segments
        for part in segment.parts
        if part.uri not in old_uris and segment.msn >= before.segments[-1].msn
    ]
    if hinted and new and new[0] != hinted[0]:
        broken.append(f"{hinted[0]} was hinted and {new[0]} came")
    return broken
