"""Rows in bulk into a database that `store.migrate` made: indexes go before and come back after, each as the product has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from bench.square.rows import Table
from hustings.store import words
from hustings.store.engine import Database
from hustings.store.events import metadata

Rows = Iterable[tuple[Any, ...]]


def sqlite(path: Path, tables: Iterable[Table]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        for name, columns, rows in tables:
            if name in words.INDEXES:
                columns, rows = ("rowid", "words"), ((id, " ".join(said)) for id, said in rows)
            places = ", ".join("?" for _ in columns)
            connection.executemany(
                f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows
            )
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def postgresql(url: str, tables: Iterable[Table]) -> None:
    with closing(psycopg.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # what refers to what is known
        for name, columns, rows in tables:
            if name in words.INDEXES:
                rows = _vectors(rows)
            asked = f"COPY {name} ({', '.join(columns)}) FROM STDIN"
            with cursor.copy(asked.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        connection.commit()


def without_indexes(database: Database) -> list[sa.Index]:
    """Takes the indexes away and says which."""
    found = [index for table in metadata.sorted_tables for index in table.indexes]
    with database.migrating() as connection:
        there = {
            one["name"]
            for table in metadata.sorted_tables
            for one in sa.inspect(connection).get_indexes(table.name)
        }
        found = [index for index in found if index.name in there]
        for index in found:
            index.drop(connection)
        if database.kind != "sqlite":
            for name in words.INDEXES:
                connection.exec_driver_sql(f"DROP INDEX {name}_words")
    return found


def with_indexes(database: Database, indexes: Iterable[sa.Index]) -> None:
    with database.migrating() as connection:
        for index in indexes:
            index.create(connection)
        if database.kind != "sqlite":
            connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
            for name in words.INDEXES:
                connection.exec_driver_sql(words.MADE_POSTGRESQL[1].format(index=name))
            connection.exec_driver_sql("ANALYZE")  # as autovacuum does by itself, soon


def _vectors(rows: Rows) -> Iterator[tuple[int, str]]:
    for id, said in rows:
        yield id, " ".join(f"'{word}':{place}" for place, word in enumerate(said, 1))
