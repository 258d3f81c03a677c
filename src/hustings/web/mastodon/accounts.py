"""Accounts through the API: one's own, others', signing up, and confirming an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import accounts, letters, names, preferences, sessions, tokens
from hustings.social.paging import id_of
from hustings.web.mastodon import entities, params, shapes, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import ANYBODY, APP, says
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

SIGN_UP_FAULTS = {
    "handle_malformed": ("username", "ERR_INVALID"),
    "handle_reserved": ("username", "ERR_RESERVED"),
    "handle_taken": ("username", "ERR_TAKEN"),
    "email_malformed": ("email", "ERR_INVALID"),
    "email_taken": ("email", "ERR_TAKEN"),
    "email_needed": ("email", "ERR_BLANK"),
    "password_short": ("password", "ERR_TOO_SHORT"),
    "password_long": ("password", "ERR_TOO_LONG"),
    "password_known": ("password", "ERR_INVALID"),
    "agreement_needed": ("agreement", "ERR_ACCEPTED"),
    "note_too_long": ("reason", "ERR_TOO_LONG"),
    "invite_unknown": ("invite_code", "ERR_INVALID"),
}
"""How Mastodon names what is wrong with a sign-up: which field, and how."""


def build(parts: Parts, callers: Callers, shown: Entities) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(callers.enter)])
    _own(router, parts, callers, shown)
    _others(router, parts, shown)
    _sign_up(router, parts, callers)
    return router


def _own(router: APIRouter, parts: Parts, callers: Callers, shown: Entities) -> None:
    sql = parts.sql

    @router.get("/accounts/verify_credentials")
    @says(shapes.OwnAccount, "profile")
    async def verify(request: Request) -> Response:
        mine = callers.mine(request)
        return yes(shown.own(*await sql.read(entities.own_person, mine.account)))

    @router.get("/preferences")
    @says(shapes.Preferences, "read:accounts")
    async def preferred(request: Request) -> Response:
        mine = callers.mine(request)
        found = await sql.read(preferences.of, mine.account)
        return yes(
            {
                "posting:default:visibility": found.visibility,
                "posting:default:sensitive": found.sensitive,
                "posting:default:language": found.language,
                "posting:default:quote_policy": found.quote_policy,
                "reading:expand:media": "default",
                "reading:expand:spoilers": False,
                "reading:autoplay:gifs": False,
            }
        )


def _others(router: APIRouter, parts: Parts, shown: Entities) -> None:
    sql, domain = parts.sql, parts.settings.handle_domain

    @router.get("/accounts/lookup")
    @says(shapes.Account, by=ANYBODY, asks=(wishes.Acct,))
    async def lookup(request: Request) -> Response:
        acct = params.words(params.asked(request), "acct")
        handle, _, where = acct.strip().removeprefix("@").partition("@")
        if where and where.lower() != domain.lower():
            raise Refused("account_unknown")
        return yes(shown.account(await sql.read(_person, handle[:64])))

    @router.get("/accounts")
    @says(list[shapes.Account], by=ANYBODY, asks=(wishes.SomeIds,))
    async def several(request: Request) -> Response:
        wanted = params.many(params.asked(request), "id")
        found = await sql.read(_people, [id_of(one) for one in wanted[:40]])
        return yes([shown.account(one) for one in found])

    @router.get("/accounts/{id}")
    @says(shapes.Account, by=ANYBODY)
    async def one(id: str) -> Response:
        return yes(shown.account(await sql.read(_person, id_of(id, "account_unknown"))))


def _sign_up(router: APIRouter, parts: Parts, callers: Callers) -> None:
    sql, people = parts.sql, parts.people

    @router.post("/accounts")
    @says(shapes.Token, "write:accounts", by=APP, takes=wishes.SignUp)
    async def sign_up(request: Request) -> Response:
        bearer = callers.app(request)
        tree = await params.read(request)
        try:
            if not _agreed(tree):
                raise Refused("agreement_needed")
            account = await people.add(_newcomer(tree))
        except Refused as refused:
            raise _as_mastodon_says(refused) from None
        text, now_ms = sessions.fresh(), parts.now_ms()
        id = parts.ids.at(now_ms)
        made = await sql.write(tokens.issue, id, bearer.app, account, bearer.scopes, text, now_ms)
        return yes(entities.token(made, text))

    @router.post("/emails/confirmations")
    @says(shapes.Nothing, "write:accounts", takes=wishes.Confirmation)
    async def again(request: Request) -> Response:
        waiting = callers.waiting(request)
        if waiting.confirmed:
            raise Refused("email_confirmed")
        tree = await params.read(request)
        email = names.email(tree["email"]) if tree.get("email") else None
        now_ms = parts.now_ms()
        job = parts.ids.at(now_ms)

        def ask(connection: Connection) -> None:
            if email is not None:
                accounts.new_email(connection, waiting.account or 0, email)
            letters.ask_to_confirm(connection, job, waiting.account or 0, now_ms)

        await sql.write(ask)
        return yes({})

    @router.get("/emails/check_confirmation")
    @says(bool, "read:accounts")
    async def confirmed(request: Request) -> Response:
        return yes(callers.waiting(request).confirmed)


def _person(connection: Connection, which: int | str) -> Person:
    """Errors: `account_unknown`."""
    found = (
        accounts.of_id(connection, which)
        if isinstance(which, int)
        else accounts.find(connection, which)
    )
    if found is None:
        raise Refused("account_unknown")
    return entities.person(connection, found)


def _people(connection: Connection, ids: list[int]) -> list[Person]:
    found = [accounts.of_id(connection, id) for id in ids]
    around = entities.people(connection, [one for one in found if one is not None])
    return [around[id] for id in ids if id in around]


def _agreed(tree: Mapping[str, Any]) -> bool:
    agreement = tree.get("agreement")
    return agreement is not None and preferences.truth(agreement, "agreement")


def _newcomer(tree: Mapping[str, Any]) -> dict[str, object]:
    """As the form of our own page calls it."""
    return {
        "handle": tree.get("username"),
        "email": tree.get("email"),
        "password": tree.get("password"),
        "reason": tree.get("reason"),
        "invite": tree.get("invite_code"),
    }


def _as_mastodon_says(refused: Refused) -> Refused:
    """With `details`, which clients put beside the fields of their form."""
    if refused.code not in SIGN_UP_FAULTS:
        return refused
    field, word = SIGN_UP_FAULTS[refused.code]
    details = {field: [{"error": word, "description": refused.sentence}]}
    said = Refused(refused.code, details=details)
    said.status = 422
    return said
