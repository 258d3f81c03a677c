"""HTTP/1.1 answers out of bytes, and requests into bytes (RFC 9112). Pure.

Made for thousands of connections in one process: one request at a time on each, and a head that was seen before is not
read again (all answers of one part within a second have the same).
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass

HEAD_MAX = 16_384
BODY_MAX = 8_000_000
HEADS_KEPT = 512

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,10})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close[ \t]*\r\n", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True)
class Head:
    """What the rest of an answer follows from. `length` −1: in chunks (§7.1); −2: until the connection ends (§6.3)."""

    status: int
    length: int
    close: bool


class Heads:
    """Heads read before, shared by all connections of a process."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def read(self, raw: bytes) -> Head:
        """`raw` ends with the empty line. Errors: `ValueError`."""
        head = self._known.get(raw)
        if head is None:
            if len(self._known) >= HEADS_KEPT:
                self._known.clear()
            head = self._known[raw] = _read_head(raw)
        return head


def _read_head(raw: bytes) -> Head:
    status = _STATUS.match(raw)
    if status is None:
        raise ValueError("no HTTP/1.1 answer")
    number = int(status[1])
    close = _CLOSE.search(raw) is not None or raw.startswith(b"HTTP/1.0")
    if number in _BODILESS:
        return Head(number, 0, close)
    if _CHUNKED.search(raw):
        return Head(number, -1, close)
    length = _LENGTH.search(raw)
    if length is None:
        return Head(number, -2, True)
    if int(length[1]) > BODY_MAX:
        raise ValueError(f"an answer of {int(length[1])} bytes")
    return Head(number, int(length[1]), close)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    close: bool
    """The connection takes no further request."""
    size: int
    """Bytes on the wire, the head with them."""


class Reader:
    """The answer to the one request that is under way on a connection."""

    __slots__ = ("_buffer", "_heads")

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._buffer = b""

    @property
    def begun(self) -> bool:
        """Whether a part of the answer has come."""
        return bool(self._buffer)

    def push(self, chunk: bytes) -> Answer | None:
        """The answer, once it is whole. Errors: `ValueError` for what is none, or goes on behind its end."""
        buffer = self._buffer + chunk if self._buffer else chunk
        end = buffer.find(b"\r\n\r\n") + 4
        if end < 4:
            if len(buffer) > HEAD_MAX:
                raise ValueError("an answer's head is too long")
            self._buffer = buffer
            return None
        head = self._heads.read(buffer[:end])
        if head.length < 0:
            return self._unmeasured(head, buffer, end)
        missing = end + head.length - len(buffer)
        if missing > 0:
            self._buffer = buffer
            return None
        if missing < 0:
            raise ValueError("an answer goes on behind its end")
        self._buffer = b""
        return Answer(head.status, buffer[end:], head.close, len(buffer))

    def ended(self) -> Answer | None:
        """The connection has ended: the answer, if that was how its length is told."""
        buffer, self._buffer = self._buffer, b""
        end = buffer.find(b"\r\n\r\n") + 4
        if end < 4:
            return None
        head = self._heads.read(buffer[:end])
        return Answer(head.status, buffer[end:], True, len(buffer)) if head.length == -2 else None

    def _unmeasured(self, head: Head, buffer: bytes, end: int) -> Answer | None:
        if len(buffer) - end > BODY_MAX:
            raise ValueError("an answer without an end")
        body = _joined(buffer, end) if head.length == -1 else None
        if body is None:
            self._buffer = buffer
            return None
        self._buffer = b""
        return Answer(head.status, body, head.close, len(buffer))


def _joined(buffer: bytes, at: int) -> bytes | None:
    """The chunks' content (§7.1), None while the last is missing. Errors: `ValueError`. Trailers are not taken."""
    pieces: list[bytes] = []
    while (line := buffer.find(b"\r\n", at)) >= 0:
        size = int(buffer[at:line].partition(b";")[0], 16)
        start = line + 2
        if len(buffer) < start + size + 2:
            return None
        if buffer[start + size : start + size + 2] != b"\r\n":
            raise ValueError("a chunk without its end")
        if size == 0:
            return b"".join(pieces)
        pieces.append(buffer[start : start + size])
        at = start + size + 2
    return None


def unzipped(body: bytes) -> bytes:
    """Text as it was before its content coding. Errors: `ValueError`."""
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError) as error:
        raise ValueError("a gzipped answer cannot be read") from error


class Requests:
    """Requests as bytes. What thousands ask for alike is written once. `step` is `GET /path` or `POST /path`."""

    def __init__(self, host: str, agent: str) -> None:
        # A cookie rides along, as a browser sends the web host's to another port of the same name (RFC 6265 §8.5).
        self._rest = (
            f" HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\nAccept-Language: en\r\n"
            "Accept-Encoding: gzip\r\nCookie: session=rehearsal\r\n"
        )
        self._written: dict[str, bytes] = {}

    def write(self, step: str) -> bytes:
        raw = self._written.get(step)
        if raw is None:
            if len(self._written) >= HEADS_KEPT:
                self._written.clear()
            length = "Content-Length: 0\r\n" if step.startswith("POST") else ""
            raw = self._written[step] = f"{step}{self._rest}{length}\r\n".encode()
        return raw
