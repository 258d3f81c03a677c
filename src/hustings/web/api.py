"""`/api/hustings/v1`: planning of rooms for programs. Its OpenAPI description is at `/api/hustings/v1/openapi.json`."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from hustings.rooms.room import REPLAY
from hustings.web import forms, programme
from hustings.web.guard import client_network
from hustings.web.parts import Parts
from hustings.web.plans import ALT_MAX, DESCRIPTION_MAX, NAME_MAX, TITLE_MAX
from hustings.web.programme import Listing
from hustings.wire.errors import CODES

PREFIX = "/api/hustings/v1"
TICKET, PLANNER = "ticket", "planner"
"""What a route wants of who asks: the host's ticket; the planner key, where the server is not this machine's alone."""


class Room(BaseModel):
    """A room as anybody may see it. Times in milliseconds since 1970."""

    key: str
    title: str
    description: str
    starts_at_ms: int
    doors_at_ms: int
    picture: str | None
    picture_alt: str
    profile: Literal["default", "fast"]
    listed: bool
    host_name: str
    state: Literal["planned", "open", "on_air", "ended", "replay"]
    late_reason: str
    on_air_since_ms: int | None
    ended_at_ms: int | None
    replay: bool
    live_url: str


class Rooms(BaseModel):
    rooms: list[Room]


class PlannedRoom(BaseModel):
    """`host_url` holds the host's ticket and is given once. `handed` is false while the stage restarts; it heals itself."""

    room: Room
    host_ticket: str
    host_url: str
    live_url: str
    handed: bool


class RoomPlan(BaseModel):
    """What a room is planned with. Of these, all but `key` can be changed until the room is on the air."""

    title: str = Field(min_length=1, max_length=TITLE_MAX)
    starts_at_ms: int = Field(description="between an hour ago and two years ahead")
    key: str = Field(
        "",
        description="a–z, 0–9 and -, 3 to 64; proposed from the title when empty; ignored when unlisted",
    )
    description: str = Field("", max_length=DESCRIPTION_MAX)
    profile: Literal["default", "fast"] = "default"
    listed: bool = Field(True, description="false: an address of 22 random characters, on no list")
    host_name: str = Field("", max_length=NAME_MAX)
    picture_alt: str = Field("", max_length=ALT_MAX, description="required with a picture")


class Invited(BaseModel):
    ticket: str
    url: str


class Invitation(BaseModel):
    role: Literal["speaker", "cohost"] = "speaker"
    name: str = Field("", max_length=NAME_MAX)
    member: str = Field("", description="a handle: the ticket ends with that account")


class Error(BaseModel):
    """Every "no". `code` is stable; `field` names the field it is about, where there is one."""

    code: str
    message: str
    field: str | None = None


def build(parts: Parts) -> APIRouter:
    """The routes. Tickets come as `Authorization: Bearer`, the planner key as `Hustings-Planner`."""
    router = APIRouter(prefix=PREFIX)
    planning, sql = parts.planning, parts.sql
    picture_bytes_max = parts.settings.web.picture_bytes_max

    @router.post(
        "/rooms",
        status_code=201,
        response_model=PlannedRoom,
        **_says(RoomPlan, picture=True, by=PLANNER),
    )
    async def plan_room(request: Request) -> Any:
        """Plans a room."""
        network = client_network(request.scope, parts.settings.web.forwarded_header)
        parts.planner.check(request.headers.get("hustings-planner", ""), network)
        tree, picture = await forms.read(request, picture_bytes_max)
        done = await planning.plan(tree, picture)
        key = done.listing.plan.key
        return {
            "room": room(done.listing, parts),
            "host_ticket": done.host_ticket,
            "host_url": planning.stage_link(key, done.host_ticket),
            "live_url": parts.live_link(key),
            "handed": done.listing.handed,
        }

    @router.get("/rooms", response_model=Rooms, responses=_REFUSALS)
    async def list_rooms(when: Literal["now", "soon", "past"] = "soon") -> Any:
        """The listed rooms: on the air, to come, or over."""
        found = await sql.read(programme.programme, when, parts.now_ms())
        return {"rooms": [room(listing, parts) for listing in found]}

    @router.get("/rooms/{key}", response_model=Room, responses=_REFUSALS)
    async def get_room(key: str) -> Any:
        """One room, listed or not."""
        return room(await planning.room(key), parts)

    @router.patch("/rooms/{key}", response_model=Room, **_says(RoomPlan, picture=True, whole=False))
    async def change_room(key: str, request: Request) -> Any:
        """Changes a room that is not on the air yet; what is not named stays. Needs the host's ticket."""
        tree, picture = await forms.read(request, picture_bytes_max)
        return room(await planning.change(key, bearer(request), tree, picture), parts)

    @router.delete("/rooms/{key}", status_code=204, **_says())
    async def delete_room(key: str, request: Request) -> Response:
        """Takes a room back that never opened its doors. Needs the host's ticket."""
        await planning.delete(key, bearer(request))
        return Response(status_code=204)

    @router.post(
        "/rooms/{key}/tickets", status_code=201, response_model=Invited, **_says(Invitation)
    )
    async def sign_ticket(key: str, request: Request) -> Any:
        """Signs a ticket for a speaker or co-host. Needs the host's ticket."""
        return await planning.invite(key, bearer(request), await forms.read_json(request))

    return router


def room(listing: Listing, parts: Parts) -> dict[str, Any]:
    """A `Room` as JSON."""
    plan = listing.plan
    return {
        "key": plan.key,
        "title": plan.title,
        "description": plan.description,
        "starts_at_ms": plan.starts_at_ms,
        "doors_at_ms": plan.doors_at_ms,
        "picture": plan.picture or None,
        "picture_alt": plan.picture_alt,
        "profile": plan.profile,
        "listed": plan.listed,
        "host_name": plan.host_name,
        "state": listing.state,
        "late_reason": listing.late_reason,
        "on_air_since_ms": listing.on_air_since_ms,
        "ended_at_ms": listing.ended_at_ms,
        "replay": listing.state == REPLAY,
        "live_url": parts.live_link(plan.key),
    }


def bearer(request: Request) -> str:
    """The ticket of a request, "" for none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Error} for status in sorted({status for status, _ in CODES.values()} - {200})
}


def _says(
    model: type[BaseModel] | None = None,
    *,
    picture: bool = False,
    whole: bool = True,
    by: str = TICKET,
) -> dict[str, Any]:
    """How a route that reads its body and its ticket itself describes it: FastAPI's own reading has no stable codes."""
    security: list[dict[str, Any]] = [{by: []}] if by == TICKET else [{}, {by: []}]
    if model is None:
        return {"responses": _REFUSALS, "openapi_extra": {"security": security}}
    schema = model.model_json_schema()
    if not whole:
        schema.pop("required", None)
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if picture:
        file = {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP"}
        form = {**schema, "properties": {**schema["properties"], "picture": file}}
        content["multipart/form-data"] = {"schema": form}
    return {
        "responses": _REFUSALS,
        "openapi_extra": {
            "requestBody": {"required": True, "content": content},
            "security": security,
        },
    }
