"""The two filled databases: made once, kept in a folder, and brought to today's tables whenever they are opened."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.square import bulk, town
from bench.square.rows import Rows
from bench.square.town import Sizes
from hustings.store import migrate
from hustings.store.apps import tokens
from hustings.store.engine import Database, sqlite_url
from hustings.store.follows import feeds
from tests import databases

PLACE = Path(__file__).parent.parent / "out" / "square"
KINDS = ("sqlite", "postgresql")
LABELS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
POSTGRESQL = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}
"""As somebody sets it who reads one page about it: everything else is as it comes, `fsync` too."""
SEEN_MS, READ_MS = 600_000, 86_400_000


@dataclass(frozen=True)
class Filled:
    """`facts`: how long filling took and how large it is. `pid`: PostgreSQL's first process, 0 for SQLite."""

    kind: str
    url: str
    rows: Rows
    facts: dict[str, Any]
    pid: int = 0

    @property
    def path(self) -> Path:
        """The file of SQLite's."""
        return Path(self.url.removeprefix("sqlite:///")).absolute()

    @property
    def label(self) -> str:
        return LABELS[self.kind]


@contextmanager
def opened(
    kind: str, place: Path, say: Callable[[str], None], sizes: Sizes | None = None
) -> Iterator[Filled]:
    """The database, until the end of the block; filled if it is not yet, or another. Errors: `RuntimeError`."""
    sizes = sizes or Sizes()
    folder = place / kind
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        path = folder / "hustings.sqlite3"
        yield _ready(
            kind,
            folder,
            sqlite_url(path),
            sizes,
            say,
            lambda rows: bulk.sqlite(path, rows.tables()),
        )
        return
    with databases.serving(folder, POSTGRESQL) as server:
        url = server.url("square")
        pid = int((folder / "d/postmaster.pid").read_text().split()[0])
        if not (folder / "filled.json").exists():
            server.make("square")
        yield _ready(
            kind, folder, url, sizes, say, lambda rows: bulk.postgresql(url, rows.tables()), pid
        )


def _ready(
    kind: str,
    folder: Path,
    url: str,
    sizes: Sizes,
    say: Callable[[str], None],
    fill: Callable[[Rows], None],
    pid: int = 0,
) -> Filled:
    note = folder / "filled.json"
    facts = json.loads(note.read_text()) if note.exists() else {}
    if facts and facts["sizes"] != asdict(sizes):
        raise RuntimeError(f"{folder} holds another square; remove it for a new one")
    database = Database(url)
    try:
        end_ms = facts.get("end_ms") or int(time.time() * 1000)
        say(f"{LABELS[kind]}: the town" + ("" if facts else " is being built; that takes minutes"))
        rows = Rows(town.build(sizes), end_ms)
        migrate.to_head(database)
        if not facts:
            began_s = time.monotonic()
            indexes = bulk.without_indexes(database)
            database.close()  # nobody else has it open now
            fill(rows)
            bulk.with_indexes(database, indexes)
            facts = {
                "sizes": asdict(sizes),
                "end_ms": end_ms,
                "seconds": round(time.monotonic() - began_s),
            }
            facts["bytes"] = _size(folder)
            note.write_text(json.dumps(facts, indent=1) + "\n")
        database.write(lambda connection: _as_of_today(connection, int(time.time() * 1000)))
    finally:
        database.close()
    return Filled(kind, url, rows, facts, pid)


def _as_of_today(connection: sa.Connection, now_ms: int) -> None:
    """Readers were last here as those are who come again and again: some just now, some so long ago that it is written down."""
    connection.execute(tokens.update().values(used_at_ms=now_ms - (tokens.c.id * 7_919) % SEEN_MS))
    connection.execute(feeds.update().values(read_at_ms=now_ms - feeds.c.account % READ_MS))


def _size(folder: Path) -> int:
    """Without PostgreSQL's log of what it writes."""
    files = (path for path in folder.rglob("*") if path.is_file() and "pg_wal" not in path.parts)
    return sum(path.stat().st_size for path in files)


def main(words: list[str]) -> int:
    """`python -m bench.square.kept [kind ...]`: fills what is not filled."""
    for kind in words or KINDS:
        with opened(kind, PLACE, print) as filled:
            print(kind, filled.facts)
    return 0


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
