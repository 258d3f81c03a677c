"""The database from empty to the head of its history, and its transactions."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hustings.store import migrate, tables, words
from hustings.store.engine import TRIES_MAX, Database, sqlite_url
from tests.databases import PostgreSQL

PLAN = "p" * 22
ROW: dict[str, Any] = {
    "plan": PLAN,
    "key": "the-hour",
    "title": "The hour",
    "description": "",
    "starts_at_ms": 1,
    "doors_before_s": 1800,
    "picture": "",
    "picture_alt": "",
    "profile": "default",
    "listed": True,
    "host_name": "",
    "state": "planned",
    "state_at_ms": 1,
    "late_reason": "",
    "created_at_ms": 1,
}


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


def schema(database: Database) -> list[str]:
    """Every table with its columns and indexes."""
    with database.reading() as connection:
        seen = sa.inspect(connection)
        return [
            f"{table}: {[(c['name'], str(c['type'])) for c in seen.get_columns(table)]} "
            f"{sorted(str(i['name']) for i in seen.get_indexes(table))}"
            for table in sorted(seen.get_table_names())
        ]


def test_from_empty_to_head_and_twice_is_no_change(empty: Database) -> None:
    assert migrate.version(empty) == ""
    assert migrate.to_head(empty) is True
    first = schema(empty)
    assert migrate.version(empty) == tables.HEAD
    assert migrate.to_head(empty) is False
    migrate.to_head_apart(empty)
    assert schema(empty) == first


def test_the_child_process_does_the_same(empty: Database) -> None:
    migrate.to_head_apart(empty)
    assert migrate.version(empty) == tables.HEAD


def test_two_that_migrate_at_once_are_one_history(empty: Database) -> None:
    with ThreadPoolExecutor(3) as threads:
        assert len(list(threads.map(migrate.to_head_apart, [empty] * 3))) == 3
    assert migrate.version(empty) == tables.HEAD


def test_the_url_with_its_password_is_in_no_command_line(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    run = subprocess.run

    def record(command: list[str], **rest: Any) -> Any:
        called.append(command)
        return run(command, **rest)

    monkeypatch.setattr(subprocess, "run", record)
    migrate.to_head_apart(empty)
    assert called and not any(empty.url in word for word in called[0])


def test_a_child_that_fails_says_why(empty: Database) -> None:
    with empty.writing() as connection:
        connection.execute(sa.text("CREATE TABLE rooms (x INTEGER)"))
    with pytest.raises(RuntimeError, match="cannot be brought to version"):
        migrate.to_head_apart(empty)


def test_a_failed_migration_leaves_nothing_behind(empty: Database) -> None:
    with empty.writing() as connection:
        connection.execute(sa.text("CREATE TABLE room_events (x INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError):
        migrate.to_head(empty)
    assert [row.partition(":")[0] for row in schema(empty)] == ["room_events"]


def test_the_history_is_one_line_and_its_head_is_named() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [tables.HEAD]
    assert [script.is_branch_point for script in scripts.walk_revisions()].count(True) == 0


def test_the_tables_are_what_the_migrations_made(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, tables.metadata) == []


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Each database has its own kind of index of words, and tables behind it."""
    return kind != "table" or not str(name).startswith(words.INDEXES)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: for what only it has."""
    opened = Database(sqlite_url(tmp_path / "t.sqlite3"))
    yield opened
    opened.close()


def test_wal_foreign_keys_and_patience_are_on(file: Database) -> None:
    with file.reading() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert said == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}


def test_a_writer_begins_immediately_and_a_reader_does_not(file: Database) -> None:
    begun: list[str] = []

    def listen(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        begun.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        with file.writing():
            pass
        with file.reading():
            pass
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    assert begun == ["BEGIN IMMEDIATE", "BEGIN"]


def test_postgresql_has_time_limits_and_keeps_writers_apart(
    migrated_url: Callable[[str], str],
) -> None:
    database = Database(migrated_url("postgresql"))

    def said(connection: sa.Connection) -> list[Any]:
        names = (
            "statement_timeout",
            "lock_timeout",
            "transaction_isolation",
            "transaction_read_only",
        )
        return [connection.execute(sa.text(f"SHOW {name}")).scalar() for name in names]

    assert database.read(said) == ["5s", "5s", "repeatable read", "on"]
    assert database.write(said) == ["5s", "5s", "serializable", "off"]
    assert database.read(said)[2:] == ["repeatable read", "on"]
    database.close()


def test_two_writers_that_read_and_then_write_are_as_one_after_the_other(
    database: Database,
) -> None:
    """Each adds one to what it read: on both databases none of the steps is lost."""
    database.write(lambda connection: connection.execute(tables.rooms.insert().values(ROW)))

    def step(connection: sa.Connection) -> None:
        seen = connection.execute(sa.select(tables.rooms.c.starts_at_ms)).scalar_one()
        connection.execute(tables.rooms.update().values(starts_at_ms=seen + 1))

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: database.write(step), range(30)))
    seen = database.read(lambda c: c.execute(sa.select(tables.rooms.c.starts_at_ms)).scalar_one())
    assert seen == 31


def test_a_writer_that_loses_every_time_says_so_in_the_end(
    migrated_url: Callable[[str], str],
) -> None:
    database = Database(migrated_url("postgresql"))
    tried: list[int] = []

    def lose(connection: sa.Connection) -> None:
        tried.append(1)
        connection.execute(sa.text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    with pytest.raises(sa.exc.DBAPIError):
        database.write(lose)
    assert len(tried) == TRIES_MAX
    database.close()


def test_a_postgresql_that_restarted_is_found_again(
    migrated_url: Callable[[str], str], postgresql: PostgreSQL
) -> None:
    database = Database(migrated_url("postgresql"), connections_max=1)
    pid = database.read(lambda c: c.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())
    other = Database(postgresql.url("postgres"))
    other.write(lambda c: c.execute(sa.text(f"SELECT pg_terminate_backend({pid})")))
    other.close()
    assert database.read(lambda c: c.execute(sa.text("SELECT 1")).scalar_one()) == 1
    database.close()


def test_an_exception_rolls_back_and_a_reader_sees_committed_rows_only(database: Database) -> None:
    with pytest.raises(KeyError), database.writing() as connection:
        connection.execute(tables.rooms.insert().values(ROW))
        with database.reading() as other:
            assert other.execute(sa.select(tables.rooms)).all() == []
        raise KeyError("stop")
    with database.reading() as connection:
        assert connection.execute(sa.select(tables.rooms)).all() == []


def test_a_key_is_one_rooms_until_that_room_is_deleted(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(tables.rooms.insert().values(ROW))
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(tables.rooms.insert().values({**ROW, "plan": "q" * 22}))
    with database.writing() as connection:
        connection.execute(tables.rooms.update().values(deleted_at_ms=5))
        connection.execute(tables.rooms.insert().values({**ROW, "plan": "q" * 22}))


def test_an_event_belongs_to_a_room_and_has_its_number_once(database: Database) -> None:
    event = {"room": PLAN, "term": 1, "n": 1, "type": "planned", "at_ms": 1, "body": {}}
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(tables.room_events.insert().values(event))
    with database.writing() as connection:
        connection.execute(tables.rooms.insert().values(ROW))
        connection.execute(tables.room_events.insert().values(event))
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(tables.room_events.insert().values(event))
