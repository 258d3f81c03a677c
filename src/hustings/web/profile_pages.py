"""An account as anybody may see it: `/@{handle}` with what it wrote, and `/people/{id}`, the address of it that never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts, follows, notes, paging, preferences, stages, timelines
from hustings.social.accounts import Account
from hustings.social.fields import Field, Fields
from hustings.social.follows import Counts, Relationship
from hustings.social.paging import Page
from hustings.social.sessions import Visitor
from hustings.social.shown import Post
from hustings.web import forms
from hustings.web.account_pages import onward
from hustings.web.mastodon.entities import ME, linked
from hustings.web.moderation_pages import number
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.web.post_views import entries, person
from hustings.web.square_pages import timeline
from hustings.wire.errors import Refused

ASKERS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Profile:
    account: Account
    fields: Fields
    role: str
    hosts: bool
    counts: Counts
    between: Relationship | None
    pinned: list[Post]
    posts: list[Post]


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    sql, visitors = parts.sql, parts.visitors

    @router.get("/@{handle}")
    async def profile(handle: str, request: Request) -> Response:
        who = await visitors.of(request)
        viewer = who.account if who else None
        page, answers = paging.read(request.query_params), "answers" in request.query_params
        found = await sql.read(_profile, viewer, handle[:64], page, answers, parts.now_ms())
        account = found.account
        path = f"/@{account.handle}"
        shown = timeline(parts, path, found.posts, page, viewer)
        if answers and shown["older"]:
            shown["older"] += "&answers=1"
        return pages.html(
            "profile.html",
            who=who,
            account=account,
            picture=parts.portraits.still(account),
            header=parts.portraits.header(account) if account.header else "",
            address=f"@{account.handle}@{parts.settings.handle_domain}",
            since=Moment(account.created_at_ms),
            paragraphs=[text.strip() for text in account.note.split("\n\n") if text.strip()],
            role=found.role,
            hosts=found.hosts,
            fields=[field_view(one) for one in found.fields],
            counts=found.counts,
            between=found.between,
            # a pinned post may stand a second time below, and an address leads to one place
            pinned=[
                {**one, "anchor": f"pinned-{one['id']}"}
                for one in entries(parts, found.pinned, viewer)
            ],
            answers=answers,
            **shown,
        )

    @router.get("/people/{id}")
    async def by_id(id: str) -> Response:
        wanted = number(id, 1 << 62)
        found = None if wanted is None else await sql.read(accounts.of_id, wanted)
        if found is None:
            raise Refused("account_unknown")
        return RedirectResponse(f"/@{found.handle}", 303)

    @router.post("/people/{id}/note")
    async def note(id: str, request: Request) -> Response:
        who, target = await visitors.needed(request), paging.id_of(id, "account_unknown")
        typed, _ = await forms.read(request, 0)
        await sql.write(notes.write, who.account, target, typed.get("note"))
        return RedirectResponse(onward(typed.get("next") or f"/people/{id}"), 303)

    @router.post("/people/{id}/{act}")
    async def act(id: str, act: str, request: Request) -> Response:
        who = await visitors.needed(request)
        fields, _ = await forms.read(request, 0)
        await _act(parts, who, paging.id_of(id, "account_unknown"), act)
        return RedirectResponse(onward(fields.get("next") or f"/people/{id}"), 303)

    @router.get("/followers/asking")
    async def asking(request: Request) -> Response:
        who = await visitors.needed(request)
        found = await sql.read(_asking, who.account)
        people = [person(parts, one) for one in found]
        return pages.html("asking.html", who=who, people=people)

    return router


def field_view(one: Field) -> dict[str, Any]:
    """`html`: with the links that are in it, which say `rel="me"` of their owner."""
    proven = Moment(one.verified_at_ms) if one.verified_at_ms else None
    # linked escapes every character that somebody typed
    return {"name": one.name, "html": Markup(linked(one.value, ME)), "proven": proven}


async def _act(parts: Parts, who: Visitor, target: int, act: str) -> None:
    """Errors: `not_found` for an act that there is none, and those of the act."""
    sql, now_ms = parts.sql, parts.now_ms()
    id = parts.ids.at(now_ms)
    undoing = {"unfollow": follows.unfollow, "unblock": follows.unblock, "unmute": follows.unmute}
    if act == "follow":
        await sql.write(follows.follow, id, who.account, target)
    elif act == "block":
        await sql.write(follows.block, id, who.account, target)
    elif act == "mute":
        await sql.write(follows.mute, id, who.account, target)
    elif act in ("bell", "unbell"):
        await sql.write(follows.ring, who.account, target, act == "bell")
    elif act in ("let-follow", "refuse"):
        await sql.write(follows.answer, id, who.account, target, act == "let-follow")
    elif act in undoing:
        await sql.write(undoing[act], who.account, target)
    else:
        raise Refused("not_found")


def _profile(
    connection: Connection,
    viewer: int | None,
    handle: str,
    page: Page,
    answers: bool,
    now_ms: int,
) -> Profile:
    account = accounts.find(connection, handle)
    if account is None:
        raise Refused("account_unknown")
    between = None
    if viewer is not None and viewer != account.id:
        (between,) = follows.relationships(connection, viewer, [account.id], now_ms)
    set_by = preferences.of(connection, account.id)
    proud = accounts.moderators(connection, [account.id] if set_by.role_shown else [])
    begun = page == Page()
    pinned = timelines.account(connection, viewer, account.id, Page(), pinned=True) if begun else []
    return Profile(
        account,
        set_by.fields,
        proud.get(account.id, ""),
        stages.has_hosted(connection, account.id),
        follows.counts(connection, [account.id])[account.id],
        between,
        pinned,
        timelines.account(connection, viewer, account.id, page, replies=answers),
    )


def _asking(connection: Connection, account: int) -> list[Account]:
    asked = follows.askers(connection, account, Page(limit=ASKERS_SHOWN))
    known: Mapping[int, Account] = accounts.of_ids(connection, [one for _, one in asked])
    return [known[one] for _, one in asked if one in known]
