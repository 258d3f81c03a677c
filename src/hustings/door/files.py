"""The stage page and the assets, read from `published/`. Small files, kept in memory until they change on disk."""

from __future__ import annotations

import gzip
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from hustings.wire.errors import Refused

FILE_MAX = 4_000_000
CACHED_MAX = 200
ZIPPED_MIN = 200
ZIPPED = frozenset((".html", ".js", ".css", ".svg", ".json", ".txt"))
NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")
IMMUTABLE = "public, max-age=31536000, immutable"
SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src * data:; "
        "connect-src *; media-src * blob: data:; worker-src 'self' blob:; font-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in memory. `zipped` is empty where gzip does not help."""

    stamp_ns: int
    raw: bytes
    zipped: bytes


class Files:
    """Files under one folder, by their path. Errors: `Refused("not_found")`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: dict[str, Kept] = {}

    def read(self, path: str) -> Kept:
        if not SAFE.fullmatch(path):
            raise Refused("not_found")
        file = self._root / path
        try:
            stamp = file.stat()
            if not file.is_file() or stamp.st_size > FILE_MAX:
                raise Refused("not_found")
            kept = self._kept.get(path)
            if kept is not None and kept.stamp_ns == stamp.st_mtime_ns:
                return kept
            raw = file.read_bytes()
        except OSError:
            raise Refused("not_found") from None
        if len(self._kept) >= CACHED_MAX:
            self._kept.clear()
        text = file.suffix in ZIPPED and len(raw) >= ZIPPED_MIN
        fresh = Kept(stamp.st_mtime_ns, raw, gzip.compress(raw, 6, mtime=0) if text else b"")
        self._kept[path] = fresh
        return fresh

    def page(self, accept_encoding: str) -> web.Response:
        """The stage page. It is the same for every room, so it may be kept for a minute."""
        response = _answer(self.read("stage.html"), "text/html", accept_encoding)
        response.charset = "utf-8"
        response.headers.update({**SECURITY, "Cache-Control": "max-age=60"})
        return response

    def asset(self, path: str, accept_encoding: str) -> web.Response:
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if kind == "text/javascript" or path.endswith(".js"):
            kind = "text/javascript"
        response = _answer(self.read(f"assets/{path}"), kind, accept_encoding)
        response.headers["Cache-Control"] = IMMUTABLE
        response.headers["X-Content-Type-Options"] = "nosniff"
        if kind.startswith("text/"):
            response.charset = "utf-8"
        return response


def _answer(kept: Kept, kind: str, accept_encoding: str) -> web.Response:
    """The file, gzipped for whoever takes that."""
    wanted = accept_encoding.lower()
    if not kept.zipped:
        return web.Response(body=kept.raw, content_type=kind)
    headers = {"Vary": "Accept-Encoding"}
    if "gzip" not in wanted or NO_GZIP.search(wanted):
        return web.Response(body=kept.raw, content_type=kind, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return web.Response(body=kept.zipped, content_type=kind, headers=headers)
