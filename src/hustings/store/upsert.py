"""`INSERT … ON CONFLICT`, which SQLite and PostgreSQL write alike and SQLAlchemy gives a name of its own in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite


def add_missing(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows whose primary key is not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def add_once(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Inserts a row; False when its primary key, or another that is unique, is taken."""
    asked = _insert(connection, table).values(**row).on_conflict_do_nothing()
    return connection.execute(asked.returning(*table.primary_key)).first() is not None


def count(
    connection: Connection, table: sa.Table, key: str, id: int, steps: Mapping[str, int]
) -> None:
    """Adds to the counters of one row, which begins with zeros. No counter falls below 0."""
    zeros = {
        column.name: 0
        for column in table.columns
        if column.name != key and isinstance(column.type, sa.Integer) and not column.nullable
    }
    first = {name: max(0, step) for name, step in steps.items()}
    off = {column.name: False for column in table.columns if isinstance(column.type, sa.Boolean)}
    begun = _insert(connection, table).values({key: id, **zeros, **off, **first})
    further = {
        name: sa.case((table.c[name] + step > 0, table.c[name] + step), else_=0)
        for name, step in steps.items()
    }
    connection.execute(begun.on_conflict_do_update(index_elements=[table.c[key]], set_=further))


def _insert(connection: Connection, table: sa.Table) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)
