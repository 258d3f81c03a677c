"""Blocks of whole domains: of e-mail at sign-up (`email_blocks`), and of other servers, whose accounts `visibility` then hides.

Each is for a domain and all below it. Owners and moderators set them, and the log says who did.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, email_blocks
from hustings.social.order import Order, role_of
from hustings.store.people import domain_blocks
from hustings.store.upsert import add_once
from hustings.wire.errors import Refused

EMAIL, SERVER, LIFTED = "email_domain_blocked", "server_blocked", "block_lifted"
SAID_MAX = 500


@dataclass(frozen=True, slots=True)
class Block:
    """Of another server. `suspends`: its accounts are gone here; else they are limited. `said` is for everybody to read."""

    id: int
    domain: str
    suspends: bool
    said: str
    note: str


def servers(connection: Connection) -> list[Block]:
    rows = connection.execute(sa.select(domain_blocks).order_by(domain_blocks.c.domain))
    return [Block(row.id, row.domain, row.suspends, row.said, row.note) for row in rows]


def block_email(connection: Connection, order: Order, domain: str) -> None:
    """`order.why` is kept with it. Errors: `not_allowed`, `block_taken`."""
    role_of(connection, order.by)
    if not email_blocks.block_domain(connection, order.entry, domain, order.why):
        raise Refused("block_taken", field="domain")
    _note(connection, order, EMAIL, domain)


def block_server(
    connection: Connection, order: Order, domain: str, suspends: bool, said: str
) -> None:
    """`order.why` is what moderators read. Errors: `not_allowed`, `block_taken`."""
    role_of(connection, order.by)
    row = {
        "id": order.entry,
        "domain": domain,
        "suspends": suspends,
        "said": said,
        "note": order.why,
    }
    if not add_once(connection, domain_blocks, row):
        raise Refused("block_taken", field="domain")
    _note(connection, order, SERVER, domain)


def lift_email(connection: Connection, order: Order, id: int) -> None:
    """Errors: `not_allowed`, `block_unknown`."""
    role_of(connection, order.by)
    _note(connection, order, LIFTED, email_blocks.lift_domain(connection, id))


def lift_server(connection: Connection, order: Order, id: int) -> None:
    """Errors: `not_allowed`, `block_unknown`."""
    role_of(connection, order.by)
    gone = sa.delete(domain_blocks).where(domain_blocks.c.id == id)
    domain = connection.execute(gone.returning(domain_blocks.c.domain)).scalar()
    if domain is None:
        raise Refused("block_unknown")
    _note(connection, order, LIFTED, domain)


def _note(connection: Connection, order: Order, act: str, domain: str) -> None:
    facts = {"domain": domain, "why": order.why}
    accounts.note_down(connection, order.entry, order.now_ms, order.by, act, 0, **facts)
