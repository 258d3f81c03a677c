"""SQL beside the loop: what happens when the database is not there, or too much is asked of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.store.engine import Database
from hustings.web.sql import WAITING_MAX, Sql
from hustings.wire.errors import Refused


def one(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text("SELECT 1")).scalar_one())


async def test_a_postgresql_that_is_not_there_is_tried_again_later() -> None:
    sql = Sql(Database("postgresql://nobody@127.0.0.1:1/none"))
    assert await sql.prepare() is False
    with pytest.raises(Refused, match="database_away"):
        await sql.read(one)
    sql.ready = True
    with pytest.raises(Refused, match="database_away"):
        await sql.read(one)
    sql.close()


async def test_as_many_as_fit_may_wait_and_one_more_is_told_so(database: Database) -> None:
    sql = Sql(database)
    sql.ready = True
    sql._waiting = WAITING_MAX - 1
    assert await sql.read(one) == 1
    sql._waiting = WAITING_MAX
    with pytest.raises(Refused, match="database_away"):
        await sql.read(one)
    sql.close()


async def test_what_is_no_text_is_the_askers_fault(database: Database) -> None:
    def said(connection: sa.Connection, text: str) -> object:
        return connection.execute(sa.select(sa.literal(text))).scalar_one()

    sql = Sql(database)
    sql.ready = True
    assert await sql.read(said, "\U0001f600 ok") == "\U0001f600 ok"
    with pytest.raises(Refused, match="bad_request"):
        await sql.read(said, "\ud800")
    if database.kind == "postgresql":
        with pytest.raises(Refused, match="bad_request"):
            await sql.read(said, "zero \x00 byte")
    assert await sql.read(one) == 1
    sql.close()
