"""The database engine: SQLite in WAL mode with one writer, or any other URL that SQLAlchemy knows.

SQLite's deferred transactions fail half-way when two of them read and then write; a writer therefore begins with BEGIN
IMMEDIATE and waits its turn at the door (https://www.sqlite.org/lang_transaction.html, section 2.2).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

BUSY_TIMEOUT_MS = 5_000
PAGE_CACHE_KIB = 512
WRITING = "hustings_writing"


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


class Database:
    """Connections to one database. `reading()` and `writing()` are transactions; an exception rolls back.

    Errors: `sqlalchemy.exc.OperationalError` when the database cannot be opened, or is busy for 5 s.
    """

    def __init__(self, url: str, connections_max: int = 4) -> None:
        self.url = url
        self._engine: Engine = create_engine(
            url, pool_size=connections_max, max_overflow=0, pool_timeout=BUSY_TIMEOUT_MS / 1000
        )
        self._turn = threading.Lock()
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The one writer of this process; commits at the end of the block."""
        engine = self._engine.execution_options(**{WRITING: True})
        with self._turn, engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is a deferred one
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        f"cache_size = -{PAGE_CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
