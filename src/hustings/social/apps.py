"""Programs that people let in to their accounts (RFC 6749, RFC 7591): anybody's may register, and holds nothing by it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import names, redirects, scopes
from hustings.social.sessions import hash_of
from hustings.store.apps import apps
from hustings.wire.errors import Refused

NAME_MAX, WEBSITE_MAX = 60, 1_000
UNUSED_KEPT_MS = 86_400_000
"""So long an app is known that nobody lets in."""
CLIENT_ID_CHARS = 43
_WEBSITE = re.compile(r"https?://[^\s<>\"'\\]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a registration says, checked."""

    name: str
    website: str | None
    redirect_uris: tuple[str, ...]
    scopes: str


@dataclass(frozen=True, slots=True)
class App:
    id: int
    client_id: str
    name: str
    website: str | None
    redirect_uris: tuple[str, ...]
    scopes: str


def parse(tree: Mapping[str, object]) -> Wanted:
    """Errors: `app_name_malformed`, `website_malformed`, `redirect_uri_wrong`, `scope_unknown`."""
    name = names.line(tree.get("client_name"), NAME_MAX, "app_name_malformed", "client_name")
    if not name:
        raise Refused("app_name_malformed", field="client_name")
    website = tree.get("website") or None
    if website is not None and not (
        isinstance(website, str)
        and len(website) <= WEBSITE_MAX
        and website.isprintable()
        and _WEBSITE.fullmatch(website)
    ):
        raise Refused("website_malformed", field="website")
    wanted = tree.get("scopes", tree.get("scope")) or ""
    return Wanted(name, website, redirects.parse(tree.get("redirect_uris")), scopes.parse(wanted))


def register(
    connection: Connection, id: int, wanted: Wanted, client_id: str, secret: str, now_ms: int
) -> App:
    """Those that nobody let in within a day are forgotten meanwhile."""
    unused = sa.and_(apps.c.used_at_ms.is_(None), apps.c.made_at_ms < now_ms - UNUSED_KEPT_MS)
    connection.execute(sa.delete(apps).where(unused))
    connection.execute(
        apps.insert().values(
            id=id,
            client_id=client_id,
            secret=hash_of(secret),
            name=wanted.name,
            website=wanted.website,
            redirect_uris=list(wanted.redirect_uris),
            scopes=wanted.scopes,
            made_at_ms=now_ms,
        )
    )
    return App(id, client_id, wanted.name, wanted.website, wanted.redirect_uris, wanted.scopes)


def find(connection: Connection, client_id: object) -> App:
    """Errors: `client_unknown`."""
    return _app(_row(connection, client_id))


def proved(connection: Connection, client_id: object, secret: object) -> App:
    """The app that knows this secret. Errors: `client_unknown`, whichever of the two is wrong."""
    row = _row(connection, client_id)
    given = hash_of(secret) if isinstance(secret, str) else b""
    if not secrets.compare_digest(row["secret"], given):
        raise Refused("client_unknown")
    return _app(row)


def of_id(connection: Connection, id: int) -> App:
    """Errors: `client_unknown`."""
    row = connection.execute(sa.select(apps).where(apps.c.id == id)).mappings().first()
    if row is None:
        raise Refused("client_unknown")
    return _app(row)


def used(connection: Connection, id: int, now_ms: int) -> None:
    """Somebody lets it in: it stays."""
    connection.execute(apps.update().where(apps.c.id == id).values(used_at_ms=now_ms))


def _row(connection: Connection, client_id: object) -> Mapping[Any, Any]:
    if not isinstance(client_id, str) or len(client_id) != CLIENT_ID_CHARS:
        raise Refused("client_unknown")
    row = connection.execute(sa.select(apps).where(apps.c.client_id == client_id)).mappings()
    found = row.first()
    if found is None:
        raise Refused("client_unknown")
    return found


def _app(row: Mapping[Any, Any]) -> App:
    return App(
        row["id"],
        row["client_id"],
        row["name"],
        row["website"],
        tuple(row["redirect_uris"]),
        row["scopes"],
    )
