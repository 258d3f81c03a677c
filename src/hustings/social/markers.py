"""How far somebody has read, for each of two timelines: another of his apps goes on there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.store.apps import markers

TIMELINES = ("home", "notifications")


@dataclass(frozen=True, slots=True)
class Marker:
    last_read: int
    version: int
    at_ms: int


def of(connection: Connection, account: int, timelines: Collection[str]) -> dict[str, Marker]:
    rows = connection.execute(
        sa.select(markers).where(markers.c.account == account, markers.c.timeline.in_(timelines))
    )
    return {row.timeline: Marker(row.last_read, row.version, row.at_ms) for row in rows}


def set(connection: Connection, account: int, timeline: str, last_read: int, now_ms: int) -> None:
    """The last one to say so is right, also when it is further up."""
    here = sa.and_(markers.c.account == account, markers.c.timeline == timeline)
    done = connection.execute(
        markers.update()
        .where(here)
        .values(last_read=last_read, version=markers.c.version + 1, at_ms=now_ms)
    )
    if done.rowcount == 0:
        connection.execute(
            markers.insert().values(
                account=account, timeline=timeline, last_read=last_read, version=1, at_ms=now_ms
            )
        )
