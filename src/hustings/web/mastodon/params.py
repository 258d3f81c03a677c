"""What a request of an app carries, as a tree: JSON, a form, one without a word of what it is, and the query under it.

Names are nested as Rails nests them: `id[]=1&id[]=2`, `source[privacy]=public`, `fields_attributes[0][name]=Web`. What an
address does not say of itself (`described`) is left out.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hustings.web.mastodon import described
from hustings.wire.errors import Refused

FIELDS_MAX, FILES_MAX, FIELD_BYTES_MAX = 200, 4, 65_536
DEPTH_MAX = 4
_STEP = re.compile(r"\[([^\[\]]*)\]")


def asked(request: Request) -> dict[str, Any]:
    """The query alone. Errors: `bad_request`."""
    known = described.here(request).asked
    return _named(nested(request.query_params.multi_items()), known)


async def read(request: Request) -> dict[str, Any]:
    """The tree; of a file there is its name. Errors: `bad_request`."""
    async with opened(request) as tree:
        return {
            name: str(one.filename) if isinstance(one, UploadFile) else one
            for name, one in tree.items()
        }


@contextlib.asynccontextmanager
async def opened(request: Request) -> AsyncIterator[dict[str, Any]]:
    """The tree; a file is an `UploadFile`, for as long as this lasts. Errors: `bad_request`."""
    said = described.of(request.scope["endpoint"])
    known = None if said is None else said.taken  # a page of people's takes all that its form sends
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    tree = nested(request.query_params.multi_items())
    if kind != "multipart/form-data":
        yield _named({**tree, **await _without_files(request, kind)}, known)
        return
    try:
        form = await request.form(
            max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX
        )
    except HTTPException:
        raise Refused("bad_request") from None
    try:
        yield _named({**tree, **nested(form.multi_items())}, known)
    finally:
        await form.close()


def _named(tree: dict[str, Any], known: frozenset[str] | None) -> dict[str, Any]:
    """What of it is known; all of it, where nobody says."""
    return tree if known is None else {one: tree[one] for one in tree if one in known}


async def _without_files(request: Request, kind: str) -> dict[str, Any]:
    body = await request.body()
    if not body.strip():
        return {}
    if kind == "application/json":
        return _json(body)
    if kind in ("", "application/x-www-form-urlencoded", "text/plain"):
        return _form(body)
    raise Refused("bad_request", field="content-type")


def nested(pairs: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Errors: `bad_request` for names that do not fit together, or are nested deeper than `DEPTH_MAX`."""
    tree: dict[str, Any] = {}
    for number, (name, value) in enumerate(pairs):
        if number >= FIELDS_MAX:
            raise Refused("bad_request")
        head, bracket, _ = name.partition("[")
        steps = [head, *_STEP.findall(name)] if bracket else [name]
        if len(steps) > DEPTH_MAX:
            raise Refused("bad_request", field=head[:60])
        _put(tree, steps, value)
    return tree


def words(tree: dict[str, Any], name: str) -> str:
    """A text, "" when there is none. Errors: `bad_request`."""
    value = tree.get(name)
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if not isinstance(value, str):
        raise Refused("bad_request", field=name)
    return value


def many(tree: dict[str, Any], name: str) -> list[Any]:
    """A list, also of one."""
    value = tree.get(name)
    if value is None:
        return []
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def true(tree: dict[str, Any], name: str) -> bool:
    """As forms and programs say it."""
    return words(tree, name).lower() in ("1", "true", "on")


def _put(tree: dict[str, Any], steps: list[str], value: object) -> None:
    at: Any = tree
    for step, after in pairwise(steps):
        at = at.setdefault(step, [] if after == "" else {})
        if not isinstance(at, list if after == "" else dict):
            raise Refused("bad_request", field=steps[0][:60])
        if isinstance(at, list):
            at.append(value)
            return
    at[steps[-1]] = value


def _json(body: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("bad_request") from None
    if not isinstance(tree, dict):
        raise Refused("bad_request")
    return tree


def _form(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise Refused("bad_request") from None
    return nested(pairs)
