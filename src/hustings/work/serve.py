"""Starts work: one runner for each lane, a broom, and a socket on which it says how it is. Nothing stops it but a signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import random
import time

from sqlalchemy.exc import SQLAlchemyError

from hustings import copy
from hustings.keyring import square_key
from hustings.settings import Settings
from hustings.social import bells, feeds, going_live, jobs, scheduled, voting
from hustings.social.ids import Ids
from hustings.social.lanes import (
    BELLS,
    FAN_OUT,
    GOING_LIVE,
    IMPORTS,
    LINKS,
    MAIL,
    PICTURES,
    POLLS,
    SCHEDULED,
    SOUNDS,
    Lane,
)
from hustings.social.seal import Seal
from hustings.stopping import pause, stop_event
from hustings.store.engine import Database, sqlite_url
from hustings.work.alarms import Alarm, Alarms
from hustings.work.appearing import Appearing
from hustings.work.fan_out import FanOut
from hustings.work.fetching import Fetching
from hustings.work.going_live import GoingLive
from hustings.work.importing import Importing
from hustings.work.ledger import Ledger
from hustings.work.links import Links
from hustings.work.mail import Letters
from hustings.work.media import Making
from hustings.work.poll_ends import PollEnds
from hustings.work.post import Post, our_name
from hustings.work.runner import Perform, Runner

LANG = "en"
LANES = (MAIL, FAN_OUT, BELLS, IMPORTS, PICTURES, SOUNDS, POLLS, SCHEDULED, GOING_LIVE, LINKS)
ALARMS = (
    Alarm("polls", voting.next_end_ms, voting.call),
    Alarm("scheduled", scheduled.next_due_ms, scheduled.call),
    Alarm("going live", going_live.next_ms, going_live.call),
)
WAIT_S, AGAIN_S, SWEEP_S = 0.5, 5.0, 600.0
HEAD_MAX, HEAD_S = 4_096, 2.0

_log = logging.getLogger("hustings.work")


def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT. What cannot be had (a database, a socket's place, a key) is asked for again: the lesser
    part stops nothing."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s work %(levelname)s %(message)s")
    asyncio.run(serve(settings))


async def serve(settings: Settings) -> None:
    stop = stop_event()
    while not stop.is_set():
        try:
            await Work(settings).run(stop)
        except OSError as error:
            _log.error("work cannot begin: %s", error)
            await pause(stop, AGAIN_S)


class Work:
    """All lanes. Errors: `OSError` (a folder or a key)."""

    def __init__(self, settings: Settings) -> None:
        settings.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._settings = settings
        self._seal = Seal(square_key(settings.keys_dir))
        url = settings.database.url or sqlite_url(settings.database_path)
        self.ledger = Ledger(Database(url))
        self.ready = False
        self._making = Making(settings, self.ledger)

    async def run(self, stop: asyncio.Event) -> None:
        try:
            server = await asyncio.start_unix_server(
                self.answer, self._settings.work_socket, limit=HEAD_MAX, backlog=16
            )
        except OSError:
            self.ledger.close()
            raise
        try:
            while not stop.is_set() and not self.ready:
                self.ready = await self.ledger.ready()
                await pause(stop, 0 if self.ready else WAIT_S)
            gc.collect()
            gc.freeze()
            await self._work(stop)
        finally:
            server.close()
            self.ledger.close()

    async def _work(self, stop: asyncio.Event) -> None:
        mail, web, ids = self._settings.mail, self._settings.public.web, Ids()
        said = copy.catalogue(LANG, "square")
        performs: dict[Lane, Perform] = {
            FAN_OUT: FanOut(self.ledger, feeds.spread),
            BELLS: FanOut(self.ledger, bells.spread),
            IMPORTS: Importing(self.ledger, ids, web, wall_ms),
            PICTURES: self._making,
            SOUNDS: self._making,
            POLLS: PollEnds(self.ledger),
            SCHEDULED: Appearing(self._settings, self.ledger, ids, wall_ms),
            GOING_LIVE: GoingLive(self._settings, self.ledger, ids, said, LANG, wall_ms),
            LINKS: Links(self.ledger, Fetching(), web, wall_ms),
        }
        post = None
        if mail.on:
            post = Post(mail, our_name(self._settings), MAIL.at_once)
            words = copy.catalogue(LANG, "mail")
            performs[MAIL] = Letters(
                self._settings, self.ledger, post, self._seal, words, LANG, wall_ms
            )
        runners = [
            Runner(lane, perform, self.ledger, wall_ms, random.random)
            for lane, perform in performs.items()
        ]
        alarms = Alarms(ALARMS, self.ledger, ids, wall_ms)
        try:
            await asyncio.gather(
                self._sweep(stop), alarms.run(stop), *(runner.run(stop) for runner in runners)
            )
        finally:
            if post is not None:
                post.close()

    async def _sweep(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for lane in LANES:
                with contextlib.suppress(SQLAlchemyError):
                    await self.ledger.claim(lambda c: jobs.sweep(c, lane, wall_ms()))  # noqa: B023
            for sweep in (feeds.sweep, scheduled.sweep):
                with contextlib.suppress(SQLAlchemyError):
                    await self.ledger.write(lambda c: sweep(c, wall_ms()))  # noqa: B023
            with contextlib.suppress(SQLAlchemyError, OSError):
                await self._making.sweep(wall_ms())
            await pause(stop, SWEEP_S)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whatever is asked: how it is, as JSON. 503 while there is no database."""
        try:
            async with asyncio.timeout(HEAD_S):
                await reader.readuntil(b"\r\n\r\n")
            told = await self.health()
            body = json.dumps(told).encode()
            status = "200 OK" if told["ok"] else "503 No"
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + body
            )
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def health(self) -> dict[str, object]:
        """`late_s`: for how long the job waits that is due longest, its holder's lease counted as not due."""
        lanes: dict[str, object] = {}
        now_ms = wall_ms()
        for lane in LANES if self.ready else ():
            try:
                load = await self.ledger.read(lambda c: jobs.load(c, lane, now_ms))  # noqa: B023
            except SQLAlchemyError:
                return {"ok": False, "database": False, "lanes": {}}
            late_s = 0 if load.due_since_ms is None else (now_ms - load.due_since_ms) / 1000
            lanes[lane.name] = {"waiting": load.waiting, "dead": load.dead, "late_s": late_s}
        return {"ok": self.ready, "database": self.ready, "lanes": lanes}


def wall_ms() -> int:
    return time.time_ns() // 1_000_000
