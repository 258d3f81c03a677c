"""The composition root: settings in, an ASGI application out, with everything it is made of passed in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from hustings.keyring import load_or_make, planner_key, public_keys, square_key
from hustings.settings import Settings
from hustings.social.ids import Ids
from hustings.social.seal import Seal
from hustings.store.engine import Database, sqlite_url
from hustings.web import (
    account_pages,
    api,
    block_pages,
    compose_pages,
    files,
    import_pages,
    letter_pages,
    list_pages,
    moderation_pages,
    notification_pages,
    openapi,
    order_pages,
    pages,
    post_pages,
    profile_pages,
    profile_settings,
    queue_pages,
    quote_pages,
    report_pages,
    scheduled_pages,
    search_pages,
    square_pages,
)
from hustings.web.cutting import Cutting
from hustings.web.follower import Follower, Handover
from hustings.web.guard import Guard, is_local
from hustings.web.hashing import Hashing
from hustings.web.live import Studio
from hustings.web.mastodon import answers, for_apps
from hustings.web.mastodon.crossing import Crossing
from hustings.web.parts import Parts
from hustings.web.people import People
from hustings.web.planner import Planner
from hustings.web.planning import Planning
from hustings.web.publish import Publisher
from hustings.web.room_pictures import RoomPictures
from hustings.web.sql import Sql
from hustings.web.uploads import Uploads
from hustings.web.visitors import Visitors
from hustings.web.withdrawing import Withdrawing
from hustings.wire.errors import RETRY_AFTER, Refused
from hustings.wire.ticket import Signer, Verifier

_log = logging.getLogger("hustings.web")
ABOUT = (
    "Planning of rooms, and the Mastodon client API. Every error has a stable code: `{code, message}` below `/api/hustings`, "
    "`{code, error}` elsewhere."
)
_CODES_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def assemble(settings: Settings, now_ms: Callable[[], int]) -> Parts:
    """The parts, from the settings. Makes folders and keys that are missing. Errors: `OSError`, `ValueError`."""
    settings.database_path.parent.mkdir(parents=True, exist_ok=True)
    kid, key = load_or_make(settings.keys_dir, "web")
    sql = Sql(Database(settings.database.url or sqlite_url(settings.database_path)))
    studio = Studio(settings.studio_socket)
    publisher = Publisher(
        settings.published_dir,
        settings.public.live,
        settings.public.stage,
        settings.recording.on,
    )
    seal, ids = Seal(square_key(settings.keys_dir)), Ids()
    uploads = Uploads(settings, sql, ids, now_ms)
    planning = Planning(
        sql,
        studio,
        publisher,
        RoomPictures(settings, sql, uploads, now_ms),
        Signer(kid, key),
        # studio's tickets count too, and studio may make its key later than web
        lambda: Verifier(public_keys(settings.keys_dir)),
        settings.public.stage,
        settings.studio.doors_before_s,
        settings.studio.profile,
        now_ms,
    )
    local = is_local(urlsplit(settings.public.web).hostname)
    planner = Planner(planner_key(settings.keys_dir), not local, lambda: now_ms() / 1000)
    follower = Follower(studio, sql, now_ms, publisher.forget, publisher.has_replay)
    square, web = settings.square, settings.public.web
    people = People(sql, Hashing(), seal, ids, square.sign_up, web, settings.mail.on, now_ms)
    return Parts(
        settings=settings,
        sql=sql,
        studio=studio,
        publisher=publisher,
        planning=planning,
        planner=planner,
        follower=follower,
        handover=Handover(studio, sql, now_ms),
        cutting=Cutting(studio, sql, now_ms, publisher.forget),
        withdrawing=Withdrawing(sql, publisher),
        people=people,
        uploads=uploads,
        visitors=Visitors(sql, seal, settings.public.web, now_ms),
        seal=seal,
        ids=ids,
        now_ms=now_ms,
    )


def build(parts: Parts) -> ASGIApp:
    """The application. Its background work is `running(parts)`."""
    shown = pages.Pages(parts)
    app = openapi.Application(
        title="Hustings",
        version="1",
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    for router in (*_routers(parts, shown), openapi.build(app)):
        # as they are: FastAPI's `include_router` builds each route twice, and asks router after router for each request
        app.router.routes.extend(router.routes)

    def refuse(scope: Scope, refused: Refused) -> Response:
        path = str(scope["path"])
        if answers.speaks(path):
            return answers.no(path, refused)
        if path.startswith("/api/"):
            return answer(refused)
        if refused.code == "log_in_needed":
            # a form that comes too late starts again from its page, which its address need not be
            path = path if scope["method"] == "GET" else "/settings"
            return RedirectResponse(f"/login?next={quote(path)}", 303)
        return shown.sentence(refused)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return refuse(request.scope, error)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> Response:
        return refuse(request.scope, Refused("bad_request"))

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> Response:
        code = _CODES_BY_STATUS.get(error.status_code, "bad_request")
        return refuse(request.scope, Refused(code))

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        _log.error("%s %s broke", request.method, request.url.path, exc_info=error)
        return refuse(request.scope, Refused("unexpected"))

    settings = parts.settings
    guard = Guard(
        app,
        settings.public.web,
        settings.web.picture_bytes_max,
        refuse,
        settings.web.forwarded_header,
        time.monotonic,
        settings.media,
        settings.public.live,
    )
    return Crossing(guard)


def _routers(parts: Parts, shown: pages.Pages) -> Iterator[APIRouter]:
    """Everything that answers; of two routes that fit an address, the first does."""
    yield from for_apps.build(parts, shown)
    yield api.build(parts)
    yield pages.build(parts, shown, pages.Sheets())
    for some in (
        account_pages,
        letter_pages,
        moderation_pages,
        queue_pages,
        order_pages,
        report_pages,
        block_pages,
        profile_pages,
        profile_settings,
        square_pages,
        compose_pages,
        scheduled_pages,
        post_pages,
        quote_pages,
        list_pages,
        notification_pages,
        search_pages,
        import_pages,
    ):
        yield some.build(parts, shown)
    yield files.build(parts)


def answer(refused: Refused) -> Response:
    """A "no" as JSON."""
    again = RETRY_AFTER.get(refused.status)
    return Response(refused.body(), refused.status, again, "application/json")


@contextlib.asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[None]:
    """The background work: the database is prepared, plans are handed over, feeds are followed."""
    await parts.sql.prepare()
    tasks = [
        asyncio.create_task(parts.handover.run(), name="hand plans over"),
        asyncio.create_task(parts.follower.run(), name="follow studio"),
        asyncio.create_task(parts.cutting.run(), name="take tickets back"),
        asyncio.create_task(parts.withdrawing.run(), name="withdraw replays"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await parts.studio.close()
        parts.people.close()
        parts.sql.close()
