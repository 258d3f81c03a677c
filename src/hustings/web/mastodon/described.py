"""What an address of the API is to apps, said once above its function: who may ask, what it takes, what it answers.

It binds, and is not only written down: the scope that a token is held against is the one said here, and of a form or a query
nothing is read that is not named here. `web.openapi` makes the description for programs of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from fastapi import Request

F = TypeVar("F", bound=Callable[..., Any])
JSON, HTML = "application/json", "text/html"
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
ANYBODY, READER, APP, MEMBER = "anybody", "reader", "app", "member"
"""Who asks: no token is looked at; one may be there; one must be, be it the app's own; a member's must be."""
_SAID = "_described"


@dataclass(frozen=True)
class Described:
    """`answer`: its type, of `kind`, with each of `statuses`. `asks`: what may be in the query, `takes`: in the body, as
    `TypedDict`s, and `bodies` as what; `heads`: which headers are read. `scope` "": any will do."""

    answer: Any
    scope: str
    by: str
    asks: tuple[Any, ...]
    takes: Any
    bodies: tuple[str, ...]
    heads: tuple[str, ...]
    statuses: tuple[int, ...]
    kind: str

    @cached_property
    def asked(self) -> frozenset[str]:
        """The names in a query."""
        return frozenset(name for one in self.asks for name in one.__annotations__)

    @cached_property
    def taken(self) -> frozenset[str]:
        """The names in a body."""
        return frozenset(() if self.takes is None else self.takes.__annotations__)


def says(
    answer: Any,
    scope: str = "",
    *,
    by: str = MEMBER,
    asks: tuple[Any, ...] = (),
    takes: Any = None,
    bodies: tuple[str, ...] = (JSON, FORM),
    heads: tuple[str, ...] = (),
    statuses: tuple[int, ...] = (200,),
    kind: str = JSON,
) -> Callable[[F], F]:
    """Above a function that answers an address."""
    said = Described(answer, scope, by, asks, takes, bodies, heads, statuses, kind)

    def describe(function: F) -> F:
        setattr(function, _SAID, said)
        return function

    return describe


def of(function: Any) -> Described | None:
    """None: nobody describes it, a page of people's for example."""
    found: Described | None = getattr(function, _SAID, None)
    return found


def here(request: Request) -> Described:
    """Of the address that is asked. Errors: `LookupError` for one that nobody described."""
    found = of(request.scope["endpoint"])
    if found is None:
        raise LookupError(f"nobody describes {request.scope['path']}")
    return found
