"""One object as an HTTP answer, made once and sent often: its headers, its gzip twin, its ranges (RFC 9110 §14).

What costs time is done when an object arrives; a request only chooses among ready bytes and ready lists of headers.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hustings.wire.errors import CODES

if TYPE_CHECKING:
    from hustings.edge.parking import Scope, Sender

Headers = list[tuple[str, str]]

OPEN: Headers = [
    ("access-control-allow-origin", "*"),
    ("timing-allow-origin", "*"),
    ("x-content-type-options", "nosniff"),
    ("server", "hustings"),
]
"""Sent with every answer. Any page may read what everybody may read."""

CONTENT_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "audio/mp4",
    "mp4": "audio/mp4",
    "m4a": "audio/mp4",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "ico": "image/x-icon",
}
_TEXT = (
    "text/",
    "application/vnd.apple.mpegurl",
    "application/json",
    "image/svg",
    "application/manifest",
)
_GZIP_FROM = 200
FIELD_READ = 128
"""Characters of `Accept-Encoding` that are read: what browsers send has 30."""

BRIEF = "public, max-age=1"
"""How long caches may keep a "no", and whatever changes with the next part."""
_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200 made ready: the body as it is, and gzipped where that helps (text), each with its headers."""

    body: bytes
    headers: Headers
    zipped: bytes | None = None
    zipped_headers: Headers | None = None

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""
        return len(self.body) + len(self.zipped or b"")

    def with_headers(self, changes: Mapping[str, str]) -> Answer:
        """The same object with some headers replaced or added (a parked reload's longer life, say)."""
        return Answer(
            self.body,
            _changed(self.headers, changes),
            self.zipped,
            _changed(self.zipped_headers, changes) if self.zipped_headers else None,
        )


def content_type(name: str) -> str:
    return CONTENT_TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def sound_or_text(name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """An object made ready. `headers` have lower-case names; a `set-cookie` is never passed on.

    Text gets a gzip twin and `Vary: Accept-Encoding`; sound gets `Accept-Ranges`.
    """
    kind = headers.get("content-type") or content_type(name)
    text = kind.startswith(_TEXT)
    own = {"content-type": kind, "cache-control": "public, max-age=1"}
    own |= {word: value for word, value in headers.items() if word not in ("set-cookie", "vary")}
    own |= {"vary": "accept-encoding"} if text else {"accept-ranges": "bytes"}
    plain = [*own.items(), *OPEN]
    if not text or len(body) < _GZIP_FROM:
        return Answer(body, plain)
    zipped = gzip.compress(body, 6, mtime=0)
    return Answer(body, plain, zipped, [*plain, ("content-encoding", "gzip")])


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether a client takes gzip. A weight of 0 means no (RFC 9110 §12.5.3)."""
    return accept_encoding is not None and _gzip_in(accept_encoding[:FIELD_READ])


@lru_cache(maxsize=256)
def _gzip_in(accept_encoding: str) -> bool:
    for choice in accept_encoding.lower().split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def part_of(field: str | None, size: int) -> tuple[int, int] | bool:
    """What a Range field means for `size` bytes: (start, end) with `end` excluded; True: all of it; False: 416.

    One range is served; a field that cannot be read, of another unit, or of several ranges is ignored, as RFC 9110
    §14.2 allows.
    """
    found = _RANGE.fullmatch((field or "").replace(" ", ""))
    if found is None:
        return True
    first, final, suffix = found.groups()
    if suffix is not None:
        length = int(suffix)
        return (max(0, size - length), size) if length and size else False
    start = int(first)
    if final and int(final) < start:
        return True
    end = min(size, int(final) + 1) if final else size
    return (start, end) if start < size else False


def send(scope: Scope, to: Sender, answer: Answer, etag: str | None = None) -> None:
    """A ready answer: gzipped where the client takes it, else whole, else the range that it asks for."""
    fields = scope.headers
    if answer.zipped is not None and takes_gzip(fields.get("accept-encoding")):
        assert answer.zipped_headers is not None
        to.response_bytes(200, answer.zipped_headers, answer.zipped)
        return
    span = span_of(scope, len(answer.body), etag) if "range" in fields else True
    if span is True:
        to.response_bytes(200, answer.headers, answer.body)
    elif span is False:
        refuse_range(to, len(answer.body))
    else:
        start, end = span
        where = ("content-range", f"bytes {start}-{end - 1}/{len(answer.body)}")
        to.response_bytes(206, [*answer.headers, where], answer.body[start:end])


def span_of(scope: Scope, size: int, etag: str | None) -> tuple[int, int] | bool:
    """The range asked for. With an `If-Range` that does not name this object, all of it (RFC 9110 §13.1.5)."""
    fields = scope.headers
    condition = fields.get("if-range")
    if condition is not None and condition != etag:
        return True
    return part_of(fields.get("range"), size)


def refuse_range(to: Sender, size: int) -> None:
    refuse(to, "range_unsatisfiable", extra=(("content-range", f"bytes */{size}"),))


def refuse(
    to: Sender, code: str, *, status: int = 0, extra: tuple[tuple[str, str], ...] = ()
) -> None:
    """An error as `docs/protocol.md` says it, kept by caches for a second at most."""
    to.response_bytes(*_refusal(code, status, extra))


@lru_cache(maxsize=64)
def _refusal(
    code: str, status: int, extra: tuple[tuple[str, str], ...]
) -> tuple[int, Headers, bytes]:
    usual, sentence = CODES[code]
    headers = [("content-type", "application/json"), ("cache-control", BRIEF), *extra, *OPEN]
    return status or usual, headers, json.dumps({"code": code, "message": sentence}).encode()


def _changed(headers: Headers, changes: Mapping[str, str]) -> Headers:
    return [*((word, text) for word, text in headers if word not in changes), *changes.items()]
