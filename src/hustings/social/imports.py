"""Importing one's own archive: kept until work has read it; its posts are claims, of the dates that it says, in nobody's home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, indexing, jobs, preferences, text
from hustings.social.archives import BYTES_MAX, Claimed
from hustings.social.lanes import IMPORTS
from hustings.social.posts import uri_of, written
from hustings.social.quoted import NOBODY
from hustings.social.visibility import OPEN
from hustings.store.posts import imports, post_tags, posts
from hustings.store.upsert import add_missing, add_once
from hustings.wire.errors import Refused

BATCH = 100
SHOWN_MAX = 10


@dataclass(frozen=True, slots=True)
class Import:
    """`fault`: the code of why it could not be read. `ended_at_ms` none: it waits, or is being read."""

    id: int
    taken: int
    passed: int
    fault: str | None
    ended_at_ms: int | None


def bring(connection: Connection, id: int, account: int, archive: bytes, now_ms: int) -> None:
    """Errors: `archive_too_large`, `archive_malformed` for an empty one, `import_under_way`, `work_full`, `not_let_in`."""
    accounts.check_may_speak(connection, account)
    if len(archive) > BYTES_MAX:
        raise Refused("archive_too_large", field="archive", bytes_max=BYTES_MAX)
    if not archive:
        raise Refused("archive_malformed", field="archive")
    going = sa.select(imports.c.id).where(
        imports.c.account == account, imports.c.ended_at_ms.is_(None)
    )
    if connection.execute(going).first() is not None:
        raise Refused("import_under_way", field="archive")
    row = {"id": id, "account": account, "archive": archive, "taken": 0, "passed": 0}
    connection.execute(imports.insert().values(**row))
    jobs.add(connection, IMPORTS, id, {"import": id}, now_ms)


def listed(connection: Connection, account: int) -> list[Import]:
    """The last one first."""
    columns = (imports.c[name] for name in ("id", "taken", "passed", "fault", "ended_at_ms"))
    asked = sa.select(*columns).where(imports.c.account == account)
    rows = connection.execute(asked.order_by(imports.c.id.desc()).limit(SHOWN_MAX))
    return [Import(*row) for row in rows]


def waiting(connection: Connection, id: int) -> tuple[int, bytes] | None:
    """Whose archive it is and what it says; None when it was read already."""
    asked = sa.select(imports.c.account, imports.c.archive).where(
        imports.c.id == id, imports.c.ended_at_ms.is_(None)
    )
    row = connection.execute(asked).first()
    return None if row is None else (row.account, bytes(row.archive))


def take_in(
    connection: Connection,
    account: int,
    batch: Sequence[Claimed],
    id_at: Callable[[int], int],
    web_url: str,
    now_ms: int,
) -> int:
    """Posts of the dates that they claim: how many are new. `id_at` makes an id of a moment. May be done again.

    Mentions in them are words: nobody is told of what is said to have been said years ago.
    """
    taken = 0
    may_quote = preferences.of(connection, account).quote_policy
    for claimed in batch:
        id = id_at(claimed.at_ms)
        row = {
            "id": id,
            "account": account,
            "uri": uri_of(web_url, id),
            "text": claimed.text,
            "spoiler": claimed.spoiler,
            "sensitive": claimed.sensitive,
            "language": claimed.language,
            "visibility": claimed.visibility,
            "quote_policy": may_quote if claimed.visibility in OPEN else NOBODY,
            "thread": id,
            "claimed_at_ms": claimed.at_ms,
            "imported_by": account,
            "imported_at_ms": now_ms,
            "origin": claimed.origin,
        }
        if not add_once(connection, posts, row):
            continue
        spans = text.parse(claimed.text, "")
        indexing.post(connection, id, account, claimed.text, claimed.spoiler, spans, False)
        tags = text.tagged(spans)
        add_missing(connection, post_tags, [{"tag": tag, "post": id} for tag in tags])
        written(connection, id, account)
        taken += 1
    return taken


def end(
    connection: Connection, id: int, taken: int, passed: int, fault: str | None, now_ms: int
) -> None:
    """It was read, or cannot be: the archive itself goes."""
    connection.execute(
        imports.update()
        .where(imports.c.id == id)
        .values(archive=None, taken=taken, passed=passed, fault=fault, ended_at_ms=now_ms)
    )
