"""SQL in a bounded pool of threads: the loop never waits on the database, and a slow database never piles up work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hustings.store.engine import Database
from hustings.store.migrate import to_head_apart
from hustings.wire.errors import Refused

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 3
WAITING_MAX = 200


class Sql:
    """`await sql.read(f, …)` and `await sql.write(f, …)` run `f(connection, …)` in a transaction. A writing `f` may be run
    again from its start (`Database.write`), so it does nothing but SQL.

    Errors: `Refused("bad_request")` for a text that a database cannot hold; `Refused("database_away")` when it cannot be
    reached, is not ready, or too many wait for it; `sqlalchemy.exc.IntegrityError` as it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sql")
        self._waiting = 0
        self.ready = False
        self.on_write: Callable[[], None] = lambda: None

    async def prepare(self) -> bool:
        """Migrations. False when the database is away: to be tried again."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, to_head_apart, self._database)
        except (SQLAlchemyError, OSError, RuntimeError):
            return False
        self.ready = True
        return True

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._run(False, work, *args, **kwargs)

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._run(True, work, *args, **kwargs)

    async def _run(
        self,
        writing: bool,
        work: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if not self.ready or self._waiting >= WAITING_MAX:
            raise Refused("database_away")

        def in_thread() -> T:
            run = self._database.write if writing else self._database.read
            return run(lambda connection: work(connection, *args, **kwargs))

        self._waiting += 1
        try:
            done = await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)
            if writing:
                self.on_write()
            return done
        except IntegrityError:
            raise
        except (DataError, UnicodeEncodeError):
            # a zero byte on PostgreSQL, half of a surrogate pair on either: what was asked is no text
            raise Refused("bad_request") from None
        except (DBAPIError, PoolTimeout) as error:
            raise Refused("database_away") from error
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._database.close()
