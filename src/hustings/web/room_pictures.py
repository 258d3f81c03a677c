"""The picture of a room, as it comes with a plan: into the spool, made anew by work, waited for. Nothing is decoded here."""

from __future__ import annotations

import io
from collections.abc import Callable

from hustings.settings import Settings
from hustings.social import media, room_pictures
from hustings.social.media import IMAGE, MAGIC_BYTES
from hustings.web.sql import Sql
from hustings.web.uploads import PATIENCE_S, Uploads, until
from hustings.wire.errors import Refused

FAULTS = {"media_malformed": "picture_malformed", "media_too_large": "picture_too_large"}


class RoomPictures:
    """now_ms: the wall clock."""

    def __init__(
        self, settings: Settings, sql: Sql, uploads: Uploads, now_ms: Callable[[], int]
    ) -> None:
        self._bytes_max = settings.web.picture_bytes_max
        self._root = f"{settings.public.live}/media/"
        self._sql = sql
        self._uploads = uploads
        self._now_ms = now_ms

    async def take(self, raw: bytes) -> str:
        """Its address on the live host, which never changes.

        Errors: `picture_too_large`, `picture_malformed`, `media_too_hard`, `media_failed`, `media_busy`, `work_full`.
        """
        if len(raw) > self._bytes_max:
            raise Refused("picture_too_large", field="picture", bytes_max=self._bytes_max)
        try:
            if media.kind_of(raw[:MAGIC_BYTES]) != IMAGE:
                raise Refused("media_malformed")
            id = await self._uploads.spool(io.BytesIO(raw), room_pictures.begin)
            return self._root + await self._made(id)
        except Refused as refused:
            raise Refused(FAULTS.get(refused.code, refused.code), field="picture") from None

    async def let_go(self, url: str) -> None:
        """No room has it any more. Of an older kind of address, and of none: nothing."""
        if url.startswith(self._root):
            name = url.removeprefix(self._root)
            await self._sql.write(room_pictures.let_go, name, self._now_ms())

    async def _made(self, id: int) -> str:
        file = await until(lambda: self._sql.read(room_pictures.made, id), bool, PATIENCE_S)
        if not file:
            await self._sql.write(room_pictures.give_up, id, self._now_ms())
            raise Refused("media_busy")
        return file
