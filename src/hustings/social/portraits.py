"""An account's own pictures: its avatar, and the wide header above its page. Sent, made anew by work, then shown everywhere.

A new one is loose until its account wants it, so that what is refused beside it (another picture, a name) changes nothing;
and one that is wanted before it is made is shown when it is. What is replaced is loose again, and goes after a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, jobs, media
from hustings.social.lanes import PICTURES
from hustings.social.media import FAILED, IMAGE, PROCESSING, READY, Made, kind_of
from hustings.store.media import portraits
from hustings.store.people import accounts as people
from hustings.wire.errors import Refused

AVATAR, HEADER = "avatar", "header"
_busy = portraits.c.state == PROCESSING
KINDS = (AVATAR, HEADER)
NONE = {
    AVATAR: {"avatar": "", "avatar_still": "", "avatar_alt": ""},
    HEADER: {"header": "", "header_alt": ""},
}


def check_picture(head: bytes, kind: str) -> None:
    """By its first `media.MAGIC_BYTES`. Errors: `media_malformed`, for a sound too."""
    try:
        is_picture = kind_of(head) == IMAGE
    except Refused:
        is_picture = False
    if not is_picture:
        raise Refused("media_malformed", field=kind)


def alt(value: object, kind: str) -> str:
    """What is seen on it, as it is kept. Errors: `bad_request`, `media_alt_too_long`."""
    return media.alt(value, f"{kind}_description")


def begin(connection: Connection, id: int, account: int, kind: str, now_ms: int) -> None:
    """One more, whose raw file lies in the spool under its id. Errors: `account_suspended`, `not_let_in`, `work_full`."""
    accounts.check_may_speak(connection, account)
    connection.execute(
        portraits.insert().values(
            id=id,
            account=account,
            kind=kind,
            state=PROCESSING,
            fault="",
            file="",
            preview="",
            made_at_ms=now_ms,
            loose_at_ms=now_ms,
        )
    )
    jobs.add(connection, PICTURES, id, {"portrait": id}, now_ms)


def busy(connection: Connection, account: int, id: int) -> bool:
    """Whether it is still being made. Errors: `media_unknown`, and why it failed."""
    return _waits(_own(connection, account, id))


def want(connection: Connection, account: int, id: int, now_ms: int) -> None:
    """From now on this is the account's, at once or when it is made; nothing is said of it yet. Errors: those of `busy`."""
    found = _own(connection, account, id)
    waits = _waits(found)
    describe(connection, account, found.kind, "")
    if waits:
        _loosen(connection, account, found.kind, now_ms, _busy)
        _end(connection, id, loose_at_ms=None)
    else:
        _show(connection, found, now_ms)


def describe(connection: Connection, account: int, kind: str, said: str) -> None:
    """What is seen on the one that is wanted."""
    _put(connection, account, {f"{kind}_alt": said})


def drop(connection: Connection, account: int, kind: str, now_ms: int) -> None:
    """The account wants none of this kind any more."""
    _loosen(connection, account, kind, now_ms)
    _put(connection, account, NONE[kind])


def kind_waiting(connection: Connection, id: int) -> str | None:
    """What is to be made of it; None when nothing is, or it is gone."""
    asked = sa.select(portraits.c.kind).where(portraits.c.id == id, _busy)
    return connection.execute(asked).scalar()


def finish(connection: Connection, id: int, made: Made) -> None:
    _end(connection, id, state=READY, file=made.file, preview=made.preview)
    found = connection.execute(sa.select(portraits).where(portraits.c.id == id)).first()
    if found is not None and found.loose_at_ms is None:
        _show(connection, found, found.made_at_ms)


def fail(connection: Connection, id: int, code: str) -> None:
    """What the account had before stays."""
    _end(connection, id, state=FAILED, fault=code, loose_at_ms=portraits.c.made_at_ms)


def sweep(connection: Connection, now_ms: int) -> list[str]:
    """As `media.sweep`."""
    return media.sweep_table(connection, portraits, now_ms)


def _own(connection: Connection, account: int, id: int) -> sa.Row[Any]:
    asked = sa.select(portraits).where(portraits.c.id == id, portraits.c.account == account)
    found = connection.execute(asked).first()
    if found is None:
        raise Refused("media_unknown")
    return found


def _waits(found: sa.Row[Any]) -> bool:
    """Whether it is still being made. Errors: why it failed."""
    if found.state == FAILED:
        raise Refused(found.fault, field=found.kind)
    return bool(found.state == PROCESSING)


def _show(connection: Connection, made: sa.Row[Any], now_ms: int) -> None:
    _loosen(connection, made.account, made.kind, now_ms)
    _end(connection, made.id, loose_at_ms=None)
    names = {"avatar": made.file, "avatar_still": made.preview}
    _put(connection, made.account, names if made.kind == AVATAR else {"header": made.file})


def _loosen(
    connection: Connection, account: int, kind: str, now_ms: int, *which: sa.ColumnElement[bool]
) -> None:
    """Those that the account wanted until now."""
    wanted = (portraits.c.account == account, portraits.c.loose_at_ms.is_(None))
    these = portraits.update().where(*wanted, portraits.c.kind == kind, *which)
    connection.execute(these.values(loose_at_ms=now_ms))


def _end(connection: Connection, id: int, **values: object) -> None:
    connection.execute(portraits.update().where(portraits.c.id == id).values(**values))


def _put(connection: Connection, account: int, values: Mapping[str, str]) -> None:
    connection.execute(people.update().where(people.c.id == account).values(**values))
