"""Who follows, blocks and mutes whom, through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import accounts, follows, notes
from hustings.social.follows import Relationship
from hustings.social.paging import Page, id_of
from hustings.social.preferences import truth
from hustings.web.mastodon import params, shapes, wishes
from hustings.web.mastodon.answers import moment, yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import ANYBODY, says
from hustings.web.mastodon.entities import Entities, Person, people
from hustings.web.mastodon.marks import with_people
from hustings.web.mastodon.paged import listed, page_of
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

ASKED_MAX, FAMILIAR_ASKED_MAX = 80, 20
MUTE_S_MAX = 10 * 365 * 86_400
Listed = Callable[[Connection, int, Page], list[tuple[int, int]]]
OF_ANYBODY: dict[str, Listed] = {
    "followers": follows.followers,
    "following": follows.following,
}
OF_ONESELF: dict[str, tuple[str, Listed]] = {
    "blocks": ("read:blocks", follows.blocked),
    "mutes": ("read:mutes", follows.muted),
    "follow_requests": ("read:follows", follows.askers),
}
TAKEN_BACK: dict[str, tuple[str, Callable[[Connection, int, int], None]]] = {
    "unfollow": ("write:follows", follows.unfollow),
    "unblock": ("write:blocks", follows.unblock),
    "unmute": ("write:mutes", follows.unmute),
    "remove_from_followers": ("write:follows", lambda c, me, them: follows.unfollow(c, them, me)),
}


def build(parts: Parts, callers: Callers, shown: Entities) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(callers.enter)])
    _acts(router, parts, callers)
    _answers(router, parts, callers)
    _familiar(router, parts, callers, shown)
    for name in TAKEN_BACK:
        _take_back(router, parts, callers, name)
    for name in OF_ANYBODY:
        _listed(router, parts, shown, name)
    for name in OF_ONESELF:
        _own_list(router, parts, callers, shown, name)
    return router


async def related(parts: Parts, account: int, targets: list[int]) -> list[shapes.Relationship]:
    found = await parts.sql.read(follows.relationships, account, targets, parts.now_ms())
    return [relationship(one) for one in found]


def relationship(one: Relationship) -> shapes.Relationship:
    until = one.muting_until_ms
    return {
        "id": str(one.target),
        "following": one.following,
        "showing_reblogs": one.reblogs,
        "notifying": one.notify,
        "languages": None,
        "followed_by": one.followed_by,
        "requested": one.requested,
        "requested_by": one.requested_by,
        "blocking": one.blocking,
        "blocked_by": one.blocked_by,
        "muting": one.muting,
        "muting_notifications": one.muting_notifications,
        "muting_expires_at": None if until is None else moment(until),
        "domain_blocking": False,
        "endorsed": False,
        "note": one.note,
    }


def _acts(router: APIRouter, parts: Parts, callers: Callers) -> None:
    sql = parts.sql

    @router.get("/accounts/relationships")
    @says(list[shapes.Relationship], "read:follows", asks=(wishes.SomeIds,))
    async def relationships(request: Request) -> Response:
        mine = callers.mine(request)
        asked = params.many(params.asked(request), "id")
        ids = [id_of(one, "account_unknown") for one in asked[:ASKED_MAX]]
        known = await sql.read(accounts.of_ids, ids)
        return yes(await related(parts, mine.account, [id for id in ids if id in known]))

    @router.post("/accounts/{id}/follow")
    @says(shapes.Relationship, "write:follows", takes=wishes.Followed)
    async def follow(id: str, request: Request) -> Response:
        mine, target = callers.mine(request), id_of(id, "account_unknown")
        tree = await params.read(request)
        if params.many(tree, "languages"):
            raise Refused("not_offered", field="languages")
        reblogs = _flag(tree, "reblogs", True)
        notify = _flag(tree, "notify", False)
        new = parts.ids.at(parts.now_ms())
        await sql.write(follows.follow, new, mine.account, target, reblogs, notify)
        return yes((await related(parts, mine.account, [target]))[0])

    @router.post("/accounts/{id}/block")
    @says(shapes.Relationship, "write:blocks")
    async def block(id: str, request: Request) -> Response:
        mine, target = callers.mine(request), id_of(id, "account_unknown")
        await sql.write(follows.block, parts.ids.at(parts.now_ms()), mine.account, target)
        return yes((await related(parts, mine.account, [target]))[0])

    @router.post("/accounts/{id}/note")
    @says(shapes.Relationship, "write:accounts", takes=wishes.Noted)
    async def note(id: str, request: Request) -> Response:
        mine, target = callers.mine(request), id_of(id, "account_unknown")
        said = (await params.read(request)).get("comment")
        await sql.write(notes.write, mine.account, target, said)
        return yes((await related(parts, mine.account, [target]))[0])

    @router.post("/accounts/{id}/mute")
    @says(shapes.Relationship, "write:mutes", takes=wishes.Muted)
    async def mute(id: str, request: Request) -> Response:
        mine, target = callers.mine(request), id_of(id, "account_unknown")
        tree = await params.read(request)
        notifications = _flag(tree, "notifications", True)
        seconds, now_ms = params.words(tree, "duration") or "0", parts.now_ms()
        if not (seconds.isascii() and seconds.isdigit() and int(seconds[:12]) <= MUTE_S_MAX):
            raise Refused("bad_request", field="duration")
        until_ms = now_ms + int(seconds) * 1000 if int(seconds) else None
        new = parts.ids.at(now_ms)
        await sql.write(follows.mute, new, mine.account, target, notifications, until_ms)
        return yes((await related(parts, mine.account, [target]))[0])


def _familiar(router: APIRouter, parts: Parts, callers: Callers, shown: Entities) -> None:
    @router.get("/accounts/familiar_followers")
    @says(list[shapes.FamiliarFollowers], "read:follows", asks=(wishes.SomeIds,))
    async def familiar(request: Request) -> Response:
        mine = callers.mine(request)
        asked = params.many(params.asked(request), "id")
        ids = [id_of(one, "account_unknown") for one in asked[:FAMILIAR_ASKED_MAX]]
        found = await parts.sql.read(_who_follows, mine.account, ids)
        return yes(
            [{"id": str(id), "accounts": [shown.account(one) for one in who]} for id, who in found]
        )


def _who_follows(
    connection: Connection, account: int, ids: list[int]
) -> list[tuple[int, list[Person]]]:
    known = accounts.of_ids(connection, ids)
    by_target = {id: notes.familiar(connection, account, id) for id in ids if id in known}
    every = accounts.of_ids(connection, {one for who in by_target.values() for one in who})
    around = people(connection, list(every.values()))
    return [(id, [around[one] for one in who if one in around]) for id, who in by_target.items()]


def _flag(tree: dict[str, Any], name: str, unsaid: bool) -> bool:
    """A null is as good as nothing. Errors: `preference_malformed`."""
    return unsaid if tree.get(name) is None else truth(tree[name], name)


def _answers(router: APIRouter, parts: Parts, callers: Callers) -> None:
    @router.post("/follow_requests/{id}/{answer}")
    @says(shapes.Relationship, "write:follows")
    async def answered(id: str, answer: str, request: Request) -> Response:
        if answer not in ("authorize", "reject"):
            raise Refused("not_found")
        mine, asker = callers.mine(request), id_of(id, "account_unknown")
        new, yes_to = parts.ids.at(parts.now_ms()), answer == "authorize"
        await parts.sql.write(follows.answer, new, mine.account, asker, yes_to)
        return yes((await related(parts, mine.account, [asker]))[0])


def _take_back(router: APIRouter, parts: Parts, callers: Callers, name: str) -> None:
    scope, act = TAKEN_BACK[name]

    @router.post(f"/accounts/{{id}}/{name}")
    @says(shapes.Relationship, scope)
    async def taken_back(id: str, request: Request) -> Response:
        mine, target = callers.mine(request), id_of(id, "account_unknown")
        await parts.sql.write(act, mine.account, target)
        return yes((await related(parts, mine.account, [target]))[0])


def _listed(router: APIRouter, parts: Parts, shown: Entities, name: str) -> None:
    @router.get(f"/accounts/{{id}}/{name}")
    @says(list[shapes.Account], by=ANYBODY, asks=(wishes.Paged,))
    async def people(id: str, request: Request) -> Response:
        page, account = page_of(request, 40, 80), id_of(id, "account_unknown")
        found = await parts.sql.read(_of_seen, OF_ANYBODY[name], account, page)
        return _page(request, parts, shown, found)


def _own_list(
    router: APIRouter, parts: Parts, callers: Callers, shown: Entities, name: str
) -> None:
    scope, ask = OF_ONESELF[name]

    @router.get(f"/{name}")
    @says(list[shapes.Account], scope, asks=(wishes.Paged,))
    async def own(request: Request) -> Response:
        mine, page = callers.mine(request), page_of(request, 40, 80)
        found = await parts.sql.read(_of, ask, mine.account, page)
        return _page(request, parts, shown, found)


def _page(
    request: Request, parts: Parts, shown: Entities, found: list[tuple[int, Person]]
) -> Response:
    tree: list[Any] = [shown.account(person) for _, person in found]
    return listed(request, parts.settings.public.web, tree, [border for border, _ in found])


def _of(connection: Connection, ask: Listed, account: int, page: Page) -> list[tuple[int, Person]]:
    return with_people(connection, ask(connection, account, page))


def _of_seen(
    connection: Connection, ask: Listed, account: int, page: Page
) -> list[tuple[int, Person]]:
    """Errors: `account_unknown`."""
    if accounts.of_id(connection, account) is None:
        raise Refused("account_unknown")
    return _of(connection, ask, account, page)
