"""The database engine: SQLite in WAL mode with one writer, or PostgreSQL 15 and newer.

Both give the same promise: a reading transaction sees one state, writing transactions happen as if one after another.
SQLite's deferred transactions fail half-way when two of them read and then write; a writer therefore begins with BEGIN
IMMEDIATE and waits its turn at the door (https://www.sqlite.org/lang_transaction.html, section 2.2). PostgreSQL lets writers
run side by side, serializable, and tells the one that lost to come again (PostgreSQL manual, 13.2.3): `Database.write` does.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
BUSY_TIMEOUT_MS = 5_000
PAGE_CACHE_KIB = 512
WRITING = "hustings_writing"
TRIES_MAX = 10
"""Of one transaction: with three writers of one row on a machine at its limit, six were seen not to be enough."""
WAIT_S_MAX = 0.128
MIGRATING = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    f"SELECT pg_advisory_xact_lock({0x6875_7374})",
)
COME_AGAIN = frozenset(("40001", "40P01"))
"""serialization_failure, deadlock_detected (PostgreSQL manual, appendix A): the same transaction may well succeed now."""


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


class Database:
    """Connections to one database. `reading()` and `writing()` are transactions; an exception rolls back.

    Errors: `sqlalchemy.exc.OperationalError` when the database cannot be opened, or is busy for 5 s.
    """

    def __init__(self, url: str, connections_max: int = 4) -> None:
        self.url = url
        place = _with_driver(make_url(url))
        self.kind = place.get_backend_name()
        self._engine: Engine = create_engine(
            place,
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=BUSY_TIMEOUT_MS / 1000,
            **({} if self.kind == "sqlite" else _postgresql_options()),
        )
        if self.kind == "sqlite":
            self._turn: Any = threading.Lock()
            self._writer = self._engine.execution_options(**{WRITING: True})
            self._claimer = self._writer
            self._reader = self._engine
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        else:
            self._turn = nullcontext()
            self._writer = self._engine.execution_options(isolation_level="SERIALIZABLE")
            self._claimer = self._engine.execution_options(isolation_level="READ COMMITTED")
            self._reader = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block. On SQLite it is the one writer of this process."""
        with self._turn, self._writer.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def claiming(self) -> Iterator[Connection]:
        """A writing transaction for rows of which each stands for itself, and that several take from at once.

        On PostgreSQL it sees each row as it is when it locks it (READ COMMITTED): `SKIP LOCKED` then passes over what
        another has, where a serializable transaction would lose and come again. On SQLite there is one writer at a time.
        """
        with self._turn, self._claimer.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A writing transaction that waits for others of its kind and sees what they did, however long it takes."""
        if self.kind == "sqlite":
            with self.writing() as connection:
                yield connection
            return
        with self._engine.connect() as connection, connection.begin():
            for statement in MIGRATING:
                connection.exec_driver_sql(statement)
            yield connection

    def read(self, work: Callable[[Connection], T]) -> T:
        with self.reading() as connection:
            return work(connection)

    def write(self, work: Callable[[Connection], T]) -> T:
        """`work` in a writing transaction, again from its start when another writer was in its way: it must do nothing else."""
        for attempt in range(TRIES_MAX):
            try:
                with self.writing() as connection:
                    return work(connection)
            except DBAPIError as error:
                if attempt == TRIES_MAX - 1 or not _lost_to_another(error):
                    raise
            time.sleep(random.uniform(0.0, min(WAIT_S_MAX, 0.004 * 2**attempt)))
        raise AssertionError("unreachable")

    def claim(self, work: Callable[[Connection], T]) -> T:
        with self.claiming() as connection:
            return work(connection)

    def close(self) -> None:
        self._engine.dispose()


def _with_driver(place: URL) -> URL:
    """psycopg, whatever a URL of PostgreSQL's own kind (`postgresql://…`) leaves open."""
    if place.drivername in ("postgresql", "postgres"):
        return place.set(drivername="postgresql+psycopg")
    return place


def _postgresql_options() -> dict[str, Any]:
    limits = {
        "statement_timeout": BUSY_TIMEOUT_MS,
        "lock_timeout": BUSY_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": BUSY_TIMEOUT_MS * 2,
        "timezone": "UTC",
        # each question is of milliseconds: to compile it, or to call others for help, takes longer than to answer it
        "jit": "off",
        "max_parallel_workers_per_gather": 0,
        "random_page_cost": 1.1,  # no disk turns any more
    }
    words = " ".join(f"-c {name}={value}" for name, value in limits.items())
    return {
        "pool_pre_ping": True,  # a server that restarted is found again by the next request
        "connect_args": {
            "connect_timeout": BUSY_TIMEOUT_MS // 1000,
            "options": words,
            "application_name": "hustings",
        },
    }


def _lost_to_another(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in COME_AGAIN


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
