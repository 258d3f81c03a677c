"""Which part of a list is asked for: ids as borders, newest first (as Mastodon's `max_id`, `since_id`, `min_id`, `limit`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from hustings.wire.errors import Refused

T = TypeVar("T")
Shape = tuple[bool, bool, bool]
LIMIT, LIMIT_MAX = 20, 40
ID_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Page:
    """`max_id`: older than that; `since_id`: newer than that, the newest of them; `min_id`: the ones just above that."""

    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None
    limit: int = LIMIT

    @property
    def shape(self) -> Shape:
        """Which borders it has: all that a question built for many pages needs to know."""
        return self.max_id is not None, self.since_id is not None, self.min_id is not None

    @property
    def values(self) -> dict[str, int | None]:
        """What `of_shape` left open."""
        return {name: getattr(self, name) for name in ("max_id", "since_id", "min_id", "limit")}

    @property
    def upwards(self) -> bool:
        return self.min_id is not None

    def cut(self, question: sa.Select[Any], id: sa.ColumnElement[int]) -> sa.Select[Any]:
        """The question with its borders, order and limit; what `upwards` finds comes the oldest first."""
        for border in self.borders(id):
            question = question.where(border)
        return question.order_by(id.asc() if self.upwards else id.desc()).limit(self.limit)

    def newest_first(self, found: list[T]) -> list[T]:
        """What a question that was `cut` found, the right way round."""
        return found[::-1] if self.upwards else found

    def borders(self, id: sa.ColumnElement[int]) -> list[sa.ColumnElement[bool]]:
        above = self.min_id if self.min_id is not None else self.since_id
        found = [] if self.max_id is None else [id < self.max_id]
        return found if above is None else [*found, id > above]


def of_shape(shape: Shape) -> Page:
    """A page whose numbers come when the question is asked (`Page.values`): the question itself is built once."""
    open: dict[str, Any] = {
        name: sa.bindparam(name, type_=sa.BigInteger)
        for name, there in zip(("max_id", "since_id", "min_id"), shape, strict=True)
        if there
    }
    limit: Any = sa.bindparam("limit", type_=sa.Integer)
    return Page(**open, limit=limit)


def read(tree: Mapping[str, object], limit: int = LIMIT, most: int = LIMIT_MAX) -> Page:
    """A page from a query's fields; a limit past `most` is `most`. Errors: `bad_request` for what is no id and no number."""
    wanted = _number(tree, "limit")
    return Page(
        _number(tree, "max_id"),
        _number(tree, "since_id"),
        _number(tree, "min_id"),
        limit if wanted is None else max(1, min(wanted, most)),
    )


def id_of(text: object, code: str = "post_unknown") -> int:
    """An id from an address. Errors: `code` for what can be none."""
    digits = text if isinstance(text, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19 and int(digits) <= ID_MAX):
        raise Refused(code)
    return int(digits)


def _number(tree: Mapping[str, object], field: str) -> int | None:
    value = tree.get(field)
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 30):
        raise Refused("bad_request", field=field)
    return min(int(text), ID_MAX)
