"""The database from empty to the head of its history, and its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql

from hustings.store import migrate, tables
from hustings.store.engine import Database, sqlite_url

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
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(sqlite_url(tmp_path / "t.sqlite3"))
    yield opened
    opened.close()


def schema(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        rows = connection.execute(
            sa.text("SELECT type, name, sql FROM sqlite_master ORDER BY name")
        )
        return [tuple(row) for row in rows]


def test_from_empty_to_head_and_twice_is_no_change(database: Database) -> None:
    assert migrate.version(database) == ""
    assert migrate.to_head(database) is True
    first = schema(database)
    assert migrate.version(database) == tables.HEAD
    assert migrate.to_head(database) is False
    migrate.to_head_apart(database)
    assert schema(database) == first


def test_the_child_process_does_the_same(database: Database) -> None:
    migrate.to_head_apart(database)
    assert migrate.version(database) == tables.HEAD


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    broken = Database(sqlite_url(tmp_path / "t.sqlite3"))
    with broken.writing() as connection:
        connection.execute(sa.text("CREATE TABLE rooms (x INTEGER)"))
    with pytest.raises(RuntimeError, match="cannot be brought to version"):
        migrate.to_head_apart(broken)
    broken.close()


def test_a_failed_migration_leaves_nothing_behind(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE room_events (x INTEGER)"))
    with pytest.raises(sa.exc.OperationalError):
        migrate.to_head(database)
    assert [row[1] for row in schema(database)] == ["room_events"]


def test_the_history_is_one_line_and_its_head_is_named() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [tables.HEAD]
    assert [script.is_branch_point for script in scripts.walk_revisions()].count(True) == 0


def test_the_tables_are_what_the_migrations_made(database: Database) -> None:
    migrate.to_head(database)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_the_tables_can_be_said_in_postgresql() -> None:
    for table in tables.metadata.sorted_tables:
        words = str(sa.schema.CreateTable(table).compile(dialect=postgresql.dialect()))
        assert "AUTOINCREMENT" not in words and "CREATE TABLE" in words
    index = next(index for index in tables.rooms.indexes if index.name == "rooms_key")
    words = str(sa.schema.CreateIndex(index).compile(dialect=postgresql.dialect()))
    assert "WHERE deleted_at_ms IS NULL" in words


def test_wal_foreign_keys_and_patience_are_on(database: Database) -> None:
    with database.reading() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert said == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}


def test_a_writer_begins_immediately_and_a_reader_does_not(database: Database) -> None:
    begun: list[str] = []

    def listen(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        begun.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        with database.writing():
            pass
        with database.reading():
            pass
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    assert begun == ["BEGIN IMMEDIATE", "BEGIN"]


def test_an_exception_rolls_back_and_a_reader_sees_committed_rows_only(database: Database) -> None:
    migrate.to_head(database)
    with pytest.raises(KeyError), database.writing() as connection:
        connection.execute(tables.rooms.insert().values(ROW))
        with database.reading() as other:
            assert other.execute(sa.select(tables.rooms)).all() == []
        raise KeyError("stop")
    with database.reading() as connection:
        assert connection.execute(sa.select(tables.rooms)).all() == []


def test_a_key_is_one_rooms_until_that_room_is_deleted(database: Database) -> None:
    migrate.to_head(database)
    with database.writing() as connection:
        connection.execute(tables.rooms.insert().values(ROW))
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(tables.rooms.insert().values({**ROW, "plan": "q" * 22}))
    with database.writing() as connection:
        connection.execute(tables.rooms.update().values(deleted_at_ms=5))
        connection.execute(tables.rooms.insert().values({**ROW, "plan": "q" * 22}))


def test_an_event_belongs_to_a_room_and_has_its_number_once(database: Database) -> None:
    migrate.to_head(database)
    event = {"room": PLAN, "term": 1, "n": 1, "type": "planned", "at_ms": 1, "body": {}}
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(tables.room_events.insert().values(event))
    with database.writing() as connection:
        connection.execute(tables.rooms.insert().values(ROW))
        connection.execute(tables.room_events.insert().values(event))
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(tables.room_events.insert().values(event))
