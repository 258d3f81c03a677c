"""The table on a profile: names and values, and which of its links are proven.

A link is proven when its page says, with `rel="me"`, that the profile is the same person's (https://microformats.org/wiki/rel-me).
Work asks the page (`work/links.py`), a little after each change; what was proven stays until the link is another, or its page
says so no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import jobs, names
from hustings.social.lanes import LINKS
from hustings.store.apps import preferences
from hustings.wire.errors import Refused

FIELDS_MAX, FIELD_MAX = 4, 255
SLOT_MS = 10_000
"""Changes within one are asked about together, when it is over: so often an account lets us ask."""
LINK = re.compile(r"https://[^\s<>\"'\\^`{|}]+")


@dataclass(frozen=True, slots=True)
class Field:
    """As it was typed. `verified_at_ms` none: not proven, or nothing that could be."""

    name: str
    value: str
    verified_at_ms: int | None = None

    @property
    def link(self) -> str:
        """The value when it is an https address and nothing else, else ""."""
        return self.value if LINK.fullmatch(self.value) else ""

    @property
    def row(self) -> list[str | int | None]:
        """As it is kept."""
        return [self.name, self.value, self.verified_at_ms]


Fields = tuple[Field, ...]


def read(given: object, before: Fields = ()) -> Fields:
    """A list of `{name, value}`, or the same under numbers; a link that was there before stays proven.

    Errors: `preference_malformed`, `bad_request`.
    """
    rows = list(given.values()) if isinstance(given, dict) else given
    if not isinstance(rows, list) or len(rows) > FIELDS_MAX:
        raise Refused("preference_malformed", field="fields_attributes")
    proven = {one.value: one.verified_at_ms for one in before if one.link}
    found = []
    for row in rows:
        if not isinstance(row, dict):
            raise Refused("preference_malformed", field="fields_attributes")
        name, value = (
            names.line(row.get(one), FIELD_MAX, "preference_malformed", "fields_attributes")
            for one in ("name", "value")
        )
        if name or value:
            found.append(Field(name, value, proven.get(value)))
    return tuple(found)


def of_rows(rows: list[list[str | int | None]]) -> Fields:
    """As `Field.row` made them; older ones have no third part."""
    return tuple(
        Field(str(row[0]), str(row[1]), int(row[2]) if len(row) > 2 and row[2] else None)
        for row in rows
    )


def ask(connection: Connection, id: int, account: int, fields: Fields, now_ms: int) -> None:
    """Work is to ask the pages that these name. A lane that is full asks nobody: the next change does."""
    if not any(one.link for one in fields):
        return
    slot = now_ms // SLOT_MS
    due_ms = (slot + 1) * SLOT_MS
    try:
        jobs.add(connection, LINKS, id, {"account": account}, now_ms, f"{account}/{slot}", due_ms)
    except Refused:
        return


def links(connection: Connection, account: int) -> list[str]:
    """Those that can be proven."""
    return list(dict.fromkeys(one.link for one in _of(connection, account) if one.link))


def prove(connection: Connection, account: int, said: Mapping[str, bool], now_ms: int) -> None:
    """What the pages said of the profile, by link; a page that could not be asked is not in it. Other fields stay."""
    before = _of(connection, account)
    after = tuple(_after(one, said, now_ms) for one in before)
    if after != before:
        there = preferences.update().where(preferences.c.account == account)
        connection.execute(there.values(fields=[one.row for one in after]))


def _after(one: Field, said: Mapping[str, bool], now_ms: int) -> Field:
    if not one.link or one.link not in said:
        return one
    return replace(one, verified_at_ms=(one.verified_at_ms or now_ms) if said[one.link] else None)


def _of(connection: Connection, account: int) -> Fields:
    asked = sa.select(preferences.c.fields).where(preferences.c.account == account)
    return of_rows(connection.execute(asked).scalar() or [])
