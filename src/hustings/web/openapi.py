"""The description of all that programs may ask of web, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0).

Made of what the code itself goes by: the routes, what each says of itself (`mastodon.described`), the shapes that mypy holds the
answers to, and the table of errors. What plans rooms is FastAPI's own description. Nothing of it is made before somebody asks.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import Field, TypeAdapter
from starlette.responses import Response

from hustings.social import portraits, scopes
from hustings.web import api
from hustings.web.mastodon import described, shapes
from hustings.web.mastodon.described import ANYBODY, JSON, PARTS, READER, Described
from hustings.wire.errors import CODES

Tree = dict[str, Any]
ADDRESS = f"{api.PREFIX}/openapi.json"
REF = "#/components/schemas/{model}"
PLACES: dict[str, Any] = {
    "id": shapes.Id,
    "by": shapes.Id,
    "key": Annotated[str, Field(min_length=1, description="of a group of notifications")],
    "name": Annotated[str, Field(min_length=1, description="of a tag, without #")],
    "kind": Annotated[str, Field(json_schema_extra={"enum": list(portraits.KINDS)})],
    "answer": Annotated[str, Field(json_schema_extra={"enum": ["authorize", "reject"]})],
}
"""What stands in an address between braces."""
LINK = {
    "Link": {
        "description": "where the parts before and after this one are (RFC 8288)",
        "schema": {"type": "string"},
    }
}


class Application(FastAPI):
    """One that describes itself whole: what FastAPI knows by itself, and what addresses say of themselves."""

    def openapi(self) -> Tree:
        if self.openapi_schema is None:
            spoken = [
                (route, described.of(getattr(route, "endpoint", None))) for route in self.routes
            ]
            others = [route for route, said in spoken if said is None]
            tree = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=others
            )
            self.openapi_schema = _with(
                tree, [(one, said) for one, said in spoken if said and isinstance(one, APIRoute)]
            )
        return self.openapi_schema


def build(app: Application) -> APIRouter:
    """The address of the description: written once, in a thread, since it is half a second's work."""
    router = APIRouter(include_in_schema=False)
    written: list[bytes] = []

    @router.get(ADDRESS)
    async def description() -> Response:
        if not written:
            written.append(await asyncio.to_thread(lambda: json.dumps(app.openapi()).encode()))
        return Response(written[0], media_type=JSON)

    return router


def _with(tree: Tree, every: Sequence[tuple[APIRoute, Described]]) -> Tree:
    """Errors: `ValueError` for a place in an address that is not in `PLACES`, and for a name that two shapes have."""
    types = _Types(said for _, said in every)
    for route, said in every:
        for method in sorted(route.methods or ()):
            at = tree["paths"].setdefault(route.path_format, {})
            at[method.lower()] = _operation(route, method, said, types)
    components = tree.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    if twice := schemas.keys() & types.schemas.keys():
        raise ValueError(f"two shapes have one name: {twice}")
    schemas.update(types.schemas)
    components["responses"] = {
        "Refusal": _response(types.of(shapes.Refusal), JSON, 'A "no", with a stable code.'),
        "Refused": _response({}, described.HTML, 'A "no", as a page.'),
    }
    components["securitySchemes"] = _security()
    return tree


class _Types:
    """Python's types as JSON Schema, those with a name as components."""

    def __init__(self, every: Iterable[Described]) -> None:
        wanted: list[Any] = [shapes.Refusal, *PLACES.values()]
        for one in every:
            wanted += [type for type in (one.answer, one.takes) if type is not None]
        adapters = {repr(type): TypeAdapter(type) for type in wanted}
        inputs: list[Any] = [(name, "validation", one) for name, one in adapters.items()]
        made, rest = TypeAdapter.json_schemas(inputs, ref_template=REF)
        self._made = {name: schema for (name, _), schema in made.items()}
        self.schemas: Tree = rest.get("$defs", {})

    def of(self, type: Any) -> Tree:
        return self._made[repr(type)]

    def properties(self, type: Any) -> dict[str, Tree]:
        """Of a `TypedDict` that is a component, each by itself."""
        name = self.of(type)["$ref"].rpartition("/")[2]
        found: dict[str, Tree] = self.schemas[name]["properties"]
        return found


def _operation(route: APIRoute, method: str, said: Described, types: _Types) -> Tree:
    text = " ".join((route.endpoint.__doc__ or "").split())
    tree: Tree = {
        "tags": [route.endpoint.__module__.rpartition(".")[2]],
        "operationId": method.lower() + re.sub(r"\W+", "_", re.sub(r"[{}]", "", route.path_format)),
        **({"description": text} if text else {}),
        "parameters": [*_places(route, types), *_asked(said), *_heads(said)],
        "responses": _responses(said, types),
        "security": _who(said),
    }
    if said.takes is not None:
        tree["requestBody"] = {
            "content": {kind: {"schema": _body(said, kind, types)} for kind in said.bodies}
        }
    return tree


def _places(route: APIRoute, types: _Types) -> Iterator[Tree]:
    for name in re.findall(r"{(\w+)}", route.path_format):
        if name not in PLACES:
            raise ValueError(f"{route.path_format}: nobody says what {name} is")
        yield {"name": name, "in": "path", "required": True, "schema": types.of(PLACES[name])}


def _asked(said: Described) -> Iterator[Tree]:
    for one in said.asks:
        for name, schema in TypeAdapter(one).json_schema()["properties"].items():
            many = schema.get("type") == "array"
            yield {
                "name": f"{name}[]" if many else name,
                "in": "query",
                "schema": _bare(schema),
                **({"style": "form", "explode": True} if many else {}),
            }


def _heads(said: Described) -> Iterator[Tree]:
    for name in said.heads:
        yield {"name": name, "in": "header", "schema": {"type": "string"}}


def _body(said: Described, kind: str, types: _Types) -> Tree:
    """A form names its lists as Rails does, and only one in parts brings files."""
    schema = types.of(said.takes)
    properties = types.properties(said.takes)
    files = {name for name, one in properties.items() if one.get("format") == "binary"}
    if kind == JSON and not files:
        return schema
    named = {
        f"{name}[]" if kind != JSON and one.get("type") == "array" else name: _bare(one)
        for name, one in properties.items()
        if kind == PARTS or name not in files
    }
    return {"type": "object", "properties": named}


def _responses(said: Described, types: _Types) -> Tree:
    paged = {"max_id", "min_id"} <= said.asked
    schema = {"type": "string"} if said.answer is None else types.of(said.answer)
    page = said.kind == described.HTML
    refused = {"$ref": f"#/components/responses/{'Refused' if page else 'Refusal'}"}
    statuses = sorted({f"{status // 100}XX" for status, _ in CODES.values()} - {"2XX"})
    found: Tree = {}
    for status in said.statuses:
        if 300 <= status < 400:
            found[str(status)] = {"description": HTTPStatus(status).phrase}
        else:
            fine = _response(schema, said.kind, HTTPStatus(status).phrase)
            found[str(status)] = {**fine, **({"headers": LINK} if paged else {})}
    return {**found, **dict.fromkeys(statuses, refused)}


def _response(schema: Tree, kind: str, description: str) -> Tree:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _who(said: Described) -> list[Tree]:
    """Scopes are those of OAuth; a narrow one that is named is held by its wide one."""
    if said.by == ANYBODY:
        return []
    needed = {"token": [said.scope] if said.scope else []}
    return [{}, needed] if said.by == READER else [needed]


def _security() -> Tree:
    known = dict.fromkeys(scopes.KNOWN, "")
    code = {"authorizationUrl": "/oauth/authorize", "tokenUrl": "/oauth/token", "scopes": known}
    own = {"tokenUrl": "/oauth/token", "scopes": known}
    return {
        "token": {
            "type": "oauth2",
            "description": "docs/apps.md",
            "flows": {"authorizationCode": code, "clientCredentials": own},
        },
        api.TICKET: {"type": "http", "scheme": "bearer", "description": "of a room's host"},
        api.PLANNER: {"type": "apiKey", "in": "header", "name": "Hustings-Planner"},
    }


def _bare(schema: Tree) -> Tree:
    """Pydantic titles everything by its name."""
    return {name: value for name, value in schema.items() if name != "title"}
