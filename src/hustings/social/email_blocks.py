"""Addresses that nobody signs up with: those of the banned, of which only a hash is kept, and whole domains.

Of an address, what mail servers take for the same is the same here: upper case, dots, and whatever follows a plus.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.store.people import email_blocks
from hustings.store.upsert import add_missing
from hustings.wire.errors import Refused


def check(connection: Connection, email: str) -> None:
    """Errors: `email_blocked`."""
    asked = sa.select(email_blocks.c.id).where(email_blocks.c.address == hash_of(email))
    if connection.execute(asked.limit(1)).first() is not None:
        raise Refused("email_blocked", field="email")


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
