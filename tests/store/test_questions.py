"""Questions past SQLAlchemy find what it finds itself, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from hustings.store.engine import Database
from hustings.store.questions import Question, among

things = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(20), nullable=False),
    sa.Column("on", sa.Boolean, nullable=False),
    sa.Column("share", sa.Float),
    sa.Column("more", sa.JSON),
    sa.Column("hash", sa.LargeBinary),
)
BIG = 1 << 62
ROWS = [
    {
        "id": 1,
        "name": "one",
        "on": True,
        "share": 0.25,
        "more": {"a": [1, "ä"]},
        "hash": b"\x00\xff",
    },
    {"id": 2, "name": "two", "on": False, "share": None, "more": [], "hash": None},
    {"id": BIG, "name": 'zwölf\'s "12", [x]', "on": True, "share": -1.0, "more": None, "hash": b""},
]
MANY = sa.select(things).where(among(things.c.id)).order_by(things.c.id)


@pytest.fixture
def filled(database: Database) -> Database:
    def fill(connection: sa.Connection) -> None:
        things.create(connection)
        connection.execute(things.insert(), ROWS)

    with database.migrating() as connection:
        fill(connection)
    return database


@pytest.fixture(autouse=True)
def _away(database: Database) -> Any:
    yield
    with database.migrating() as connection:
        things.drop(connection, checkfirst=True)


def test_rows_are_what_sqlalchemy_makes_of_them(filled: Database) -> None:
    asked, every = Question(MANY), {"ids": [BIG, 2, 1]}
    with filled.reading() as connection:
        whole = [tuple(row) for row in connection.execute(MANY, every)]
        assert asked.rows(connection, every) == whole == [tuple(row.values()) for row in ROWS]
        assert [type(one) for one in asked.rows(connection, every)[0]] == [
            type(one) for one in whole[0]
        ]
        assert asked.trees(connection, every) == ROWS
        assert asked.column(connection, every) == [1, 2, BIG]
        assert asked.first(connection, every) == whole[0]
        assert asked.rows(connection, every) == whole, "and again, when all of it is known"


@pytest.mark.parametrize("many", [0, 1, 2, 3, 40_000])
def test_a_list_is_one_value_however_long(filled: Database, many: int) -> None:
    asked = Question(MANY)
    ids = [*range(3, many), *[one["id"] for one in ROWS]][-many:] if many else []
    with filled.reading() as connection:
        found = asked.column(connection, {"ids": ids})
        assert found == [one["id"] for one in ROWS if one["id"] in ids]
        assert (asked.first(connection, {"ids": ids}) is None) == (not ids)


def test_a_list_may_be_of_texts_and_stand_beside_another_condition(filled: Database) -> None:
    name: sa.BindParameter[str] = sa.bindparam("name", type_=sa.String)
    asked = Question(
        sa.select(things.c.id)
        .where(~among(things.c.name), things.c.on.in_((True, False)), things.c.name != name)
        .order_by(things.c.id)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
    with filled.reading() as connection:
        for names, but, limit, found in (
            ([], "", 9, [1, 2, BIG]),
            ([], "", 2, [1, 2]),
            (["one", ROWS[2]["name"]], "", 9, [2]),
            (["one", ROWS[2]["name"]], "two", 9, []),
        ):
            values = {"ids": names, "name": but, "limit": limit}
            assert asked.column(connection, values) == found


def test_a_text_with_percents_and_one_value_in_two_places(filled: Database) -> None:
    word: sa.BindParameter[str] = sa.bindparam("word", type_=sa.String)
    either = sa.or_(
        things.c.name == word, things.c.name.like(sa.literal_column("'%w%'")), word == ""
    )
    asked = Question(sa.select(things.c.id).where(either).order_by(things.c.id))
    with filled.reading() as connection:
        assert asked.column(connection, {"word": "one"}) == [1, 2, BIG]
        assert asked.column(connection, {"word": "x"}) == [2, BIG]
        assert asked.column(connection, {"word": ""}) == [1, 2, BIG]


def test_several_selects_in_one(filled: Database) -> None:
    halves = (
        sa.select(sa.literal_column(f"'{word}'"), things.c.id).where(
            among(things.c.id), things.c.on.is_(on)
        )
        for word, on in (("on", True), ("off", False))
    )
    asked = Question(sa.union_all(*halves))
    with filled.reading() as connection:
        found = asked.rows(connection, {"ids": [1, 2]})
    assert sorted(found) == [("off", 2), ("on", 1)]


def test_a_value_that_is_missing_and_one_that_is_wrong(filled: Database) -> None:
    asked = Question(sa.select(sa.cast(1, sa.Integer) / sa.bindparam("by", type_=sa.Integer)))
    wrong = Question(sa.select(sa.column("nothing")).select_from(sa.table("nowhere")))
    with pytest.raises(KeyError, match="by"), filled.reading() as connection:
        asked.rows(connection, {})
    with filled.reading() as connection:
        assert asked.rows(connection, {"by": 1})[0][0] == 1
    with pytest.raises(DBAPIError) as caught, filled.reading() as connection:
        wrong.rows(connection, {})
    assert "nowhere" in str(caught.value) and caught.value.statement is not None


def test_a_connection_that_breaks_is_told_and_another_one_taken(
    migrated_url: Callable[[str], str],
) -> None:
    asked = Question(sa.select(sa.func.pg_backend_pid()))
    one, other = (Database(migrated_url("postgresql")) for _ in range(2))
    try:
        with pytest.raises(DBAPIError), one.reading() as connection:
            pid = asked.column(connection, {})[0]
            other.write(lambda c: c.execute(sa.text(f"SELECT pg_terminate_backend({pid})")))
            asked.rows(connection, {})
        assert one.read(lambda c: asked.column(c, {})) != [pid]
    finally:
        one.close()
        other.close()
