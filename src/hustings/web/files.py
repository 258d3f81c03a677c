"""The client's files and pictures under `/assets/`, from `published/assets`, those that are drawn under `/drawn/`, and
`/healthz`. What each address holds never changes."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

from hustings.web import drawn
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

IMMUTABLE = "public, max-age=31536000, immutable"
# No step of a path begins with a dot: neither `..` nor a draft that is being written.
SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}
ZIPPED = frozenset((".js", ".css", ".svg"))
ZIPPED_KEPT = 200
NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")


@lru_cache(ZIPPED_KEPT)
def _zipped(file: Path) -> bytes:
    """Of an address that is immutable. Pages are not zipped: they hold links that are secrets beside what strangers typed."""
    return gzip.compress(file.read_bytes(), 6, mtime=0)


def build(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    root = parts.settings.published_dir / "assets"

    @router.get("/assets/{path:path}")
    async def asset(path: str, request: Request) -> Response:
        file = root / path
        if not SAFE.fullmatch(path) or not file.is_file():
            raise Refused("not_found")
        kind = KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        headers = {"Cache-Control": IMMUTABLE}
        if file.suffix in ZIPPED:
            headers["Vary"] = "Accept-Encoding"
            wanted = request.headers.get("accept-encoding", "").lower()
            if "gzip" in wanted and not NO_GZIP.search(wanted):
                headers["Content-Encoding"] = "gzip"
                return Response(await asyncio.to_thread(_zipped, file), 200, headers, kind)
        kind = kind or "application/octet-stream"
        return FileResponse(file, media_type=kind, headers=headers)

    @router.get("/drawn/{seed}/{name}.png")
    async def picture(seed: str, name: str) -> Response:
        if name not in drawn.SIZES or not drawn.SEED.fullmatch(seed):
            raise Refused("not_found")
        made = await asyncio.to_thread(drawn.picture, seed, name)
        return Response(made, 200, {"Cache-Control": IMMUTABLE}, "image/png")

    @router.get("/healthz")
    async def healthz() -> Response:
        ready = parts.sql.ready
        return JSONResponse({"ok": True, "database": ready, "studio": parts.follower.here})

    return router
