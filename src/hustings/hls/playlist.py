"""The text of playlists: media (with parts, or plain), multivariant, and replay.

Durations are printed from whole samples and never accumulate an error: a part is 0.96 or 0.32 s and
a segment 3.84 s exactly, and a segment starts on a whole millisecond since 1970 (184,320 / 48).
Section numbers are of draft-pantos-hls-rfc8216bis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hustings.hls.profile import PART_QUANTUM, RATE, SEGMENT_SAMPLES, TARGET_DURATION_S
from hustings.hls.variant import Variant
from hustings.hls.window import Named, Window

MIME = "application/vnd.apple.mpegurl"

_LOW_LATENCY_VERSION = 9
_PLAIN_VERSION = 6
"""EXT-X-MAP in a playlist of whole segments asks for version 6 (§8), and for no more."""

_PARTS_FOR_SAMPLES = 3 * TARGET_DURATION_S * RATE
"""§6.2.2: EXT-X-PART leaves the playlist past three target durations from its end."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def media(
    window: Window, *, others: Mapping[str, tuple[int, int]] | None = None, parts: bool = True
) -> str:
    """The media playlist of `window` as it is now.

    `others` gives the last (segment number, part index) of each other variant by its name, for
    EXT-X-RENDITION-REPORT. Without `parts` it is the plain playlist: whole segments only, nothing
    that blocks. Raises ValueError while the window has nothing to name.
    """
    rows = list(window.complete)
    if window.open is not None and parts:
        rows.append(window.open)
    if not rows:
        raise ValueError("a playlist of nothing")
    lines = _head(window, rows[0].msn, parts)
    end = rows[-1].end
    whole = len(window.complete)
    for number, row in enumerate(rows):
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_time(row.clock)}")
        if parts and row.end > end - _PARTS_FOR_SAMPLES:
            lines.extend(_part_lines(row))
        if number < whole:
            lines += [f"#EXTINF:{seconds(row.samples)},", f"s{row.msn}.m4s"]
    coming = window.next
    if coming is None:
        lines.append("#EXT-X-ENDLIST")
    elif parts:
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s{coming[0]}.{coming[1]}.m4s"')
        lines.extend(_reports(window.variant, others or {}))
    return _text(lines)


def plain(window: Window) -> str:
    """The media playlist without parts: for old players, and for a brownout."""
    return media(window, parts=False)


def multivariant(variants: Sequence[Variant], title: str | None = None) -> str:
    """The multivariant playlist: `{name}/live.m3u8` of each variant, in the order given.

    The first is what a player without a preference starts with: AAC belongs there. `title` goes in
    as the session's title, made safe for a quoted string. Raises ValueError without variants.
    """
    if not variants:
        raise ValueError("no variant to list")
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_PLAIN_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if title:
        value = quotable(title)
        lines.append(f'#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="{value}"')
    for variant in variants:
        average, peak = bandwidth(variant)
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},"
            f'CODECS="{variant.codec}"'
        )
        lines.append(f"{variant.name}/live.m3u8")
    return _text(lines)


def replay(segments: Iterable[tuple[str, int, int]], map_uri: str) -> str:
    """The on-demand playlist of a recording: (URI, samples, clock) of each segment, in order.

    Raises ValueError without segments, for one that is empty, or one that is out of order.
    """
    body: list[str] = []
    longest = 0
    first: int | None = None
    end = 0
    for uri, samples, clock in segments:
        if samples <= 0 or clock < end:
            raise ValueError(f"segment {uri}: {samples} samples at {clock}, after {end}")
        first = clock if first is None else first
        longest, end = max(longest, samples), clock + samples
        body.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_time(clock)}")
        body += [f"#EXTINF:{seconds(samples)},", uri]
    if first is None:
        raise ValueError("a recording without segments")
    # EXT-X-TARGETDURATION: no EXTINF, rounded to the nearest integer, may be above it (§4.4.3.1).
    target = max(TARGET_DURATION_S, (longest + RATE // 2) // RATE)
    head = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_PLAIN_VERSION}",
        f"#EXT-X-TARGETDURATION:{target}",
        f"#EXT-X-MEDIA-SEQUENCE:{first // SEGMENT_SAMPLES}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f'#EXT-X-MAP:URI="{map_uri}"',
    ]
    return _text([*head, *body, "#EXT-X-ENDLIST"])


def date_time(clock: int) -> str:
    """The date and time (UTC, ISO 8601) of the sample at `clock`.

    Milliseconds where they are exact, as at every part and segment start; else microseconds,
    rounded down.
    """
    when = _EPOCH + timedelta(microseconds=clock * 1_000_000 // RATE)
    precision = "microseconds" if clock % (RATE // 1000) else "milliseconds"
    return when.isoformat(timespec=precision).replace("+00:00", "Z")


def seconds(samples: int) -> str:
    """`samples` as seconds with five decimals: exact for every whole part (15,360 = 0.32000)."""
    whole, rest = divmod(samples * 100_000 + RATE // 2, RATE * 100_000)
    return f"{whole}.{rest // RATE:05d}"


def bandwidth(variant: Variant) -> tuple[int, int]:
    """(AVERAGE-BANDWIDTH, BANDWIDTH) in bit/s, boxes included (§4.4.6.2).

    Boxes cost four bytes an access unit and 104 a part (counted at the shortest parts); the peak
    allows for an encoder that spends a quarter more than asked over a whole segment.
    """
    boxes = RATE * 4 * 8 // variant.frame_samples + RATE * 104 * 8 // PART_QUANTUM
    return variant.bitrate + boxes, variant.bitrate * 5 // 4 + boxes


def quotable(text: str) -> str:
    """`text` as the inside of a quoted string (§4.2): no line break, control or double quote."""
    return "".join(
        "'" if mark == '"' else mark if mark.isprintable() else " " for mark in text
    ).strip()


def _head(window: Window, msn: int, parts: bool) -> list[str]:
    profile = window.profile
    version = _LOW_LATENCY_VERSION if parts else _PLAIN_VERSION
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{version}",
        f"#EXT-X-TARGETDURATION:{TARGET_DURATION_S}",
    ]
    if parts:
        lines += [
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
            f"PART-HOLD-BACK={profile.part_hold_back_s:.5f},HOLD-BACK={profile.hold_back_s:.5f}",
            f"#EXT-X-PART-INF:PART-TARGET={seconds(profile.part_samples)}",
        ]
    return [*lines, f"#EXT-X-MEDIA-SEQUENCE:{msn}", f'#EXT-X-MAP:URI="{window.map_uri}"']


def _part_lines(row: Named) -> list[str]:
    """Every audio part can be decoded by itself, so each says INDEPENDENT=YES (§4.4.4.9)."""
    return [
        f'#EXT-X-PART:DURATION={seconds(samples)},URI="s{row.msn}.{index}.m4s",INDEPENDENT=YES'
        for index, samples in enumerate(row.part_samples)
    ]


def _reports(own: Variant, others: Mapping[str, tuple[int, int]]) -> list[str]:
    """How far the other variants are (§4.4.5.4)."""
    return [
        f'#EXT-X-RENDITION-REPORT:URI="../{name}/live.m3u8",LAST-MSN={msn},LAST-PART={part}'
        for name, (msn, part) in others.items()
        if name != own.name
    ]


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
