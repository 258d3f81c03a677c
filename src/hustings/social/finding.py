"""Finding by a whole name: an account by its handle or address, a post by its address, a tag as it is written.

Words in posts are another matter, and not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, shown, visibility
from hustings.social.accounts import Account
from hustings.social.paging import id_of
from hustings.social.shown import Post
from hustings.social.text import tag_key
from hustings.store.posts import post_tags, posts
from hustings.wire.errors import Refused

QUERY_MAX = 2_048


@dataclass(frozen=True, slots=True)
class Place:
    """Where we are: the web host's address, and what stands behind our handles."""

    web: str
    domain: str


def account(connection: Connection, asked: str, place: Place) -> Account | None:
    """`ada`, `@ada`, `@ada@our.example`, or either address of the account."""
    words = asked.strip()
    if len(words) > QUERY_MAX:
        return None
    if words.startswith(f"{place.web}/people/"):
        id = _id(words.removeprefix(f"{place.web}/people/"))
        return None if id is None else accounts.of_id(connection, id)
    if words.startswith(f"{place.web}/@"):
        words = words.removeprefix(f"{place.web}/@")
    handle, _, domain = words.removeprefix("acct:").removeprefix("@").partition("@")
    if domain and domain.lower() != place.domain.lower():
        return None
    return accounts.find(connection, handle[:64])


def post(connection: Connection, viewer: int | None, asked: str, place: Place) -> Post | None:
    """By either of its addresses."""
    words = asked.strip()
    if not words.startswith((f"{place.web}/posts/", f"{place.web}/@")):
        return None
    id = _id(words.rpartition("/")[2])
    return None if id is None else shown.one(connection, viewer, id)


def tag(connection: Connection, viewer: int | None, asked: str) -> str | None:
    """Its key, when a post that the viewer may see has it."""
    key = tag_key(asked.strip().removeprefix("#")[:200])
    if not key or not key.isprintable():
        return None
    has = (
        sa.select(posts.c.id)
        .join(post_tags, post_tags.c.post == posts.c.id)
        .where(post_tags.c.tag == key, visibility.may_see(viewer))
        .limit(1)
    )
    return key if connection.execute(has).first() is not None else None


def _id(text: str) -> int | None:
    try:
        return id_of(text)
    except Refused:
        return None
