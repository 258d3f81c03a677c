"""The feed: a room as a stream of frames, from studio to every follower (`docs/protocol.md`, "Feed").

A frame is a 4-byte big-endian length, that much JSON (`seq`, `term`, `path`, `headers`, `size`), then `size` bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

HEADER_MAX = 16_384
BODY_MAX = 4_194_304

SNAPSHOT = ":snapshot"
LIVE = ":live"
JOURNAL = ":journal"
BEAT = ":beat"
DROP = ":drop"
END = ":end"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `path` without a leading colon is an object to serve; the others are the words above."""

    seq: int
    term: int
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def encode(frame: Frame) -> bytes:
    """A frame's bytes. Errors: `ValueError` when the header or the body is over its limit."""
    header = json.dumps(
        {
            "seq": frame.seq,
            "term": frame.term,
            "path": frame.path,
            "headers": dict(frame.headers),
            "size": len(frame.body),
        },
        separators=(",", ":"),
    ).encode()
    if len(header) > HEADER_MAX or len(frame.body) > BODY_MAX:
        raise ValueError(f"the frame {frame.path} is too large for the feed")
    return len(header).to_bytes(4, "big") + header + frame.body


class Decoder:
    """Bytes in any slices, frames out. Errors: `ValueError` on what is not a feed; the stream is then to be dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def push(self, chunk: bytes) -> list[Frame]:
        self._buffer += chunk
        frames: list[Frame] = []
        at = 0
        while (taken := self._take(at)) is not None:
            frame, at = taken
            frames.append(frame)
        del self._buffer[:at]
        return frames

    def _take(self, at: int) -> tuple[Frame, int] | None:
        if len(self._buffer) - at < 4:
            return None
        length = int.from_bytes(self._buffer[at : at + 4], "big")
        if length > HEADER_MAX:
            raise ValueError("a feed frame's header is too long")
        start = at + 4 + length
        if len(self._buffer) < start:
            return None
        try:
            tree = json.loads(bytes(self._buffer[at + 4 : start]))
            seq, term, path = int(tree["seq"]), int(tree["term"]), str(tree["path"])
            headers, size = dict(tree["headers"]), int(tree["size"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("a feed frame's header cannot be read") from error
        if not 0 <= size <= BODY_MAX:
            raise ValueError("a feed frame's body is too long")
        if len(self._buffer) < start + size:
            return None
        return Frame(
            seq, term, path, headers, bytes(self._buffer[start : start + size])
        ), start + size
