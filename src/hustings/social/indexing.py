"""What is found by its words, kept in the transaction that writes it. `search` asks."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from hustings.social.text import Link, Mention, Span, Tag
from hustings.store import words
from hustings.store.media import AUDIO, IMAGE
from hustings.store.words import ACCOUNTS, MARK, POSTS

HAS = {"link": Link, "mention": Mention, "tag": Tag}
REPLY, WARNING = "reply", "warning"
MEDIA, POLL = "media", "poll"
HAS_KNOWN = (*HAS, REPLY, WARNING, MEDIA, IMAGE, AUDIO, POLL)
"""What `has:` may ask for."""


def post(
    connection: Connection,
    id: int,
    account: int,
    said: str,
    spoiler: str,
    spans: Iterable[Span],
    reply: bool,
    kinds: Iterable[str] = (),
    asks: bool = False,
) -> None:
    """`kinds`: of its pictures and sounds. `asks`: it has a poll."""
    parts, held = tuple(spans), sorted(set(kinds))
    marks = [by(account)]
    marks += [has(name) for name, kind in HAS.items() if any(isinstance(p, kind) for p in parts)]
    marks += [has(REPLY)] if reply else []
    marks += [has(WARNING)] if spoiler else []
    marks += [has(one) for one in (MEDIA, *held)] if held else []
    marks += [has(POLL)] if asks else []
    words.put(connection, POSTS, id, [*marks, *words.split(spoiler), *words.split(said)])


def forget_post(connection: Connection, id: int) -> None:
    words.drop(connection, POSTS, id)


def account(connection: Connection, id: int, handle: str, name: str) -> None:
    """The handle whole, too: `ada_l` is found by `ada_l`, by `ada` and by `l`."""
    words.put(connection, ACCOUNTS, id, [*words.split(handle), *words.split(name)])


def forget_account(connection: Connection, id: int) -> None:
    words.drop(connection, ACCOUNTS, id)


def by(account: int) -> str:
    """The mark of who wrote it: asked for in the index itself, so that a rare author of a common word is found."""
    return f"{MARK}by{account}"


def has(what: str) -> str:
    return f"{MARK}{what}"
