"""Questions that are asked all day: each built once, made into the words of a database once, and asked of the driver itself.

SQLAlchemy looks a question up by all of its parts whenever it is executed, and writes a list into it value by value: of a
page that asks twenty times this was most of the processor's time. A `Question` has one text for good, so that SQLite and
PostgreSQL know it again too and plan it once; a list comes as one value (`among`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

Built = sa.Select[Any] | sa.CompoundSelect[Any]
Values = dict[str, Any]
Convert = Callable[[Any], Any]
_OPEN = re.compile(r"%(?:\((\w+)\)s|%)")


class Question:
    """`built` with its values left open (`sa.bindparam`), asked with them by name. None of them may be a list but `among`'s.

    Errors: `KeyError` for a value that is missing; `sqlalchemy.exc.DBAPIError`, as from `Connection.execute`.
    """

    def __init__(self, built: Built) -> None:
        self._built = built
        self._said: dict[str, _Said] = {}

    def rows(self, connection: Connection, values: Values) -> list[tuple[Any, ...]]:
        said = self._in(connection.dialect)
        given = said.given(values)
        driver = connection.connection.dbapi_connection
        assert driver is not None
        cursor = said.cursor(driver)
        try:
            cursor.execute(said.text, given, **said.how)
            return said.converted(cursor)
        except connection.dialect.loaded_dbapi.Error as error:
            dialect, of_driver = connection.dialect, connection.dialect.loaded_dbapi.Error
            raise DBAPIError.instance(
                said.text, given, error, of_driver, dialect=dialect
            ) from error
        finally:
            cursor.close()

    def first(self, connection: Connection, values: Values) -> tuple[Any, ...] | None:
        return next(iter(self.rows(connection, values)), None)

    def value(self, connection: Connection, values: Values) -> Any:
        """The first one of the first row, None where there is none."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def column(self, connection: Connection, values: Values) -> list[Any]:
        """The first one of each row."""
        return [row[0] for row in self.rows(connection, values)]

    def trees(self, connection: Connection, values: Values) -> list[dict[str, Any]]:
        """Rows by the names of their columns."""
        names = self._in(connection.dialect).names
        return [dict(zip(names, row, strict=True)) for row in self.rows(connection, values)]

    def tree(self, connection: Connection, values: Values) -> dict[str, Any] | None:
        """The first row, by the names of its columns."""
        return next(iter(self.trees(connection, values)), None)

    def text(self, dialect: Dialect) -> str:
        """Its words for a database of that kind."""
        return self._in(dialect).text

    def _in(self, dialect: Dialect) -> _Said:
        said = self._said.get(dialect.name)
        if said is None:
            said = self._said[dialect.name] = _Said(self._built, dialect)
        return said


def plan_once(connection: Connection) -> None:
    """Until the end of the transaction PostgreSQL plans a question once for all values (manual, 20.7.4, `plan_cache_mode`).

    To think about a long one anew takes it four times as long as to answer it. Not for questions whose way depends on what is
    asked, as of a common word and of a rare one. SQLite never plans again.
    """
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")


class _Said:
    """A question in the words of one database."""

    def __init__(self, built: Built, dialect: Dialect) -> None:
        made = built.compile(dialect=dialect)
        assert isinstance(made, SQLCompiler)
        left_open = {name for name, one in made.binds.items() if one.required}
        # lists that belong to the question itself, as which posts are open to all, are written into it here, once
        whole = made.construct_expanded_state(dict.fromkeys(left_open), escape_names=False)
        self.text, self._places = whole.statement, whole.positiontup
        self.how: dict[str, Any] = {}
        if dialect.driver == "psycopg":
            # which else cuts a text of more than 4 kB into pieces each time, and prepares it only when it has come five times
            self.text, self._places = _numbered(whole.statement)
            self.how = {"prepare": True}
        self.names = [str(column.key) for column in built.selected_columns]
        self._fixed = {
            name: value for name, value in whole.parameters.items() if name not in left_open
        }
        self._to_driver = {
            name: convert
            for name in left_open
            if (convert := _to_driver(made.binds[name].type, dialect)) is not None
        }
        self._types = [column.type for column in built.selected_columns]
        self._dialect = dialect
        self._from_driver: list[tuple[int, Convert]] | None = None

    def cursor(self, driver: Any) -> Any:
        return psycopg.RawCursor(driver) if self.how else driver.cursor()

    def given(self, values: Values) -> Any:
        """The values as the driver takes them. Errors: `KeyError` for one that is missing."""
        whole = {**self._fixed, **values}
        for name, convert in self._to_driver.items():
            whole[name] = convert(whole[name])
        return [whole[name] for name in self._places or ()]

    def converted(self, cursor: DBAPICursor) -> list[tuple[Any, ...]]:
        """What was found, as `built` has it: of SQLite a truth is a number, and JSON is a text."""
        if self._from_driver is None:
            described = zip(self._types, cursor.description, strict=True)
            made = [_from_driver(kind, self._dialect, one[1]) for kind, one in described]
            self._from_driver = [(n, one) for n, one in enumerate(made) if one is not None]
        found: list[tuple[Any, ...]] = list(cursor.fetchall())
        if not self._from_driver:
            return found
        rows = [list(row) for row in found]
        for place, convert in self._from_driver:
            for row in rows:
                row[place] = convert(row[place])
        return [tuple(row) for row in rows]


def _numbered(text: str) -> tuple[str, list[str]]:
    """`%(name)s` as PostgreSQL itself has it, `$1`, and the names by their numbers."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${names.setdefault(found[1], len(names) + 1)}" if found[1] else "%"

    return _OPEN.sub(number, text), list(names)


class Many(TypeDecorator[Sequence[Any]]):
    """A list as one value: JSON for SQLite (https://www.sqlite.org/json1.html#jeach), an array for PostgreSQL."""

    impl = sa.String
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        of_dialect = sa.String() if dialect.name == "sqlite" else ARRAY(self.item)
        return dialect.type_descriptor(of_dialect)

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        return value if dialect.name != "sqlite" or value is None else json.dumps(value)


class Among(sa.BinaryExpression[bool]):
    inherit_cache = True


@compiles(Among)
def _among(element: Among, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = (compiler.process(one, **how) for one in (element.left, element.right))
    if compiler.dialect.name == "sqlite":
        return f"{column} IN (SELECT value FROM json_each({ids}))"
    return f"{column} = ANY ({ids})"


def among(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a column is one of the list that comes as `ids`, however long that is."""
    ids: sa.BindParameter[Any] = sa.bindparam("ids", type_=Many(column.type))
    return Among(column, ids, operators.in_op, type_=sa.Boolean())


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(kind: TypeEngine[Any], dialect: Dialect, code: object) -> Convert | None:
    """`code`: what the driver calls the column's type."""
    return kind.dialect_impl(dialect).result_processor(dialect, code)
