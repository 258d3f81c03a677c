"""What an app holds of somebody: first a code, once and for ten minutes, then a token until it is taken back.

A code is bound to its app, to the address it was sent to and, where the app brought a challenge, to whoever knows what the
challenge was made of (PKCE, RFC 7636). A code that comes twice was stolen once: the token it gave is taken back
(RFC 6749, 4.1.2).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import apps as programs
from hustings.social import scopes
from hustings.social.apps import App
from hustings.social.sessions import TOKEN_CHARS, hash_of
from hustings.store.apps import codes, tokens
from hustings.store.people import accounts, members
from hustings.store.questions import Question
from hustings.wire.errors import Refused

CODE_MS = 600_000
CODES_KEPT_MS = REVOKED_KEPT_MS = 86_400_000
HELD_MAX = 20
"""Tokens of one app for one account; the oldest gives way."""
LISTED_MAX = 200
SEEN_EVERY_MS = 600_000
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person lets an app do. `challenge` "" for none."""

    app: int
    account: int
    redirect_uri: str
    scopes: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A code as an app shows it. `verifier` None for none."""

    code: str
    redirect_uri: object
    verifier: object


@dataclass(frozen=True, slots=True)
class Token:
    id: int
    scopes: str
    made_at_ms: int


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who asks, by a token. `account` None: the app itself, for nobody."""

    token: int
    app: int
    account: int | None
    scopes: str
    confirmed: bool
    approved: bool
    used_at_ms: int


@dataclass(frozen=True, slots=True)
class Held:
    """An app that somebody let in, over all of its tokens."""

    app: App
    scopes: str
    made_at_ms: int
    used_at_ms: int


def grant(connection: Connection, given: Grant, code: str, now_ms: int) -> None:
    """A code for an app."""
    connection.execute(sa.delete(codes).where(codes.c.until_ms < now_ms - CODES_KEPT_MS))
    programs.used(connection, given.app, now_ms)
    connection.execute(
        codes.insert().values(
            code=hash_of(code),
            app=given.app,
            account=given.account,
            redirect_uri=given.redirect_uri,
            scopes=given.scopes,
            challenge=given.challenge,
            until_ms=now_ms + CODE_MS,
        )
    )


def exchange(
    connection: Connection, app: int, shown: Shown, id: int, token: str, now_ms: int
) -> Token | None:
    """A code into a token: None when it is not good, and whatever follows from that is to be kept."""
    row = connection.execute(
        sa.select(codes).where(codes.c.code == hash_of(shown.code), codes.c.app == app)
    ).first()
    if row is None:
        return None
    if row.token is not None:
        _revoke(connection, tokens.c.id == row.token, now_ms)
        return None
    right = row.until_ms > now_ms and row.redirect_uri == shown.redirect_uri
    if not right or not _is_verified(row.challenge, shown.verifier):
        return None
    made = issue(connection, id, app, row.account, row.scopes, token, now_ms)
    connection.execute(codes.update().where(codes.c.code == row.code).values(token=id))
    return made


def issue(
    connection: Connection,
    id: int,
    app: int,
    account: int | None,
    granted: str,
    token: str,
    now_ms: int,
) -> Token:
    """A token; the oldest past `HELD_MAX` of the same app and account give way."""
    connection.execute(sa.delete(tokens).where(tokens.c.revoked_at_ms < now_ms - REVOKED_KEPT_MS))
    programs.used(connection, app, now_ms)
    connection.execute(
        tokens.insert().values(
            id=id,
            token=hash_of(token),
            app=app,
            account=account,
            scopes=granted,
            made_at_ms=now_ms,
            used_at_ms=now_ms,
        )
    )
    same = sa.and_(
        tokens.c.app == app,
        tokens.c.account.is_(None) if account is None else tokens.c.account == account,
        tokens.c.revoked_at_ms.is_(None),
    )
    kept = sa.select(tokens.c.id).where(same).order_by(tokens.c.id.desc()).limit(HELD_MAX)
    _revoke(connection, sa.and_(same, tokens.c.id.not_in(kept.scalar_subquery())), now_ms)
    return Token(id, granted, now_ms)


_HELD = Question(
    sa.select(
        tokens,
        accounts.c.suspended_at_ms,
        accounts.c.deleted_at_ms,
        members.c.email_confirmed_at_ms,
        members.c.approved_at_ms,
    )
    .outerjoin(accounts, accounts.c.id == tokens.c.account)
    .outerjoin(members, members.c.account == tokens.c.account)
    .where(
        tokens.c.token == sa.bindparam("hash", type_=sa.LargeBinary),
        tokens.c.revoked_at_ms.is_(None),
    )
)
"""Asked by every request that comes with a token."""


def bearer(connection: Connection, token: str) -> Bearer:
    """Who holds that token; nobody who is suspended. Errors: `token_wrong`."""
    if len(token) != TOKEN_CHARS:
        raise Refused("token_wrong")
    row = _HELD.tree(connection, {"hash": hash_of(token)})
    if row is None or row["suspended_at_ms"] is not None or row["deleted_at_ms"] is not None:
        raise Refused("token_wrong")
    return Bearer(
        row["id"],
        row["app"],
        row["account"],
        row["scopes"],
        row["email_confirmed_at_ms"] is not None,
        row["approved_at_ms"] is not None,
        row["used_at_ms"],
    )


def seen(connection: Connection, id: int, now_ms: int) -> None:
    connection.execute(tokens.update().where(tokens.c.id == id).values(used_at_ms=now_ms))


def revoke(connection: Connection, app: int, token: object, now_ms: int) -> None:
    """By the app that holds it; of any other token nothing is said (RFC 7009, 2.2)."""
    if isinstance(token, str):
        mine = sa.and_(tokens.c.token == hash_of(token), tokens.c.app == app)
        _revoke(connection, mine, now_ms)


def turn_out(connection: Connection, account: int, app: int, now_ms: int) -> None:
    """By whom they are about: every token that this app has, and codes on their way."""
    connection.execute(sa.delete(codes).where(codes.c.account == account, codes.c.app == app))
    _revoke(connection, sa.and_(tokens.c.account == account, tokens.c.app == app), now_ms)


def turn_out_all(connection: Connection, account: int, now_ms: int) -> None:
    """Every app: with a new password, nobody holds on who came by the old one."""
    connection.execute(sa.delete(codes).where(codes.c.account == account))
    _revoke(connection, tokens.c.account == account, now_ms)


def held(connection: Connection, account: int) -> list[Held]:
    """The apps that somebody let in, the last used first."""
    rows = connection.execute(
        sa.select(tokens.c.app, tokens.c.scopes, tokens.c.made_at_ms, tokens.c.used_at_ms)
        .where(tokens.c.account == account, tokens.c.revoked_at_ms.is_(None))
        .order_by(tokens.c.used_at_ms.desc(), tokens.c.id.desc())
        .limit(LISTED_MAX)
    ).all()
    found: dict[int, Held] = {}
    for row in rows:
        before = found.get(row.app)
        app = programs.of_id(connection, row.app) if before is None else before.app
        words = f"{before.scopes} {row.scopes}" if before else row.scopes
        made = min(row.made_at_ms, before.made_at_ms) if before else row.made_at_ms
        used = max(row.used_at_ms, before.used_at_ms) if before else row.used_at_ms
        found[row.app] = Held(app, " ".join(dict.fromkeys(words.split())), made, used)
    return list(found.values())


def check_scope(who: Bearer, wanted: str) -> None:
    """Errors: `scope_missing`."""
    if not scopes.allow(who.scopes, wanted):
        raise Refused("scope_missing")


def _is_verified(challenge: str, verifier: object) -> bool:
    """RFC 7636, 4.6. A verifier where there was no challenge is a code from elsewhere (RFC 9700, 4.8.2)."""
    if not challenge:
        return verifier is None
    if not isinstance(verifier, str) or not VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    return secrets.compare_digest(made, challenge)


def _revoke(connection: Connection, which: sa.ColumnElement[bool], now_ms: int) -> None:
    still = tokens.c.revoked_at_ms.is_(None)
    connection.execute(tokens.update().where(which, still).values(revoked_at_ms=now_ms))
