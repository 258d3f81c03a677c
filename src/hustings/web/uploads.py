"""Pictures and sounds as they come in: counted, looked at from outside, laid into the spool for work. Nothing is decoded here."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hustings.settings import Settings
from hustings.social import media, portraits
from hustings.social.ids import Ids
from hustings.social.media import FAILED, IMAGE, MAGIC_BYTES, PROCESSING, Attachment
from hustings.web.rates import Rate, Rates
from hustings.web.sql import Sql
from hustings.wire.errors import Refused

UPLOADS_WINDOW_MS, UPLOADS_MAX = 1_800_000, 30
FILES_MAX, FIELDS_MAX, FIELD_BYTES_MAX = 2, 20, 65_536
"""A second file is a preview of the sender's own, which some clients send: we make ours."""
PATIENCE_S = 20.0
"""So long an answer waits for what is being made of it."""
LOOK_EVERY_S = 0.1
T = TypeVar("T")


class Uploads:
    """now_ms: the wall clock."""

    def __init__(self, settings: Settings, sql: Sql, ids: Ids, now_ms: Callable[[], int]) -> None:
        self._spool = settings.spool_dir
        self._most = settings.media
        self._sql = sql
        self._ids = ids
        self._now_ms = now_ms
        self._rates = Rates(UPLOADS_WINDOW_MS, UPLOADS_MAX)

    def count(self, account: int) -> Rate:
        """One more of this account; below zero is too many."""
        return self._rates.take(str(account), self._now_ms())

    async def receive(self, account: int, request: Request) -> int:
        """The form of an app: its `file` and what it says of it. The id. Errors: `bad_request`, those of `take`."""
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "multipart/form-data":
            raise Refused("bad_request", field="file")
        try:
            async with request.form(
                max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX
            ) as form:
                file = form.get("file")
                if not isinstance(file, UploadFile):
                    raise Refused("bad_request", field="file")
                said = {name: value for name, value in form.items() if isinstance(value, str)}
                return await self.take(account, file, said)
        except HTTPException:
            raise Refused("bad_request") from None

    async def take(self, account: int, file: UploadFile, said: Mapping[str, object]) -> int:
        """Into the spool: the id of what will be made of it. Errors: `media_malformed`, `media_too_large`, `work_full`, those
        of `media.read` and `media.begin`."""
        kind = media.kind_of(await file.read(MAGIC_BYTES))
        most = self._most.picture_bytes_max if kind == IMAGE else self._most.sound_bytes_max
        if (file.size or 0) > most:
            raise Refused("media_too_large", field="file", bytes_max=most)
        words = media.read(said)
        return await self.spool(
            file.file, lambda c, id, at: media.begin(c, id, account, kind, words, at)
        )

    async def take_portrait(self, account: int, kind: str, file: UploadFile) -> int:
        """The same for an avatar or a header. Errors: `media_malformed`, `media_too_large`, `uploads_many`, `work_full`, those
        of `portraits.begin`."""
        if self.count(account).left < 0:
            raise Refused("uploads_many", field=kind)
        portraits.check_picture(await file.read(MAGIC_BYTES), kind)
        most = self._most.picture_bytes_max
        if (file.size or 0) > most:
            raise Refused("media_too_large", field=kind, bytes_max=most)
        return await self.spool(
            file.file, lambda c, id, at: portraits.begin(c, id, account, kind, at)
        )

    async def take_portraits(self, account: int, files: Mapping[str, object]) -> list[int]:
        """The files among these, made or still being made. Errors: those of `take_portrait`, and why one failed."""
        ids = []
        for kind in portraits.KINDS:
            file = files.get(kind)
            if isinstance(file, UploadFile):
                # a form sends a field that nobody touched as an empty file
                if file.filename or file.size:
                    ids.append(await self.take_portrait(account, kind, file))
            elif file not in (None, ""):
                raise Refused("media_malformed", field=kind)
        if ids:
            await until(lambda: self._sql.read(_made, account, ids), bool, PATIENCE_S)
        return ids

    async def spool(self, file: BinaryIO, begin: Callable[[Connection, int, int], None]) -> int:
        """`begin` writes it down, by its id and the time; then work may come. Errors: `work_full`, those of `begin`."""
        now_ms = self._now_ms()
        id = self._ids.at(now_ms)
        place = self._spool / str(id)
        try:
            await asyncio.to_thread(_lay, file, place)
            await self._sql.write(begin, id, now_ms)
        except OSError:
            place.unlink(missing_ok=True)
            raise Refused("work_full") from None
        except Refused:
            place.unlink(missing_ok=True)
            raise
        return id

    async def ready(self, account: int, id: int, patience_s: float) -> Attachment:
        """It, once it is made; still `processing` when that takes longer. Errors: `media_unknown`, and why it failed."""
        found = await until(
            lambda: self._sql.read(media.own, account, id),
            lambda one: one.state != PROCESSING,
            patience_s,
        )
        if found.state == FAILED:
            raise Refused(found.fault, field="file")
        return found


async def until(
    look: Callable[[], Awaitable[T]], done: Callable[[T], bool], patience_s: float
) -> T:
    """What work makes, looked at until it is done; as it stands then when that takes longer."""
    looks = round(patience_s / LOOK_EVERY_S)
    found = await look()
    while not done(found) and looks > 0:
        looks -= 1
        await asyncio.sleep(LOOK_EVERY_S)
        found = await look()
    return found


def _made(connection: Connection, account: int, ids: list[int]) -> bool:
    return not any(portraits.busy(connection, account, id) for id in ids)


def _lay(file: BinaryIO, place: Path) -> None:
    """For our eyes alone. Errors: `OSError`, also for a disk that is full."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        file.seek(0)
        shutil.copyfileobj(file, out, 1 << 20)
