"""Every answer that a test of web gets is held against the API's own description, stricter than programs have to be: a field
that is not described is a fault too."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import httpx
import jsonschema_rs

ADDRESS = "/api/hustings/v1/openapi.json"
OPEN = ("Refusal", "Error")
"""A "no" may say more than its code."""
Tree = dict[str, Any]


class Description:
    """What `openapi.json` says, asked by address."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._schemas = {
            name: schema if name in OPEN else _strict(schema)
            for name, schema in tree["components"]["schemas"].items()
        }
        # `/accounts/lookup` before `/accounts/{id}`
        self._places = [
            (re.compile(re.sub(r"{\w+}", "[^/]+", path)), path)
            for path in sorted(tree["paths"], key=lambda path: (path.count("{"), path))
        ]
        self.validator = lru_cache(None)(self._validator)

    def operation(self, method: str, path: str) -> Tree | None:
        """None: nobody describes it."""
        for pattern, place in self._places:
            if pattern.fullmatch(path) and method.lower() in self.tree["paths"][place]:
                found: Tree = self.tree["paths"][place][method.lower()]
                return {**found, "at": place}
        return None

    def faults(self, method: str, path: str, answer: httpx.Response) -> list[str]:
        """What is wrong with an answer; nothing with one of an address that is not described."""
        said = self.operation(method, path)
        if said is None:
            return []
        status = str(answer.status_code)
        known = [one for one in (status, f"{status[0]}XX") if one in said["responses"]]
        if not known:
            return [f"{method} {path}: nobody said that it answers {status}"]
        kind = answer.headers.get("content-type", "").partition(";")[0]
        content = self._response(said["responses"][known[0]]).get("content", {})
        if content and kind not in content:
            return [f"{method} {path}: {status} came as {kind!r}, and not as one of {[*content]}"]
        if not kind.endswith("json"):
            return []
        validator = self.validator(said["at"], method.lower(), known[0], kind)
        return [
            f"{method} {path}: {fault.message[:200]} at {'/'.join(map(str, fault.instance_path))}"
            for fault in validator.iter_errors(answer.json())
        ]

    def _response(self, response: Tree) -> Tree:
        name = response.get("$ref", "").rpartition("/")[2]
        found: Tree = self.tree["components"]["responses"][name] if name else response
        return found

    def _validator(self, place: str, method: str, status: str, kind: str) -> Any:
        response = self._response(self.tree["paths"][place][method]["responses"][status])
        root = {**response["content"][kind]["schema"], "components": {"schemas": self._schemas}}
        return jsonschema_rs.Draft202012Validator(root, validate_formats=True)


class Held(httpx.AsyncBaseTransport):
    """A transport that fails a test whose answer is not as described."""

    _description: Description | None = None

    def __init__(self, inner: httpx.ASGITransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer, said = await self._whole(request)
        if request.method not in ("OPTIONS", "HEAD"):
            described = await self._described(request.url)
            copy = httpx.Response(answer.status_code, headers=answer.headers, content=said)
            faults = described.faults(request.method, request.url.path, copy)
            assert faults == [], "\n".join(faults)
        return answer

    async def _described(self, url: httpx.URL) -> Description:
        """It is the same for every server, and asked for once."""
        if Held._description is None:
            _, said = await self._whole(httpx.Request("GET", url.join(ADDRESS)))
            Held._description = Description(json.loads(said))
        return Held._description

    async def _whole(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        """The answer as it came, to be read once more, and its bytes."""
        answer = await self._inner.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        said = b"".join([some async for some in answer.stream])
        again = httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=httpx.ByteStream(said),
            extensions=answer.extensions,
        )
        return again, said


def _strict(schema: Any) -> Any:
    """With nothing in an object but what is described."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _strict(one) for name, one in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made
