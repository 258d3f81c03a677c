"""The pictures of rooms: sent with a plan, made anew by work. Each belongs to one room, until that lets it go.

The same picture sent for two rooms is one file and two rows: whichever lets go first takes one of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import jobs, media
from hustings.social.lanes import PICTURES
from hustings.social.media import FAILED, PROCESSING, READY, Made
from hustings.store.media import room_pictures
from hustings.wire.errors import Refused

ROOM = "room"
"""Its kind, for whoever makes it."""
_busy = room_pictures.c.state == PROCESSING


def begin(connection: Connection, id: int, now_ms: int) -> None:
    """One more, whose raw file lies in the spool under its id. Errors: `work_full`."""
    row = {"id": id, "state": PROCESSING, "fault": "", "file": "", "made_at_ms": now_ms}
    connection.execute(room_pictures.insert().values(row))
    jobs.add(connection, PICTURES, id, {"room_picture": id}, now_ms)


def made(connection: Connection, id: int) -> str:
    """Its name below `published/media`, "" while it is being made. Errors: `media_unknown`, and why it failed."""
    asked = sa.select(room_pictures).where(room_pictures.c.id == id)
    found = connection.execute(asked).first()
    if found is None:
        raise Refused("media_unknown", field="picture")
    if found.state == FAILED:
        raise Refused(found.fault, field="picture")
    return str(found.file)


def give_up(connection: Connection, id: int, now_ms: int) -> None:
    """Nobody waits for it any more."""
    _end(connection, id, loose_at_ms=now_ms)


def let_go(connection: Connection, file: str, now_ms: int) -> None:
    """A room has another one, or is gone."""
    asked = sa.select(room_pictures.c.id).where(
        room_pictures.c.file == file, room_pictures.c.loose_at_ms.is_(None)
    )
    one = connection.execute(asked.limit(1)).scalar()
    if one is not None:
        give_up(connection, one, now_ms)


def kind_waiting(connection: Connection, id: int) -> str | None:
    """What is to be made of it; None when nothing is, or it is gone."""
    asked = sa.select(room_pictures.c.id).where(room_pictures.c.id == id, _busy)
    return None if connection.execute(asked).first() is None else ROOM


def finish(connection: Connection, id: int, made: Made) -> None:
    _end(connection, id, state=READY, file=made.file)


def fail(connection: Connection, id: int, code: str) -> None:
    _end(connection, id, state=FAILED, fault=code, loose_at_ms=room_pictures.c.made_at_ms)


def sweep(connection: Connection, now_ms: int) -> list[str]:
    """As `media.sweep`."""
    return media.sweep_table(connection, room_pictures, now_ms)


def _end(connection: Connection, id: int, **values: object) -> None:
    connection.execute(room_pictures.update().where(room_pictures.c.id == id).values(**values))
