"""The description of the API is true: every route is in it, everything in it is there, and what it says of tokens holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import httpx
import jsonschema_rs
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from typing_extensions import TypedDict

from hustings.social import tokens
from hustings.web import api, openapi, pages
from hustings.web.mastodon import for_apps, params, server_shapes, shapes, wishes
from hustings.web.mastodon.described import MEMBER, says
from hustings.wire.errors import CODES
from tests.web.conftest import House, bearer
from tests.web.held import ADDRESS
from tests.web.mastodon.letting_in import registered
from tests.web.mastodon.posting import author

ROOT = Path(__file__).parents[2]
PAGES = re.compile(r"/settings/.*")
"""Of people, among those for programs: where one sees which apps one let in."""
CAUGHT = "/api/v1/streaming/{path:path}"
"""What refuses streams that are not there."""
STREAMS = "/api/v1/streaming/"
Tree = dict[str, Any]


async def described(house: House) -> Tree:
    return dict((await house.client.get(ADDRESS)).json())


def operations(tree: Tree) -> Iterator[tuple[str, str, Tree]]:
    for path, at in tree["paths"].items():
        for method, said in at.items():
            yield method.upper(), path, said


def somewhere(path: str) -> str:
    """An address of that form, of something that is nowhere."""
    fixed = path.replace("{kind}", "avatar").replace("{answer}", "reject")
    return re.sub(r"{\w+}", "1", fixed)


async def test_every_route_is_described(house: House) -> None:
    routers = for_apps.build(house.parts, pages.Pages(house.parts))
    every = {
        (method, route.path)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    there = {(method, path) for method, path, _ in operations(await described(house))}
    missing = {(how, path) for how, path in every - there if not PAGES.fullmatch(path)}
    assert missing == {("GET", CAUGHT)}
    assert {path for _, path in there - every} == {
        "/api/hustings/v1/rooms",
        "/api/hustings/v1/rooms/{key}",
        "/api/hustings/v1/rooms/{key}/tickets",
    }


async def test_everything_that_is_described_is_there(house: House) -> None:
    for method, path, _ in operations(await described(house)):
        if path.startswith(STREAMS):
            continue  # nobody without a token: `test_a_token_is_asked_for_as_described`
        answer = await house.client.request(
            method, somewhere(path), headers={"Origin": house.settings.public.web}
        )
        code = (
            answer.json()["code"]
            if answer.headers.get("content-type") == "application/json" and answer.is_error
            else ""
        )
        assert code not in ("not_found", "method_not_allowed"), (method, path)


async def test_a_token_is_asked_for_as_described(house: House) -> None:
    """Without one, with one that may something else, and with one that may just this."""
    ada = await author(house)
    held: dict[str, dict[str, str]] = {}

    async def token(which: str) -> dict[str, str]:
        """Of an app of its own, since one has a few of somebody at the most."""
        if which in held:
            return held[which]
        app = int((await registered(house))["id"])
        text, now_ms = f"{which:x<43}", house.clock[0]
        id = house.parts.ids.at(now_ms)
        await house.parts.sql.write(tokens.issue, id, app, int(ada.id), which, text, now_ms)
        held[which] = bearer(text)
        return held[which]

    for method, path, said in operations(await described(house)):
        wanted = [one["token"] for one in said.get("security", ()) if "token" in one]
        if not wanted:
            continue
        house.clock[0] += 10_000

        async def code(
            headers: dict[str, str], how: str = method, to: str = somewhere(path)
        ) -> str:
            answer = await house.client.request(how, to, headers=headers)
            return str(answer.json()["code"]) if answer.is_error else ""

        assert (await code({}) == "token_wrong") is ({} not in said["security"]), (method, path)
        for scope in wanted[0]:
            assert await code(await token("push")) == "scope_missing", (method, path)
            if not path.startswith(STREAMS):
                assert await code(await token(scope)) not in ("scope_missing", "token_wrong"), (
                    method,
                    path,
                )


async def test_its_schemas_are_schemas(house: House) -> None:
    tree = await described(house)
    assert tree["openapi"].startswith("3.1.")
    ids = [said["operationId"] for _, _, said in operations(tree)]
    assert len(ids) == len(set(ids))
    for name, schema in tree["components"]["schemas"].items():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )
        assert schema.get("properties") != {} or name == "Nothing"
    named = set(re.findall(r"#/components/schemas/(\w+)", (await house.client.get(ADDRESS)).text))
    assert named <= tree["components"]["schemas"].keys()


async def test_every_code_is_named(house: House) -> None:
    refusal = (await described(house))["components"]["schemas"]["Refusal"]
    assert refusal["properties"]["code"]["enum"] == sorted(CODES)


def test_what_is_described_is_read_somewhere() -> None:
    """Every name of a query or a body stands in the code that reads it."""
    read = "\n".join(
        path.read_text()
        for folder in ("social", "web")
        for path in (ROOT / "src" / "hustings" / folder).rglob("*.py")
        if path.name != "wishes.py"
    )
    kinds = [one for one in vars(wishes).values() if hasattr(one, "__required_keys__")]
    assert len(kinds) > 30
    names = {name for kind in kinds for name in get_type_hints(kind)}
    assert {name for name in names if f'"{name}"' not in read} == set()


def test_a_query_is_read_by_what_is_described() -> None:
    """Streams, which WebSockets ask for too, look by themselves; `paged` carries on what it was asked with."""
    folder = ROOT / "src" / "hustings" / "web" / "mastodon"
    reading = {path.stem for path in folder.glob("*.py") if "query_params" in path.read_text()}
    assert reading == {"params", "paged", "streaming"}


def test_every_shape_is_used() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "src/hustings/web").rglob("*.py"))
    for module in (shapes, server_shapes, wishes):
        for name, one in vars(module).items():
            if getattr(one, "__module__", "") == module.__name__ and isinstance(one, type):
                assert len(re.findall(rf"\b{name}\b", text)) > 1, name


class Said(TypedDict, total=False):
    word: str


async def test_what_is_not_described_is_not_read() -> None:
    app = FastAPI()

    @app.post("/here")
    @says(None, by=MEMBER, asks=(Said,), takes=Said)
    async def here(request: Request) -> Tree:
        return {"asked": params.asked(request), "taken": await params.read(request)}

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        for body in ({"json": {"word": "b", "other": 1}}, {"data": {"word": "b", "other": "1"}}):
            answer = await client.post("/here?word=a&more=1", **body)  # type: ignore[arg-type]
            assert answer.json() == {"asked": {"word": "a"}, "taken": {"word": "b"}}


class Room(TypedDict):
    """Of the same name as one that plans rooms."""

    a: Annotated[str, "of another module"]


def answering(address: str, answer: Any) -> openapi.Application:
    app = openapi.Application()
    router = APIRouter()

    @router.get(address)
    @says(answer)
    async def nothing() -> None: ...

    @router.get("/ours", response_model=api.Room)
    async def ours() -> None: ...

    app.router.routes.extend(router.routes)
    return app


def test_an_address_with_a_place_that_nobody_knows_is_a_fault() -> None:
    with pytest.raises(ValueError, match="elsewhere"):
        answering("/{elsewhere}", shapes.Nothing).openapi()


def test_two_shapes_of_one_name_are_a_fault() -> None:
    with pytest.raises(ValueError, match="Room"):
        answering("/here", Room).openapi()


def test_who_reads_what_nobody_described_is_told_so() -> None:
    request = Request({"type": "http", "path": "/here", "endpoint": answering})
    with pytest.raises(LookupError, match="/here"):
        params.asked(request)
