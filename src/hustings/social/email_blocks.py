"""Addresses that nobody signs up with: those of the banned, of which only a hash is kept, and whole domains.

Of an address, what mail servers take for the same is the same here: upper case, dots, and whatever follows a plus.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import names
from hustings.store.people import email_blocks
from hustings.store.upsert import add_missing, add_once
from hustings.wire.errors import Refused


@dataclass(frozen=True, slots=True)
class Domain:
    id: int
    domain: str
    note: str


def check(connection: Connection, email: str) -> None:
    """Errors: `email_blocked`."""
    domain = email.lower().rpartition("@")[2]
    here = sa.or_(
        email_blocks.c.address == hash_of(email), email_blocks.c.domain.in_(names.above(domain))
    )
    asked = sa.select(email_blocks.c.id).where(here)
    if connection.execute(asked.limit(1)).first() is not None:
        raise Refused("email_blocked", field="email")


def domains(connection: Connection) -> list[Domain]:
    """The domains, in their order."""
    asked = sa.select(email_blocks).where(email_blocks.c.domain.is_not(None))
    rows = connection.execute(asked.order_by(email_blocks.c.domain))
    return [Domain(row.id, row.domain, row.note) for row in rows]


def block_domain(connection: Connection, id: int, domain: str, note: str) -> bool:
    """Whether it was not blocked yet."""
    row = {"id": id, "domain": domain, "note": note}
    return add_once(connection, email_blocks, row)


def lift_domain(connection: Connection, id: int) -> str:
    """Which one it was. Errors: `block_unknown`."""
    here = sa.and_(email_blocks.c.id == id, email_blocks.c.domain.is_not(None))
    gone = sa.delete(email_blocks).where(here).returning(email_blocks.c.domain)
    found = connection.execute(gone).scalar()
    if found is None:
        raise Refused("block_unknown")
    return str(found)


def block(connection: Connection, id: int, email: str, account: int) -> None:
    """With the ban of an account."""
    row = {"id": id, "address": hash_of(email), "account": account, "note": ""}
    add_missing(connection, email_blocks, [row])


def lift(connection: Connection, account: int) -> None:
    connection.execute(sa.delete(email_blocks).where(email_blocks.c.account == account))


def hash_of(email: str) -> bytes:
    local, _, domain = email.lower().rpartition("@")
    plain = local.partition("+")[0].replace(".", "")
    return hashlib.sha256(f"{plain}@{domain}".encode("utf-8", "replace")).digest()
