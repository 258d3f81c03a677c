"""What tests of every folder may ask for: both databases, empty or at the head of their history."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hustings.store import migrate
from hustings.store.engine import Database, sqlite_url
from tests import databases

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[databases.PostgreSQL]:
    if databases.programs() is None:
        pytest.skip("no PostgreSQL on this machine (tools/system brings it)")
    with databases.started() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file at the head of the history, made once."""
    path = tmp_path_factory.mktemp("database") / "hustings.sqlite3"
    _migrate(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: databases.PostgreSQL) -> str:
    """The name of a database at the head of the history, made once."""
    url = postgresql.fresh()
    _migrate(url)
    return url.rpartition("/")[2]


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of one kind and then of the other."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "empty.sqlite3")
        return
    server: databases.PostgreSQL = request.getfixturevalue("postgresql")
    url = server.fresh()
    yield url
    server.drop(url)


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A function: the URL of a database of that kind at the head of its history. It is gone after the test."""
    made: list[str] = []

    def url(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / f"{len(made)}.sqlite3"
            shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
            return sqlite_url(path)
        server: databases.PostgreSQL = request.getfixturevalue("postgresql")
        made.append(server.borrow(request.getfixturevalue("migrated_postgresql")))
        return made[-1]

    yield url
    for one in made:
        request.getfixturevalue("postgresql").give_back(one)


@pytest.fixture(params=KINDS)
def database(
    request: pytest.FixtureRequest, migrated_url: Callable[[str], str]
) -> Iterator[Database]:
    """A database at the head of its history, of one kind and then of the other."""
    opened = Database(migrated_url(request.param))
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    database = Database(url)
    migrate.to_head(database)
    database.close()
