"""The stage page and the assets, read from `published/`. Small files, kept in memory until they change on disk."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path

from aiohttp import web

from hustings.wire.errors import Refused

FILE_MAX = 4_000_000
CACHED_MAX = 200
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


class Files:
    """Files under one folder, by their path. Errors: `Refused("not_found")`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: dict[str, tuple[int, bytes]] = {}

    def read(self, path: str) -> bytes:
        if not SAFE.fullmatch(path):
            raise Refused("not_found")
        file = self._root / path
        try:
            stamp = file.stat()
            if not file.is_file() or stamp.st_size > FILE_MAX:
                raise Refused("not_found")
            kept = self._kept.get(path)
            if kept is not None and kept[0] == stamp.st_mtime_ns:
                return kept[1]
            raw = file.read_bytes()
        except OSError:
            raise Refused("not_found") from None
        if len(self._kept) >= CACHED_MAX:
            self._kept.clear()
        self._kept[path] = (stamp.st_mtime_ns, raw)
        return raw

    def page(self) -> web.Response:
        """The stage page. It is the same for every room, so it may be kept for a minute."""
        return web.Response(
            body=self.read("stage.html"),
            content_type="text/html",
            charset="utf-8",
            headers={**SECURITY, "Cache-Control": "max-age=60"},
        )

    def asset(self, path: str) -> web.Response:
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if kind == "text/javascript" or path.endswith(".js"):
            kind = "text/javascript"
        response = web.Response(body=self.read(f"assets/{path}"), content_type=kind)
        response.headers["Cache-Control"] = IMMUTABLE
        response.headers["X-Content-Type-Options"] = "nosniff"
        if kind.startswith("text/"):
            response.charset = "utf-8"
        return response
