"""An answer held against the entities that Mastodon.py declares: every field there, of its type, none null that may not be."""

from __future__ import annotations

import types
import typing
from datetime import datetime
from typing import Any

import mastodon.return_types as declared
from mastodon.types_base import MaybeSnowflakeIdType

NEWER = {
    "Account": {"show_media", "show_media_replies", "show_featured", "feature_approval"},
    "Role": {"collection_limit"},
    "Status": {"tagged_collections"},
    "SearchV2": {"collections"},
    "InstanceAccountConfiguration": {
        "max_avatar_description_length",
        "max_header_description_length",
    },
}
"""Of Mastodon 4.6 and later, which we do not say we are."""


ABSENT = frozenset(
    (
        "Application.vapid_key",
        "InstanceV2.configuration.vapid",
    )
)
"""What is not here yet, push, and is therefore not announced."""


def faults(kind: str, tree: Any, but: frozenset[str] = ABSENT) -> list[str]:
    """What is wrong with `tree` as a `kind`. `but` names fields that are known to be absent."""
    return list(_faults(getattr(declared, kind), tree, kind, but))


def _faults(kind: Any, tree: Any, at: str, but: frozenset[str]) -> typing.Iterator[str]:
    if not isinstance(tree, dict):
        yield f"{at} is no object: {tree!r}"
        return
    hints = typing.get_type_hints(kind, vars(declared))
    for name, wanted in hints.items():
        if name.startswith("_") or name in NEWER.get(kind.__name__, ()) or f"{at}.{name}" in but:
            continue
        yield from _value(wanted, tree, name, f"{at}.{name}", but)


def _value(wanted: Any, tree: dict[str, Any], name: str, at: str, but: frozenset[str]) -> Any:
    options = (
        typing.get_args(wanted)
        if typing.get_origin(wanted) in (typing.Union, types.UnionType)
        else (wanted,)
    )
    value = tree.get(name)
    if value is None:
        if type(None) not in options:
            yield f"{at} is missing" if name not in tree else f"{at} is null"
        return
    tried = [list(_one(option, value, at, but)) for option in options if option is not type(None)]
    if all(tried):
        yield from min(tried, key=len)


def _one(wanted: Any, value: Any, at: str, but: frozenset[str]) -> typing.Iterator[str]:
    origin = typing.get_origin(wanted) or wanted
    if wanted is Any:
        return
    if isinstance(origin, type) and issubclass(origin, list):
        if not isinstance(value, list):
            yield f"{at} is no list: {value!r}"
            return
        for inner in typing.get_args(wanted):
            for number, one in enumerate(value):
                yield from _one(inner, one, f"{at}[{number}]", but)
    elif isinstance(origin, type) and issubclass(origin, declared.AttribAccessDict):
        yield from (
            _faults(origin, value, at, but) if origin is not declared.AttribAccessDict else ()
        )
    elif wanted is datetime:
        try:
            datetime.fromisoformat(value)
        except (TypeError, ValueError):
            yield f"{at} is no time: {value!r}"
    elif wanted is MaybeSnowflakeIdType or "IdType" in str(wanted):
        if not isinstance(value, str):
            yield f"{at} is an id and no text: {value!r}"
    elif isinstance(origin, type) and (
        not isinstance(value, origin) or (origin is int and isinstance(value, bool))
    ):
        yield f"{at} is no {origin.__name__}: {value!r}"
