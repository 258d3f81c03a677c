"""The files below `published/media`: who has one, by its name, which is made of its content. The same file sent twice is one."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.store.media import attachments, portraits, room_pictures

COLUMNS = (
    attachments.c.file,
    attachments.c.preview,
    portraits.c.file,
    portraits.c.preview,
    room_pictures.c.file,
)


def columns_of(table: sa.Table) -> list[sa.Column[str]]:
    """Where a table names files."""
    return [column for column in COLUMNS if column.table is table]


def unheld(connection: Connection, names: Iterable[str]) -> list[str]:
    """Those that nobody has, no post, no account, no room."""
    return [name for name in sorted({*names} - {""}) if not _held(connection, name)]


def _held(connection: Connection, name: str) -> bool:
    return any(
        connection.execute(sa.select(column).where(column == name).limit(1)).first() is not None
        for column in COLUMNS
    )
