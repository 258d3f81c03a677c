"""The client's files and pictures under `/assets/`, from `published/assets`, and `/healthz`. Each address is immutable."""

from __future__ import annotations

import mimetypes
import re

from fastapi import APIRouter
from starlette.responses import FileResponse, JSONResponse, Response

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


def build(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    root = parts.settings.published_dir / "assets"

    @router.get("/assets/{path:path}")
    async def asset(path: str) -> Response:
        file = root / path
        if not SAFE.fullmatch(path) or not file.is_file():
            raise Refused("not_found")
        kind = KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        return FileResponse(
            file,
            media_type=kind or "application/octet-stream",
            headers={"Cache-Control": IMMUTABLE},
        )

    @router.get("/healthz")
    async def healthz() -> Response:
        ready = parts.sql.ready
        return JSONResponse({"ok": True, "database": ready, "studio": parts.follower.here})

    return router
