"""What a request carries, as a flat tree and a picture: JSON or a form, read within its limits."""

from __future__ import annotations

import json

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hustings.wire.errors import Refused

FIELDS_MAX = 30
FIELD_BYTES_MAX = 65_536


async def read(request: Request, picture_bytes_max: int) -> tuple[dict[str, object], bytes]:
    """The fields, and the file called `picture` (empty when none was chosen). Errors: `bad_request`, `picture_too_large`."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        return await read_json(request), b""
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return await _read_form(request, picture_bytes_max)
    raise Refused("bad_request", field="content-type")


async def read_json(request: Request) -> dict[str, object]:
    """A JSON object. Errors: `bad_request`."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused("bad_request", field="content-type")
    try:
        tree = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Refused("bad_request") from None
    if not isinstance(tree, dict):
        raise Refused("bad_request")
    return tree


async def _read_form(request: Request, picture_bytes_max: int) -> tuple[dict[str, object], bytes]:
    try:
        async with request.form(
            max_files=1, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX
        ) as form:
            fields: dict[str, object] = {
                name: value for name, value in form.items() if isinstance(value, str)
            }
            file = form.get("picture")
            if not isinstance(file, UploadFile):
                return fields, b""
            if (file.size or 0) > picture_bytes_max:
                raise Refused("picture_too_large", field="picture", bytes_max=picture_bytes_max)
            return fields, await file.read()
    except HTTPException:
        raise Refused("bad_request") from None
