"""What is done in the lanes `pictures` and `sounds`: a raw file from the spool is made anew by a child with limits, and what
comes out is published under a name made of its content.

A worker that dies begins anew: the same file gets the same name.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from hustings.settings import Settings
from hustings.social import media, portraits, room_pictures
from hustings.social.jobs import Job
from hustings.social.lanes import PICTURES, SOUNDS, Lane
from hustings.social.media import AUDIO, IMAGE, Made
from hustings.social.portraits import AVATAR, HEADER
from hustings.social.room_pictures import ROOM
from hustings.work import child
from hustings.work.child import Bounds, Broke, TooHard
from hustings.work.ledger import Ledger
from hustings.work.runner import NotNow

ENDINGS = {AUDIO: (".m4a",)}
PICTURE_ENDINGS = (".jpg", ".webp")
FAULTS = ("media_malformed", "media_too_large", "media_too_long", "media_too_hard")
MODULE = "hustings.work.making.one"
SAID_MAX = 4_096
NAME = re.compile(r"[a-z]{1,16}\.[a-z0-9]{3,4}")
BLURHASH = re.compile(r"[0-9A-Za-z#$%*+,.:;=?@\[\]^_{|}~-]{6,64}")
SPOOL_NAME = re.compile(r"[0-9]{1,19}(\.made)?")


_OF_PICTURES = Bounds(1_500_000_000, 25, 50.0)
BOUNDS = {
    IMAGE: _OF_PICTURES,
    AVATAR: _OF_PICTURES,
    HEADER: _OF_PICTURES,
    ROOM: _OF_PICTURES,
    AUDIO: Bounds(1_500_000_000, 400, 800.0),
}


class Shelf(Protocol):
    """Where it is written down what came of a file: `social.media` and its like."""

    def kind_waiting(self, connection: Connection, id: int) -> str | None: ...
    def finish(self, connection: Connection, id: int, made: Made) -> None: ...
    def fail(self, connection: Connection, id: int, code: str) -> None: ...
    def sweep(self, connection: Connection, now_ms: int) -> list[str]: ...


SHELVES: Mapping[str, Shelf] = {
    "media": media,
    "portrait": portraits,
    "room_picture": room_pictures,
}
"""By the name under which a job says the id."""


class Making:
    """`await making(job)`. Errors: `NotNow`; what is the file's own fault is written down, and is none of the job's."""

    def __init__(
        self, settings: Settings, ledger: Ledger, bounds: Mapping[str, Bounds] = BOUNDS
    ) -> None:
        self._spool = settings.spool_dir
        self._published = settings.media_dir
        self._pixels_max = settings.media.picture_pixels_max
        self._longest_ms = settings.media.sound_minutes_max * 60_000
        self._ledger = ledger
        self._bounds = bounds
        self._turn = asyncio.Lock()
        """Held while files are published or thrown away: nobody deletes what another just found to be there already."""

    async def __call__(self, job: Job) -> None:
        ((name, id),) = job.body.items()
        shelf = SHELVES[name]
        raw, folder = self._spool / str(id), self._spool / f"{id}.made"
        kind = await self._ledger.read(lambda c: shelf.kind_waiting(c, id))
        try:
            if kind is not None:
                await self._one(shelf, id, kind, raw, folder)
        except OSError as error:
            if kind is not None and job.takes >= _lane(kind).takes_max:
                await self._ledger.write(lambda c: shelf.fail(c, id, "media_failed"))
            raise NotNow(f"no file could be written: {error.strerror}") from None
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, True)
        raw.unlink(missing_ok=True)

    async def sweep(self, now_ms: int) -> None:
        """Throws away what nobody wanted for a day, and raw files that nobody waits for any more."""
        for shelf in SHELVES.values():
            async with self._turn:
                for name in await self._ledger.write(lambda c: shelf.sweep(c, now_ms)):  # noqa: B023
                    (self._published / name).unlink(missing_ok=True)
        for path in self._spool.glob("*"):
            named = SPOOL_NAME.fullmatch(path.name)
            id = int(path.name.partition(".")[0]) if named else -1
            if named and (id >> 16) < now_ms - media.LOOSE_MS:
                shutil.rmtree(path, True) if path.is_dir() else path.unlink(missing_ok=True)

    async def _one(self, shelf: Shelf, id: int, kind: str, raw: Path, folder: Path) -> None:
        if not raw.exists():
            await self._ledger.write(lambda c: shelf.fail(c, id, "media_failed"))
            return
        await asyncio.to_thread(shutil.rmtree, folder, True)
        folder.mkdir(mode=0o700)
        said = await self._child(kind, raw, folder)
        fault = str(said.get("fault", ""))
        if fault:
            code = fault if fault in FAULTS else "media_failed"
            await self._ledger.write(lambda c: shelf.fail(c, id, code))
            return
        async with self._turn:
            try:
                made = await asyncio.to_thread(self._publish, kind, folder, said)
            except (KeyError, TypeError, ValueError):  # no child of ours says that
                await self._ledger.write(lambda c: shelf.fail(c, id, "media_failed"))
                return
            await self._ledger.write(lambda c: shelf.finish(c, id, made))

    async def _child(self, kind: str, raw: Path, folder: Path) -> dict[str, Any]:
        """What the child says. One that is killed, by its limits or by our patience, was given too hard a file."""
        bounds = self._bounds[kind]
        wanted = {
            "kind": kind,
            "raw": str(raw),
            "folder": str(folder),
            "format": await asyncio.to_thread(_format, raw) if kind == AUDIO else "",
            "most": self._longest_ms if kind == AUDIO else self._pixels_max,
            "memory_bytes": bounds.memory_bytes,
            "cpu_s": bounds.cpu_s,
        }
        said = json.dumps(wanted).encode()
        try:
            out = await child.ask(MODULE, said, bounds.wall_s, SAID_MAX)
        except TooHard:
            return {"fault": "media_too_hard"}
        except Broke:
            return {"fault": "media_malformed"}
        try:
            made = json.loads(out)
        except ValueError:
            return {"fault": "media_malformed"}
        return made if isinstance(made, dict) else {"fault": "media_malformed"}

    def _publish(self, kind: str, folder: Path, said: Mapping[str, Any]) -> Made:
        """Nothing that the child says is believed but sizes: a name gets one of our own endings."""
        file = self._object(kind, folder, str(said["file"]))
        same = kind == AUDIO or said["preview"] == said["file"]
        preview = file if same else self._object(kind, folder, str(said["preview"]))
        letters = said.get("blurhash")
        good = isinstance(letters, str) and BLURHASH.fullmatch(letters) is not None
        return Made(
            file=file,
            preview="" if kind == AUDIO else preview,
            size=_size(said.get("size")),
            preview_size=_size(said.get("preview_size")),
            blurhash=letters if good else None,
            duration_ms=int(said["duration_ms"]) if kind == AUDIO else None,
        )

    def _object(self, kind: str, folder: Path, named: str) -> str:
        """Puts a file of the child's at its immutable address: its name below `published/media`. Errors: `OSError`."""
        made = folder / named
        if (
            not NAME.fullmatch(named)
            or made.suffix not in ENDINGS.get(kind, PICTURE_ENDINGS)
            or made.is_symlink()
        ):
            raise ValueError("a name that no child of ours gives")
        with made.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:40]
            os.fsync(file.fileno())
        name = f"{digest[:2]}/{digest[2:]}{made.suffix}"
        place = self._published / name
        place.parent.mkdir(parents=True, exist_ok=True)
        made.chmod(0o644)
        made.replace(place)
        return name


def _lane(kind: str) -> Lane:
    return SOUNDS if kind == AUDIO else PICTURES


def _format(raw: Path) -> str:
    with raw.open("rb") as file:
        return media.sound_format(file.read(media.MAGIC_BYTES))


def _size(value: object) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    width, height = int(value[0]), int(value[1])
    return (width, height) if 0 < width < 1 << 16 and 0 < height < 1 << 16 else None
