"""People in a database, on both kinds of it."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social import accounts
from hustings.social.accounts import Newcomer
from hustings.social.ids import Ids
from hustings.store.engine import Database
from tests.social.square import NOW_MS, Joins, Square

__all__ = ["NOW_MS", "Joins"]


@pytest.fixture
def joins(database: Database) -> Joins:
    """Somebody signs up; the account's id."""
    ids = Ids()

    def join(handle: str, **more: Any) -> int:
        id = ids.at(NOW_MS)
        uri = f"https://h.example/people/{id}"
        wanted = {"email": None, "reason": "", "invite": "", "approved": True, **more}
        new = Newcomer(id=id, handle=handle, uri=uri, password="kept", **wanted)
        database.write(lambda connection: accounts.add(connection, new, NOW_MS))
        return id

    return join


@pytest.fixture
def square(database: Database, joins: Joins) -> Square:
    return Square(database, joins)
