"""A real PostgreSQL for the tests: Debian's package, a server of our own on a port and a folder of its own, on loopback.

It keeps nothing (`fsync=off`) and runs as somebody without rights, since PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

START_S = 60.0
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def programs() -> Path | None:
    """Where `initdb` and `postgres` are, the newest version first; None when there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -float(p.parent.name))
    found = [place for place in places if (place / "initdb").exists()]
    if found:
        return found[0]
    beside = shutil.which("initdb")
    return Path(beside).parent if beside else None


@dataclass
class PostgreSQL:
    """A server that runs. Every database of it is somebody's own; `fresh()` makes one."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _idle: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"postgresql://hustings@127.0.0.1:{self.port}/{name}"

    def fresh(self, template: str = "template0") -> str:
        """The URL of a new database, empty or a copy of another that nobody is connected to."""
        return self.make(f"t{next(self._numbers)}", template)

    def make(self, name: str, template: str = "template0") -> str:
        self._say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self._say(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def borrow(self, template: str) -> str:
        """The URL of an empty database with the template's tables; `give_back` it."""
        return self._idle.pop() if self._idle else self.fresh(template)

    def give_back(self, url: str) -> None:
        """Emptied, which takes a tenth of the time that a new one takes."""
        import psycopg

        names = "SELECT string_agg(quote_ident(tablename), ',') FROM pg_tables WHERE schemaname = 'public'"
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            found = connection.execute(f"{names} AND tablename <> 'alembic_version'").fetchone()
            connection.execute("SET lock_timeout = '10s'")
            connection.execute(
                f"TRUNCATE {found[0]} RESTART IDENTITY CASCADE".encode() if found else b""
            )
        self._idle.append(url)

    def _say(self, statement: str) -> None:
        import psycopg

        with closing(psycopg.connect(self.url("postgres"), autocommit=True)) as connection:
            connection.execute(statement.encode())


@contextmanager
def started() -> Iterator[PostgreSQL]:
    """The server, until the block ends, and then nothing of it. Errors: those of `serving`."""
    folder = Path(tempfile.mkdtemp(prefix="hpg"))
    try:
        with serving(folder, FAST) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(folder: Path, options: Mapping[str, str]) -> Iterator[PostgreSQL]:
    """A server on a folder, which it makes its own the first time, until the block ends.

    Errors: `FileNotFoundError` when PostgreSQL is not installed.
    """
    bin_dir = programs()
    if bin_dir is None:
        raise FileNotFoundError("no PostgreSQL here: tools/system brings it")
    as_whom = _somebody()
    if as_whom is not None:
        os.chown(folder, as_whom.pw_uid, as_whom.pw_gid)
    who = {} if as_whom is None else {"user": as_whom.pw_uid, "group": as_whom.pw_gid}
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": folder}
    initdb = ["initdb", "-D", "d", "-U", "hustings", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]  # fmt: skip
    if not (folder / "d").exists():
        subprocess.run([bin_dir / initdb[0], *initdb[1:]], check=True, **quiet, **who)  # type: ignore[call-overload]
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(  # type: ignore[call-overload]
            [bin_dir / "postgres", "-D", "d", "-p", str(port), *words], stderr=log, **quiet, **who
        )
    try:
        _wait(server, port, folder / "log")
        yield PostgreSQL(port)
    finally:
        server.terminate()  # SIGTERM waits for nobody's connection longer than it must
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _somebody() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    names = {one.pw_name: one for one in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        ready = b"ready to accept connections" in log.read_bytes()
        with closing(socket.socket()) as probe:
            if ready and probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
