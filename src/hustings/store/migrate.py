"""Migrations that run by themselves: `python -m hustings.store.migrate` brings a database to the head of the history.

The database's URL comes on its standard input: it may hold a password, and what a process was called with is for all to see.

Web runs this in a child process and only when it is needed: Alembic costs 11 MB that web would otherwise keep for good.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import inspect, text

from hustings.store.engine import Database
from hustings.store.tables import HEAD

VERSION_TABLE = "alembic_version"


def version(database: Database) -> str:
    """The migration that the database is at; "" for an empty one."""
    with database.reading() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return ""
        return str(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar())


def to_head(database: Database) -> bool:
    """Brings the database to `HEAD` in this process; False when it was there. Several may call at once: one works."""
    # Alembic is imported where it is needed only: it must not stay in web's memory.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    if version(database) == HEAD:
        return False
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def to_head_apart(database: Database) -> None:
    """`to_head` in a child process, and only when the database is behind.

    Errors: `RuntimeError` with the last line that the child said.
    """
    if version(database) == HEAD:
        return
    child = subprocess.run(
        [sys.executable, "-m", "hustings.store.migrate"],
        input=database.url,
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode != 0:
        said = child.stderr.strip().splitlines() or ["no reason was given"]
        raise RuntimeError(f"the database cannot be brought to version {HEAD}: {said[-1]}")


def main(url: str) -> None:
    database = Database(url)
    try:
        to_head(database)
    finally:
        database.close()


if __name__ == "__main__":
    main(sys.stdin.read().strip())
