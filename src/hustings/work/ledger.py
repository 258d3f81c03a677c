"""The database beside the loop: few threads, one short transaction each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hustings.store.engine import Database
from hustings.store.migrate import version
from hustings.store.tables import HEAD

T = TypeVar("T")
THREADS = 3


class Ledger:
    """Errors of each: `sqlalchemy.exc.SQLAlchemyError` when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sql")

    async def ready(self) -> bool:
        """Whether the database is there and as new as this program: web brings it to that."""
        try:
            found = await self._run(lambda: version(self._database))
        except SQLAlchemyError:
            return False
        if found != HEAD:
            self._database.close()
        return found == HEAD

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._run(lambda: self._database.read(work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What depends on what others write meanwhile: `Database.write`, which may run it again."""
        return await self._run(lambda: self._database.write(work))

    async def claim(self, work: Callable[[Connection], T]) -> T:
        return await self._run(lambda: self._database.claim(work))

    async def _run(self, work: Callable[[], T]) -> T:
        """After an error all begins anew: a file of SQLite that was moved away and back is another one."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except SQLAlchemyError:
            self._database.close()
            raise

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._database.close()
