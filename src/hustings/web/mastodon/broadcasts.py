"""What happened, made into what each stream is sent: read once and written once, however many listen."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import audience, happenings, lists, notifications, quoted, shown
from hustings.social.happenings import DELETE, NOTIFICATION, Happening
from hustings.social.shown import Post
from hustings.social.visibility import PUBLIC
from hustings.store.posts import posts
from hustings.web.mastodon import status_entities
from hustings.web.mastodon.notifications import Entries, Told, told
from hustings.web.mastodon.status_entities import Around
from hustings.web.mastodon.streams import AT_ONCE_MAX, Message, Name, Stream, Streams
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

USER, NOTIFIED, LISTED = ("user",), ("user:notification",), "list"
SQUARE: tuple[Name, ...] = (("public:local",), ("public",))


@dataclass(frozen=True, slots=True)
class Heard:
    """A post, who hears of it at home and who in public, and in which lists. `open`: the same with what it quotes, for
    `trusted` alone."""

    around: Around
    home: set[int]
    seeing: set[int]
    lists: set[int]
    open: Around | None = None
    trusted: frozenset[int] = frozenset()


class Broadcasts:
    def __init__(self, parts: Parts, entries: Entries) -> None:
        self._sql, self._now_ms = parts.sql, parts.now_ms
        self._entries = entries

    def streams(self) -> Streams:
        return Streams(lambda: self._sql.read(happenings.last), self._poll, self._deliver)

    async def _poll(
        self, number: int, streams: Collection[Stream]
    ) -> tuple[list[Happening], set[int]]:
        return await self._sql.read(_news, number, {stream.token for stream in streams})

    async def _deliver(self, some: list[Happening], streams: Collection[Stream]) -> None:
        for one in some:
            if one.kind == NOTIFICATION:
                await self._notification(one, streams)
            elif one.kind == DELETE:
                await self._deletion(one, streams)
            else:
                await self._post(one, streams)

    async def _notification(self, one: Happening, streams: Collection[Stream]) -> None:
        ears = [stream for stream in streams if stream.account == one.account]
        if not ears:
            return
        found = await self._sql.read(_notified, one.account, one.about, self._now_ms())
        for tree in self._entries.all(found) if found else []:
            _send(ears, Message((NOTIFIED, USER), "notification", _text(tree)))

    async def _deletion(self, one: Happening, streams: Collection[Stream]) -> None:
        readers = {stream.account for stream in streams}
        home = await self._sql.read(audience.followers, one.account, readers)
        for stream in streams:
            names: list[Name] = [USER] if stream.account in home else []
            names += [name for name in stream.names if one.open and not name[0].startswith("user")]
            names += [(LISTED, id) for id in _lists([stream]) if stream.account in home]
            _send([stream], Message(tuple(names), one.kind, str(one.about)))

    async def _post(self, one: Happening, streams: Collection[Stream]) -> None:
        readers = {stream.account for stream in streams}
        asked = {int(id) for id in _lists(streams)}
        found = await self._sql.read(_heard, one.about, readers, asked, self._now_ms())
        if found is None:
            return
        post = found.around.posts[0]
        payload = _text(self._entries.statuses.all(found.around)[0])
        opened = _text(self._entries.statuses.all(found.open)[0]) if found.open else payload
        public = _public(post)
        for stream in streams:
            names: list[Name] = [USER] if stream.account in found.home else []
            names += public if stream.account in found.seeing else []
            names += [(LISTED, id) for id in _lists([stream]) if int(id) in found.lists]
            said = opened if stream.account in found.trusted else payload
            _send([stream], Message(tuple(names), one.kind, said))


def _send(streams: Collection[Stream], message: Message) -> None:
    for stream in streams:
        if stream.names.intersection(message.names):
            stream.put(message)


def _public(post: Post) -> list[Name]:
    """The streams of everybody that a post belongs to."""
    if post.visibility != PUBLIC or post.reblog is not None or post.claim is not None:
        return []
    alone = post.in_reply_to is None or post.in_reply_to_account == post.author.id
    tags = [(kind, tag) for tag in post.tags for kind in ("hashtag", "hashtag:local")]
    return [*(SQUARE if alone else ()), *tags]


def _news(
    connection: Connection, number: int, held: Collection[int]
) -> tuple[list[Happening], set[int]]:
    found = happenings.since(connection, number, AT_ONCE_MAX)
    return found, audience.still_good(connection, held)


def _lists(streams: Collection[Stream]) -> set[str]:
    """The ids of the lists that they hear; each is its stream's own."""
    return {name[1] for stream in streams for name in stream.names if name[0] == LISTED}


def _heard(
    connection: Connection,
    id: int,
    readers: Collection[int],
    asked: Collection[int],
    now_ms: int,
) -> Heard | None:
    """What stands around the post as nobody in particular sees it: nobody has done anything with a new post."""
    rows = list(connection.execute(sa.select(posts).where(posts.c.id == id)).mappings())
    made = shown.of_rows(connection, None, rows)
    if not made or made[0].deleted_at_ms is not None:
        return None
    home = audience.home(connection, id, readers, now_ms)
    seeing = audience.seeing(connection, id, readers, now_ms)
    inside = lists.holding_post(connection, id, asked, now_ms)
    heard = Heard(status_entities.around(connection, [_closed(made[0])]), home, seeing, inside)
    of = rows[0]["quote_of"] or _quote_of(connection, rows[0]["reblog_of"])
    trusted = audience.seeing(connection, of, home | seeing, now_ms) if of else set()
    if not trusted:
        return heard
    # those who may see what is quoted and want to are all shown the same
    opened = shown.of_rows(connection, None, rows, quotes_for=min(trusted))
    around = status_entities.around(connection, [_noted(one) for one in opened])
    return replace(heard, open=around, trusted=frozenset(trusted))


def _quote_of(connection: Connection, id: int | None) -> int | None:
    if id is None:
        return None
    return connection.execute(sa.select(posts.c.quote_of).where(posts.c.id == id)).scalar()


def _closed(post: Post) -> Post:
    """Without the words that it quotes, which are not for everybody who hears of it."""
    if post.reblog is not None:
        return replace(post, reblog=_closed(post.reblog))
    quote = None if post.quote is None else quoted.closed(post.quote)
    return _noted(replace(post, quote=quote, quoted=None))


def _noted(post: Post) -> Post:
    """Who hears of a post may quote it if everybody may: a block between him and its author, and he would not hear."""
    if post.reblog is not None:
        return replace(post, reblog=_noted(post.reblog))
    return replace(post, quotable=post.quote_policy == quoted.EVERYBODY)


def _notified(connection: Connection, account: int, id: int, now_ms: int) -> Told | None:
    try:
        found = notifications.one(connection, account, id, now_ms)
    except Refused:
        return None  # taken back meanwhile
    return told(connection, account, [found])


def _text(tree: object) -> str:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
