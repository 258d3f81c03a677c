"""Posts as a viewer sees them, read for a whole page at once: whose they are, whom they mention, how often they were taken up.

What the viewer may not see is simply not among them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.rooms.room import ON_AIR, REPLAY
from hustings.social import accounts, media, polls, quoted, stages, visibility
from hustings.social.accounts import Account
from hustings.social.ids import moment
from hustings.social.media import Attachment
from hustings.social.polls import Poll
from hustings.social.quoted import NOBODY, Bond
from hustings.store.bound import VIEWER
from hustings.store.posts import (
    bookmarks,
    favourites,
    pins,
    post_counts,
    post_mentions,
    post_tags,
    posts,
)
from hustings.store.questions import Question, among
from hustings.store.tables import rooms
from hustings.wire.errors import Refused

Row = Mapping[Any, Any]
"""Of `posts`, by column."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An imported post's date is what its importer says; `origin` is the address that he says it had, "" for none."""

    claimed_at_ms: int
    imported_at_ms: int
    by: Account | None
    origin: str


@dataclass(frozen=True, slots=True)
class Room:
    """A room that posts stand around. `on_air_since_ms` none: it never was on the air; `host`: the member who planned it."""

    plan: str
    key: str
    title: str
    picture: str
    picture_alt: str
    host_name: str
    state: str
    on_air_since_ms: int | None
    ended_at_ms: int | None
    host: int | None

    @property
    def plays(self) -> bool:
        """Whether there is something to hear now."""
        return self.state in (ON_AIR, REPLAY)


ROOM = (*(rooms.c[one.name] for one in fields(Room)[:-1]), stages.HOST)
"""Its columns, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class Mine:
    """What the viewer did with a post."""

    favourited: bool = False
    reblogged: bool = False
    bookmarked: bool = False
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """`reblog`: the original, in a repost, whose own text is empty. `deleted_at_ms`: a tombstone, which says nothing any more;
    `removed`: a moderator made it one. `quote`: how the viewer is shown what it quotes; `quoted`: that itself, where he may see
    it, and within it none again."""

    id: int
    author: Account
    uri: str
    text: str
    spoiler: str
    sensitive: bool
    language: str | None
    visibility: str
    in_reply_to: int | None
    in_reply_to_account: int | None
    thread: int
    edited_at_ms: int | None
    deleted_at_ms: int | None
    removed: bool
    claim: Claim | None
    room: Room | None
    reblog: Post | None
    mentions: tuple[Account, ...] = ()
    tags: tuple[str, ...] = ()
    replies: int = 0
    reblogs: int = 0
    favourites: int = 0
    mine: Mine = field(default=Mine())
    media: tuple[Attachment, ...] = ()
    poll: Poll | None = None
    quote: Bond | None = None
    quoted: Post | None = None
    quotes: int = 0
    quote_policy: str = NOBODY
    quotable: bool = False

    @property
    def at_ms(self) -> int:
        """When it was written, or, of a repost, reposted."""
        return moment(self.id)

    @property
    def by_host(self) -> bool:
        """Whether it stands beside its author's own room."""
        return self.room is not None and self.room.host == self.author.id

    @property
    def original(self) -> Post:
        return self.reblog or self


@dataclass(frozen=True, slots=True)
class Original:
    """Where somebody wants to do something with a post."""

    id: int
    account: int
    thread: int
    visibility: str


def original(connection: Connection, viewer: int | None, id: int) -> Original:
    """A post that the viewer may see; of a repost, what it reposts. Errors: `post_unknown`."""
    row = _original(viewer is None).first(connection, {"post": id, VIEWER.key: viewer})
    if row is None:
        raise Refused("post_unknown")
    *of_post, reblog_of = row
    if reblog_of is not None:
        return original(connection, viewer, reblog_of)
    return Original(*of_post)


@lru_cache
def _original(stranger: bool) -> Question:
    columns = (posts.c.id, posts.c.account, posts.c.thread, posts.c.visibility, posts.c.reblog_of)
    this: sa.BindParameter[int] = sa.bindparam("post", type_=sa.BigInteger)
    seen = visibility.may_see(None if stranger else VIEWER)
    return Question(sa.select(*columns).where(posts.c.id == this, seen))


def one(
    connection: Connection, viewer: int | None, id: int, tombstones: bool = False
) -> Post | None:
    """A post, or what is left of it, when the viewer may see that."""
    return next(iter(of_ids(connection, viewer, [id], tombstones)), None)


def needed(connection: Connection, viewer: int | None, id: int) -> Post:
    """A post that there is. Errors: `post_gone` when a tombstone is left, `post_unknown`."""
    found = one(connection, viewer, id, tombstones=True)
    if found is None:
        raise Refused("post_unknown")
    if found.deleted_at_ms is not None:
        raise Refused("post_gone", page="post_gone")
    return found


def of_ids(
    connection: Connection, viewer: int | None, ids: Collection[int], tombstones: bool = False
) -> list[Post]:
    """Those of the posts that the viewer may see, in the order of `ids`."""
    if not ids:
        return []
    asked = {"ids": list(ids), VIEWER.key: viewer}
    rows = _those(viewer is None, tombstones).trees(connection, asked)
    return of_rows(connection, viewer, _in_order(rows, ids))


def found(connection: Connection, viewer: int | None, ids: Sequence[int]) -> list[Post]:
    """Posts that a question of this transaction found the viewer to be allowed to see, in the order of `ids`."""
    if not ids:
        return []
    return of_rows(connection, viewer, _in_order(_rows(connection, ids), ids))


def whatever(connection: Connection, ids: Collection[int]) -> list[Post]:
    """As moderators read them, in the order of `ids`: whoever they were for, of suspended accounts and deleted ones too."""
    if not ids:
        return []
    return of_rows(connection, None, _in_order(_rows(connection, ids), ids), whoever=True)


def _in_order(rows: Iterable[Row], ids: Iterable[int]) -> list[Row]:
    found = {row["id"]: row for row in rows}
    return [found[id] for id in ids if id in found]


@lru_cache
def _those(stranger: bool, tombstones: bool) -> Question:
    seen = visibility.may_see(None if stranger else VIEWER, tombstones=tombstones)
    return Question(sa.select(posts).where(among(posts.c.id), seen))


def of_rows(
    connection: Connection,
    viewer: int | None,
    rows: Iterable[Row],
    quotes_for: int | None = None,
    whoever: bool = False,
) -> list[Post]:
    """Rows of `posts` that the viewer was found to be allowed to see, as posts, in their order. `quotes_for`: who is shown
    what they quote, where that is not the viewer himself. `whoever`: also of those who are not here."""
    wanted = list(rows)
    reposted = {row["reblog_of"] for row in wanted if row["reblog_of"] is not None}
    originals = _rows(connection, reposted)
    every = {row["id"]: row for row in (*wanted, *originals)}
    reader = viewer if quotes_for is None else quotes_for
    bonds = _bonds(connection, reader, every.values())
    inner = _rows(connection, {bond.quoted for bond in bonds.values() if bond.quoted is not None})
    bonds |= _bonds(connection, reader, inner)
    together = {**every, **{row["id"]: row for row in inner}}
    around = _Around(connection, viewer, together, bonds, whoever)
    said = {row["id"]: around.post(row) for row in inner if around.has(row)}
    made = {row["id"]: around.post(row, said=said) for row in originals if around.has(row)}
    return [around.post(row, made.get(row["reblog_of"]), said) for row in wanted if around.has(row)]


_ROWS = Question(sa.select(posts).where(among(posts.c.id)))


def _rows(connection: Connection, ids: Collection[int]) -> Sequence[Row]:
    if not ids:
        return []
    return _ROWS.trees(connection, {"ids": list(ids)})


def _bonds(connection: Connection, viewer: int | None, rows: Iterable[Row]) -> dict[int, Bond]:
    ids = [row["id"] for row in rows if row["quote_of"] is not None]
    return quoted.of_posts(connection, viewer, ids)


class _Around:
    """Everything that belongs to some posts, read in one go each."""

    def __init__(
        self,
        connection: Connection,
        viewer: int | None,
        rows: Mapping[int, Row],
        bonds: Mapping[int, Bond],
        whoever: bool,
    ) -> None:
        ids = list(rows)
        self._bonds = bonds
        self._quotable = quoted.quotable(connection, viewer, rows.values())
        self._counts = _by_post(connection, post_counts, ids)
        self._tags = _lists(connection, post_tags, post_tags.c.tag, ids)
        self._mentions = _lists(connection, post_mentions, post_mentions.c.account, ids)
        people = {row["account"] for row in rows.values()}
        people.update(row["imported_by"] for row in rows.values() if row["imported_by"])
        people.update(account for some in self._mentions.values() for account in some)
        self._people = accounts.of_ids(connection, people, whoever)
        self._rooms = _rooms(connection, {row["room"] for row in rows.values() if row["room"]})
        self._mine = _mine(connection, viewer, ids) if viewer is not None else {}
        self._media = media.of_posts(connection, ids)
        self._polls = polls.of_posts(connection, viewer, ids)

    def has(self, row: Row) -> bool:
        return row["account"] in self._people

    def _claim(self, row: Row) -> Claim | None:
        if row["claimed_at_ms"] is None:
            return None
        by = self._people.get(row["imported_by"])
        return Claim(row["claimed_at_ms"], row["imported_at_ms"], by, row["origin"] or "")

    def post(
        self,
        row: Row,
        reblog: Post | None = None,
        said: Mapping[int, Post] | None = None,
    ) -> Post:
        """`said`: the posts that may stand in it as quoted."""
        id = row["id"]
        bond = self._bonds.get(id)
        inner = said.get(bond.quoted) if said and bond and bond.quoted is not None else None
        counted = self._counts.get(id)
        mentioned = (self._people.get(account) for account in self._mentions.get(id, ()))
        return Post(
            id=id,
            author=self._people[row["account"]],
            uri=row["uri"],
            text=row["text"],
            spoiler=row["spoiler"],
            sensitive=row["sensitive"],
            language=row["language"],
            visibility=row["visibility"],
            in_reply_to=row["in_reply_to"],
            in_reply_to_account=row["in_reply_to_account"],
            thread=row["thread"],
            edited_at_ms=row["edited_at_ms"],
            deleted_at_ms=row["deleted_at_ms"],
            removed=row["deleted_by"] is not None,
            claim=self._claim(row),
            room=self._rooms.get(row["room"]),
            reblog=reblog,
            mentions=tuple(account for account in mentioned if account is not None),
            tags=tuple(self._tags.get(id, ())),
            replies=counted["replies"] if counted else 0,
            reblogs=counted["reblogs"] if counted else 0,
            favourites=counted["favourites"] if counted else 0,
            mine=self._mine.get(id, Mine()),
            media=self._media.get(id, ()),
            poll=self._polls.get(id),
            quote=bond,
            quoted=inner,
            quotes=counted["quotes"] if counted else 0,
            quote_policy=row["quote_policy"],
            quotable=id in self._quotable,
        )


def _by_post(connection: Connection, table: sa.Table, ids: list[int]) -> dict[int, Row]:
    return {row["post"]: row for row in _of_posts(table).trees(connection, {"ids": ids})}


def _lists(
    connection: Connection, table: sa.Table, column: sa.ColumnElement[Any], ids: list[int]
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for post, value in _of_posts(table, column).rows(connection, {"ids": ids}):
        found.setdefault(post, []).append(value)
    return found


@lru_cache
def _of_posts(table: sa.Table, column: sa.ColumnElement[Any] | None = None) -> Question:
    """Rows of a table about some posts, whole or one column in its order."""
    here = among(table.c.post)
    if column is None:
        return Question(sa.select(table).where(here))
    return Question(sa.select(table.c.post, column).where(here).order_by(column))


_ROOMS = Question(sa.select(*ROOM).where(among(rooms.c.plan), rooms.c.deleted_at_ms.is_(None)))


def _rooms(connection: Connection, plans: Collection[str]) -> dict[str, Room]:
    if not plans:
        return {}
    return {row[0]: Room(*row) for row in _ROOMS.rows(connection, {"ids": list(plans)})}


_MARKED = Question(
    sa.union_all(
        *(
            sa.select(sa.literal_column(f"'{name}'"), table.c.post).where(
                table.c.account == VIEWER, among(table.c.post)
            )
            for name, table in (
                ("favourited", favourites),
                ("bookmarked", bookmarks),
                ("pinned", pins),
            )
        ),
        sa.select(sa.literal_column("'reblogged'"), posts.c.reblog_of).where(
            among(posts.c.reblog_of), posts.c.account == VIEWER
        ),
    )
)
"""What the viewer did with which post, in one question."""


def _mine(connection: Connection, viewer: int, ids: list[int]) -> dict[int, Mine]:
    did: dict[int, dict[str, bool]] = {}
    for what, post in _MARKED.rows(connection, {"ids": ids, VIEWER.key: viewer}):
        did.setdefault(post, {})[what] = True
    return {post: Mine(**some) for post, some in did.items()}
