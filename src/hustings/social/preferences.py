"""What a member sets through an app: how his posts are written unless they say otherwise, and more of his profile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import fields
from hustings.social.drafts import LANGUAGE
from hustings.social.fields import Fields
from hustings.social.quoted import EVERYBODY, POLICIES
from hustings.social.visibility import PUBLIC, VISIBILITIES
from hustings.store.apps import preferences
from hustings.store.questions import Question, among
from hustings.wire.errors import Refused

SWITCHES = ("sensitive", "bot", "discoverable", "role_shown")
CHOICES = (
    ("visibility", "privacy", VISIBILITIES),
    ("quote_policy", "quote_policy", POLICIES),
)
"""With the name that an app knows it by, and what it may be."""


@dataclass(frozen=True, slots=True)
class Preferences:
    visibility: str = PUBLIC
    sensitive: bool = False
    language: str | None = None
    bot: bool = False
    discoverable: bool = True
    fields: Fields = ()
    role_shown: bool = False
    quote_policy: str = EVERYBODY


def of(connection: Connection, account: int) -> Preferences:
    return of_ids(connection, [account])[account]


_THOSE = Question(sa.select(preferences).where(among(preferences.c.account)))


def of_ids(connection: Connection, ids: Collection[int]) -> dict[int, Preferences]:
    """Of each account; what nobody set is as it is for all."""
    known = {
        row["account"]: Preferences(
            row["visibility"],
            row["sensitive"],
            row["language"],
            row["bot"],
            row["discoverable"],
            fields.of_rows(row["fields"]),
            row["role_shown"],
            row["quote_policy"],
        )
        for row in _THOSE.trees(connection, {"ids": list(ids)})
    }
    return {id: known.get(id, Preferences()) for id in ids}


def keep(connection: Connection, account: int, wanted: Preferences) -> None:
    values = {
        "visibility": wanted.visibility,
        "sensitive": wanted.sensitive,
        "language": wanted.language,
        "bot": wanted.bot,
        "discoverable": wanted.discoverable,
        "fields": [one.row for one in wanted.fields],
        "role_shown": wanted.role_shown,
        "quote_policy": wanted.quote_policy,
    }
    mine = preferences.c.account == account
    done = connection.execute(preferences.update().where(mine).values(**values))
    if done.rowcount == 0:
        connection.execute(preferences.insert().values(account=account, **values))


def changed(before: Preferences, tree: dict[str, object]) -> Preferences:
    """With what a request names; the rest stays. Errors: `preference_malformed` with its `field`."""
    said: dict[str, Any] = {
        name: truth(tree[name], name) for name in SWITCHES if tree.get(name) is not None
    }
    for name, field, known in CHOICES:
        wish = tree.get(name)
        if wish is not None and wish not in known:
            raise Refused("preference_malformed", field=field)
        if wish is not None:
            said[name] = str(wish)
    if "language" in tree:
        language = tree["language"] or None
        if language is not None and not LANGUAGE.fullmatch(str(language)):
            raise Refused("preference_malformed", field="language")
        said["language"] = None if language is None else str(language)
    if "fields" in tree:
        said["fields"] = fields.read(tree["fields"], before.fields)
    return replace(before, **said)


def change(connection: Connection, account: int, tree: dict[str, object]) -> Preferences:
    """What a request names is kept, and the whole as it is then. Errors: `preference_malformed`."""
    before = of(connection, account)
    after = changed(before, tree)
    if after != before:
        keep(connection, account, after)
    return after


def truth(value: object, field: str) -> bool:
    """As forms and JSON say it. Errors: `preference_malformed`."""
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in ("true", "1", "on", "t", "yes"):
        return True
    if word in ("false", "0", "off", "f", "no", ""):
        return False
    raise Refused("preference_malformed", field=field)
